"""Learning curve: best and median (or validation) cost over the effort, for each seed.

The runs of a study differ in more than the seed, so that they have no mean.

The effort is counted in environment steps if all runs have them, else in evaluations.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import plotly.graph_objects as go

from snn_control.report import style
from snn_control.report.inputs import ReportInputs
from snn_control.report.metric_names import number
from snn_control.report.section import Figure, Section
from snn_control.report.statistics import mean_ci95

_TITLE = "Learning curve"


def applies(inputs: ReportInputs) -> bool:
    """Return True unless the page omits sections without data."""
    return not inputs.only_data or bool(_curves(inputs, _unit(inputs.curves.values())))


def make(inputs: ReportInputs) -> Section:
    """Return the curves and, for several seeds, their mean with its interval."""
    unit = _unit(inputs.curves.values())
    curves = _curves(inputs, unit)
    if not curves:
        return Section("learning", _TITLE, missing="No learning curve: metrics.jsonl has no costs.")
    study = inputs.study is not None
    figure = go.Figure()
    for k, (seed, c) in enumerate(curves.items()):
        shade = style.SERIES[k % len(style.SERIES)]
        tail = f", {seed}" if study else f", seed {seed}" if len(curves) > 1 else ""
        figure.add_scatter(
            x=c["x"],
            y=c["each"],
            name=f"{'validation' if _validated(inputs.curves[seed]) else 'median'}{tail}",
            mode="lines",
            line={"color": style.translucent(shade, 0.55), "width": 1.2, "dash": "dot"},
        )
        figure.add_scatter(
            x=c["x"],
            y=c["best"],
            name=f"best{tail}",
            mode="lines",
            line={"color": shade, "width": 2},
        )
    if len(curves) > 1 and not study:
        _add_mean(figure, list(curves.values()))
    style.layout(figure, 380, xaxis={"title": unit.replace("_", " ")}, yaxis={"title": "cost"})
    if _wide(curves):
        figure.update_yaxes(type="log")
    return Section(
        "learning",
        _TITLE,
        _lead(curves, unit, "runs" if study else "seeds"),
        [Figure("plot-learning", figure, _TITLE)],
    )


def _curves(inputs: ReportInputs, unit: str) -> dict[str, dict[str, np.ndarray]]:
    """Return the columns of every seed with a finite best cost."""
    curves = {seed: _columns(records, unit) for seed, records in inputs.curves.items()}
    return {seed: c for seed, c in curves.items() if np.isfinite(c["best"]).any()}


def _unit(curves: Iterable[list[dict[str, Any]]]) -> str:
    counted = [bool(records) and records[-1].get("environment_steps", 0) > 0 for records in curves]
    return "environment_steps" if counted and all(counted) else "evaluations"


def _columns(records: list[dict[str, Any]], unit: str) -> dict[str, np.ndarray]:
    def column(key: str) -> np.ndarray:
        values = [record.get(key) for record in records]
        return np.array([np.nan if value is None else value for value in values], float)

    x = column(unit)
    x = x if np.isfinite(x).any() else column("generation")
    each = column("validation" if _validated(records) else "median")
    return {"x": x, "best": column("best"), "each": each, "s": column("elapsed_s")}


def _validated(records: list[dict[str, Any]]) -> bool:
    """Return True for the records of a training, which has no population and no median."""
    return any("validation" in record for record in records)


def _add_mean(figure: go.Figure, curves: list[dict[str, np.ndarray]]) -> None:
    """Add the mean over seeds of the best cost so far, on the range common to all seeds."""
    end = min(np.nanmax(c["x"]) for c in curves)
    x = np.linspace(max(np.nanmin(c["x"]) for c in curves), end, 200)
    best = np.array([np.interp(x, c["x"], np.fmin.accumulate(c["best"])) for c in curves])
    mean, half = np.array([mean_ci95(column) for column in best.T]).T
    figure.add_scatter(
        x=np.concatenate([x, x[::-1]]),
        y=np.concatenate([mean + half, (mean - half)[::-1]]),
        fill="toself",
        fillcolor=style.translucent(style.REFERENCE, 0.2),
        line={"width": 0},
        hoverinfo="skip",
        name="95 % interval",
    )
    figure.add_scatter(
        x=x,
        y=mean,
        mode="lines",
        name="mean of best so far",
        line={"color": style.REFERENCE, "width": 3},
    )


def _wide(curves: dict[str, dict[str, np.ndarray]]) -> bool:
    values = np.concatenate([np.concatenate([c["best"], c["each"]]) for c in curves.values()])
    values = values[np.isfinite(values)]
    return bool(values.min() > 0 and values.max() / values.min() > 20)


def _lead(curves: dict[str, dict[str, np.ndarray]], unit: str, repetitions: str) -> str:
    best = number(min(float(np.nanmin(c["best"])) for c in curves.values()))
    spent = number(sum(float(np.nanmax(c["x"])) for c in curves.values()))
    seconds = np.concatenate([c["s"] for c in curves.values()])
    took = f" in {number(float(np.nanmax(seconds)))} s" if np.isfinite(seconds).any() else ""
    seeds = f" over {len(curves)} {repetitions}" if len(curves) > 1 else ""
    return f"Best cost {best} after {spent} {unit.replace('_', ' ')}{seeds}{took}; lower is better."
