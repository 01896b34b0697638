"""`snn-control compare A B ...`: comparison of controllers on the same seeds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from snn_control.cli.episode_options import SeededOptions
from snn_control.cli.options import JsonOption, Models, Text
from snn_control.cli.progress import steps
from snn_control.cli.result import Result, WrongUseError
from snn_control.errors import UnknownNameError
from snn_control.report.metric_names import metric_name, spread
from snn_control.training.comparison import compare_rows, load_all


@dataclass(frozen=True, kw_only=True)
class Args(SeededOptions, JsonOption):
    """Compare two or more controllers on the same seeds; print metrics and ratios.

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
    return Result({"against": against, "episodes": args.episodes, "rows": rows})


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
