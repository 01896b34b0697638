"""`snn-control eval MODEL`: comparison of a controller with the PID on the same seeds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from snn_control.cli.episode_options import SeededOptions
from snn_control.cli.options import Folder, JsonOption, Model
from snn_control.cli.progress import steps
from snn_control.cli.result import Result
from snn_control.controllers import load
from snn_control.report.metric_names import metric_name, spread
from snn_control.training.comparison import EFFORT, compared_metrics, mean_row
from snn_control.training.evaluate import Evaluation, write_evaluation
from snn_control.training.model_name import load_named
from snn_control.training.statistics import half_width, paired_ratio


@dataclass(frozen=True, kw_only=True)
class Args(SeededOptions, JsonOption):
    """Compare a controller with the two-tap PID on the same seeds; ratios are of the means.

    There is no comparison if the controller is the PID, or if the PID does not fit the
    environment.

    Example: snn-control eval blimp-altitude --presets clean missed leak --episodes 20
    """

    model: Model
    """Name of a shipped model, a run folder or a model file."""
    out: Folder = None
    """Run folder to write `eval/` and, for the first preset, `traces/` to."""


def run(args: Args) -> Result:
    """Evaluate and compare."""
    name = Path(args.model).stem
    controllers = {name: load_named(args.model)}
    if name != "pid" and args.fits(pid := load("pid"), controllers[name]):
        controllers["pid"] = pid
    rows: list[dict[str, Any]] = []
    for preset in args.presets:
        evaluations = args.evaluate_all(controllers, preset, steps(quiet=args.json))
        for evaluation in evaluations if args.out else ():
            assert args.out is not None
            write_evaluation(
                evaluation,
                args.out,
                controllers[evaluation.controller],
                trace=preset == args.presets[0],
            )
        mine, *others = evaluations
        for metric in compared_metrics(mine):
            row = _compared(metric, mine, others[0]) if others else mean_row(metric, mine)
            rows.append(row)
        rows += [mean_row(metric, mine) for metric in EFFORT if metric in mine.episodes[0].metrics]
    data = {"model": name, "episodes": args.episodes, "rows": rows}
    return Result(data | args.injected())


def _compared(metric: str, evaluation: Evaluation, pid: Evaluation) -> dict[str, Any]:
    mine, theirs = evaluation.values(metric), pid.values(metric)
    ratio, ratio_ci95 = paired_ratio(mine, theirs)
    return mean_row(metric, evaluation) | {
        "pid": float(theirs.mean()),
        "pid_ci95": half_width(theirs),
        "ratio": ratio,
        "ratio_ci95": ratio_ci95,
    }


def show(result: Result, console: Console) -> None:
    """Print one table."""
    rows = result.data["rows"]
    beside_pid = any("pid" in row for row in rows)
    title = f"{result.data['model']}, {result.data['episodes']} episodes per preset"
    if "faults" in result.data:
        title += f", faults {result.data['faults']}"
    table = Table(title=title)
    for column in ("preset", "metric"):
        table.add_column(column)
    for column in ("mean ± 95 %", *(("PID ± 95 %", "ratio ± 95 %") if beside_pid else ())):
        table.add_column(column, justify="right")
    for row in rows:
        name = metric_name(row["metric"])
        cells = [row["preset"], name.in_unit, spread(row["mean"], row["ci95"], name.scale)]
        if "pid" in row:
            cells.append(spread(row["pid"], row["pid_ci95"], name.scale))
            cells.append(spread(row["ratio"], row["ratio_ci95"]))
        table.add_row(*cells)
    console.print(table)
