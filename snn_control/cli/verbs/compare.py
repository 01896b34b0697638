"""`snn-control compare A B ...`: comparison of controllers on the same seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from snn_control.cli.episode_options import SeededOptions
from snn_control.cli.options import JsonOption, Models, Text
from snn_control.cli.progress import steps
from snn_control.cli.result import Result, WrongUseError
from snn_control.controllers import Controller
from snn_control.errors import UnknownNameError
from snn_control.report.metric_names import metric_name, number, spread
from snn_control.training.comparison import (
    compare_rows,
    compared_metrics,
    load_all,
    member_rows,
    members_of,
)


@dataclass(frozen=True, kw_only=True)
class Args(SeededOptions, JsonOption):
    """Compare two or more controllers on the same seeds; print metrics and ratios.

    Of runs with several members (`evolve --seeds`) all members are compared by a rank test as well.
    A ratio divides the mean of a controller by that of the first, or of --against. All intervals
    are 95 % confidence intervals; those of ratios are paired by seed.

    Example: snn-control compare pid blimp-altitude runs/first --presets clean missed
    """

    models: Models
    """Models, `pid`, run folders or model files, two or more; X-twin is the int8 twin of X."""
    against: Text = ""
    """Controller that the ratios refer to; default: the first."""


def run(args: Args) -> Result:
    """Evaluate and compare."""
    if len(args.models) < 2:
        raise WrongUseError(
            f"{len(args.models)} controllers; name two or more, see `snn-control list models`"
        )
    controllers = load_all(args.models)
    against = args.against or next(iter(controllers))
    if against not in controllers:
        raise UnknownNameError("controller to compare with", against, controllers)
    rows: list[dict[str, Any]] = []
    for preset in args.presets:
        evaluations = args.evaluate_all(controllers, preset, steps(quiet=args.json))
        rows += compare_rows(evaluations, against)
    data = {"against": against, "episodes": args.episodes, "rows": rows}
    members = members_of(args.models)
    return Result(data | {"members": _member_rows(args, members)} if len(members) > 1 else data)


def _member_rows(args: Args, members: Mapping[str, Sequence[Controller]]) -> list[dict[str, Any]]:
    """Evaluate all members of each run on the first preset."""
    values: dict[str, dict[str, Any]] = {}
    for run, controllers in members.items():
        named = {f"{run}/{k}": controller for k, controller in enumerate(controllers)}
        evaluations = args.evaluate_all(named, args.presets[0], steps(quiet=args.json))
        values[run] = {
            metric: np.array([evaluation.values(metric).mean() for evaluation in evaluations])
            for metric in compared_metrics(evaluations[0])
        }
    return member_rows(values)


def show(result: Result, console: Console) -> None:
    """Print one table."""
    against = result.data["against"]
    table = Table(title=f"{result.data['episodes']} episodes per preset, the same for all")
    for column in ("preset", "metric", "controller"):
        table.add_column(column)
    for column in ("mean ± 95 %", f"ratio to {against} ± 95 %"):
        table.add_column(column, justify="right")
    last = None
    for row in result.data["rows"]:
        group = (row["preset"], row["metric"])
        name = metric_name(row["metric"])
        mean = spread(row["mean"], row["ci95"], name.scale)
        ratio = spread(row["ratio"], row["ratio_ci95"]) if "ratio" in row else ""
        head = ("", "") if group == last else (row["preset"], name.in_unit)
        table.add_row(*head, row["controller"], mean, ratio)
        last = group
    console.print(table)
    if "members" in result.data:
        console.print(_members_table(result.data["members"]))


def _members_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(title=f"Members, rank test against {rows[0]['run']}")
    for column in ("metric", "run"):
        table.add_column(column)
    for column in ("members", "median", "quartiles", "p"):
        table.add_column(column, justify="right")
    for row in rows:
        name = metric_name(row["metric"])
        median, low, high = (number(name.scale * row[k]) for k in ("median", "low", "high"))
        p_value = number(row["p_value"]) if "p_value" in row else ""
        table.add_row(
            name.in_unit, row["run"], str(row["members"]), median, f"{low} to {high}", p_value
        )
    return table
