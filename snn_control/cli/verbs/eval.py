"""`snn-control eval MODEL`: fly a controller beside the PID on the same seeds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tyro
from rich.console import Console
from rich.table import Table

from snn_control.cli.result import JsonOption, Result
from snn_control.controllers import load
from snn_control.training.evaluate import Evaluation, evaluate, half_width, write_evaluation

COMPARED = ("hold_rmse_m", "steady_state_error_m", "overshoot_m", "rmse_m")


@dataclass(frozen=True, kw_only=True)
class Args(JsonOption):
    """Fly a controller beside the two-tap PID on the same seeds; ratios are of the means.

    Example: snn-control eval blimp-altitude --presets clean missed leak --episodes 20
    """

    model: tyro.conf.Positional[str]
    """Name of a shipped model, a run folder or a model file."""
    presets: tuple[str, ...] = ("default",)
    """Presets of the environment."""
    episodes: int = 20
    """Seeded episodes for each preset."""
    first_seed: int = 10_000
    """First seed; training never uses these."""
    duration_s: float = 300.0
    """Length of an episode in s."""
    out: Path | None = None
    """Folder (a run) that takes `eval/` and `traces/`."""


def run(args: Args) -> Result:
    """Fly and compare."""
    name = Path(args.model).stem
    seeds = range(args.first_seed, args.first_seed + args.episodes)
    rows: list[dict[str, Any]] = []
    for preset in args.presets:
        flown: dict[str, Evaluation] = {}
        for label, source in ((name, args.model), ("pid", "pid")):
            controller = load(source)
            flown[label] = evaluate(
                controller, label, seeds=seeds, preset=preset, duration_s=args.duration_s
            )
            if args.out:
                write_evaluation(flown[label], args.out, controller)
        rows += [_compared(metric, preset, flown[name], flown["pid"]) for metric in COMPARED]
        rows += [
            _row(metric, preset, flown[name])
            for metric in ("spikes_per_s", "synaptic_ops_per_s")
            if metric in flown[name].episodes[0].metrics
        ]
    return Result({"model": name, "episodes": args.episodes, "rows": rows})


def _row(metric: str, preset: str, flown: Evaluation) -> dict[str, Any]:
    values = flown.values(metric)
    return {
        "preset": preset,
        "metric": metric,
        "mean": float(values.mean()),
        "ci95": half_width(values),
    }


def _compared(metric: str, preset: str, flown: Evaluation, pid: Evaluation) -> dict[str, Any]:
    mine, theirs = flown.values(metric), pid.values(metric)
    ratio = float(mine.mean() / theirs.mean())
    return _row(metric, preset, flown) | {
        "pid": float(theirs.mean()),
        "pid_ci95": half_width(theirs),
        "ratio": ratio,
        "ratio_ci95": ratio_half_width(mine, theirs),
    }


def ratio_half_width(mine: np.ndarray, theirs: np.ndarray) -> float:
    """Half width of the 95 % interval of the ratio of means on paired seeds (delta method)."""
    ratio = mine.mean() / theirs.mean()
    return half_width((mine - ratio * theirs) / theirs.mean())


def show(result: Result, console: Console) -> None:
    """Print one table."""
    table = Table(title=f"{result.data['model']}, {result.data['episodes']} episodes a preset")
    for column in ("preset", "metric", "mean ± 95 %", "PID ± 95 %", "ratio ± 95 %"):
        table.add_column(column, justify="left" if column in ("preset", "metric") else "right")
    for row in result.data["rows"]:
        scale = 100 if row["metric"].endswith("_m") else 1
        metric = row["metric"].replace("_m", "_cm") if scale == 100 else row["metric"]
        cells = [f"{scale * row['mean']:.2f} ± {scale * row['ci95']:.2f}", "", ""]
        if "pid" in row:
            cells[1] = f"{scale * row['pid']:.2f} ± {scale * row['pid_ci95']:.2f}"
            cells[2] = f"{row['ratio']:.3f} ± {row['ratio_ci95']:.3f}"
        table.add_row(row["preset"], metric, *cells)
    console.print(table)
