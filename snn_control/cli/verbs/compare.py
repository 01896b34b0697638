"""`snn-control compare A B ...`: controllers on the same seeds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import tyro
from rich.console import Console
from rich.table import Table

from snn_control.cli.flight_options import SeededOptions
from snn_control.cli.result import JsonOption, Result, WrongUseError
from snn_control.errors import UnknownNameError
from snn_control.report.metric_names import metric_name, spread
from snn_control.training.comparison import compare_rows, load_all


@dataclass(frozen=True, kw_only=True)
class Args(SeededOptions, JsonOption):
    """Fly two or more controllers through the same episodes and print metrics and ratios.

    Intervals are 95 %. A ratio is that of the means, paired by seed, to the first controller.

    Example: snn-control compare pid blimp-altitude runs/first --presets clean missed
    """

    models: tyro.conf.Positional[tuple[str, ...]]
    """Names of models, `pid`, run folders or model files, two or more; X-twin is the int8 twin
    of X."""
    against: str = ""
    """Which of them the ratios refer to; default: the first."""


def run(args: Args) -> Result:
    """Fly and compare."""
    if len(args.models) < 2:
        raise WrongUseError("name two or more controllers; `snn-control list models` has some")
    controllers = load_all(args.models)
    against = args.against or next(iter(controllers))
    if against not in controllers:
        raise UnknownNameError("controller to compare with", against, controllers)
    rows: list[dict[str, Any]] = []
    for preset in args.presets:
        rows += compare_rows(args.fly(controllers, preset), against)
    return Result({"against": against, "episodes": args.episodes, "rows": rows})


def show(result: Result, console: Console) -> None:
    """Print one table."""
    against = result.data["against"]
    table = Table(title=f"{result.data['episodes']} episodes a preset, the same for all")
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
