"""Pareto front of a run with several objectives: trade-offs, members, growth of the hypervolume."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from snn_control.errors import RunError
from snn_control.report import style
from snn_control.report.inputs import ReportInputs
from snn_control.report.metric_names import metric_name, number
from snn_control.report.section import Figure, Section, Table

_TITLE = "Pareto front"
_FILE = "exports/front.json"


def applies(inputs: ReportInputs) -> bool:
    """Return True if the run has a front."""
    return (inputs.folder / _FILE).is_file()


def make(inputs: ReportInputs) -> Section:
    """Return plots and table of the front."""
    rows = _members(inputs.folder / _FILE)
    names = [name for name in rows[0] if name not in ("model", "costs")]
    # Files of earlier versions have only objectives that are minimised, and no costs.
    knee = _knee(np.array([row.get("costs", [row[name] for name in names]) for row in rows]))
    figures = [Figure("plot-front", _scatter(rows, names, knee), _TITLE)]
    if growth := _growth(inputs, names):
        figures.append(Figure("plot-front-growth", growth, "Hypervolume and best values"))
    table = Table(
        ("model", *(metric_name(name).in_unit for name in names), "command"),
        [
            (
                f"{row['model'].removeprefix('exports/front/')}{' (knee)' if k == knee else ''}",
                *(number(metric_name(name).scale * row[name]) for name in names),
                f"snn-control eval {inputs.folder.as_posix()}/{row['model']}",
            )
            for k, row in enumerate(rows)
        ],
        ["ahead" if k == knee else "" for k in range(len(rows))],
    )
    lead = (
        f"{len(rows)} controllers of which none is better than another in all of "
        f"{', '.join(names)}. The knee is the member closest to the best values of all "
        "objectives, each scaled to the range of the front. The verbs fly and play take the "
        "same path as eval."
    )
    return Section("front", _TITLE, lead, figures, [table])


def _members(path: Path) -> list[dict[str, Any]]:
    """Read the members of the front, at least one.

    Raises:
        RunError: the file is damaged; the message names it.
    """
    try:
        rows = json.loads(path.read_text("utf-8"))
        whole = bool(rows) and all("model" in row for row in rows)
    except (OSError, ValueError, TypeError) as exc:
        raise RunError(f"{path}: not a Pareto front ({exc}); remove it or evolve again") from exc
    if not whole:
        raise RunError(f"{path}: not a Pareto front (no members); remove it or evolve again")
    return list(rows)


def _knee(costs: npt.NDArray[np.float64]) -> int:
    low, high = costs.min(axis=0), costs.max(axis=0)
    scaled = (costs - low) / np.where(high > low, high - low, 1.0)
    return int(np.linalg.norm(scaled, axis=1).argmin())


def _scatter(rows: list[dict[str, Any]], names: list[str], knee: int) -> go.Figure:
    """Plot the first two objectives, with the third as the colour."""
    shown = [metric_name(name) for name in names]
    columns = [[m.scale * row[name] for row in rows] for m, name in zip(shown, names, strict=True)]
    second = columns[1] if len(columns) > 1 else [0.0] * len(rows)
    texts = [
        "<br>".join(
            [row["model"].removeprefix("exports/front/")]
            + [f"{m.in_unit}: {number(c[k])}" for m, c in zip(shown, columns, strict=True)]
        )
        for k, row in enumerate(rows)
    ]
    marker: dict[str, Any] = {"size": 9, "color": style.SERIES[0]}
    if len(columns) > 2:
        colourbar = {"title": {"text": shown[2].in_unit, "side": "right"}}
        marker |= {"color": columns[2], "colorscale": "Viridis", "colorbar": colourbar}
    figure = go.Figure()
    figure.add_scatter(
        x=columns[0], y=second, mode="markers", marker=marker, hovertext=texts, hoverinfo="text",
        name="front", showlegend=False,
    )  # fmt: skip
    figure.add_scatter(
        x=[columns[0][knee]], y=[second[knee]], mode="markers", name="knee", hoverinfo="skip",
        marker={"size": 18, "symbol": "circle-open", "color": style.POSITIVE,
                "line": {"width": 2}},
    )  # fmt: skip
    titles = [m.in_unit for m in shown] + [""]
    style.layout(figure, 460, xaxis={"title": titles[0]}, yaxis={"title": titles[1]})
    return figure


def _growth(inputs: ReportInputs, names: list[str]) -> go.Figure | None:
    """Plot hypervolume and best value of each objective over the generations."""
    records = [r for curve in inputs.curves.values() for r in curve if "hypervolume" in r]
    if not records:
        return None
    generations = [record["generation"] for record in records]
    figure = make_subplots(rows=1 + len(names), shared_xaxes=True, vertical_spacing=0.05)
    values = [("hypervolume", [record["hypervolume"] for record in records])]
    for name in names:
        metric = metric_name(name)
        best = [metric.scale * record["objectives"][name] for record in records]
        values.append((metric.in_unit, best))
    for row, (title, column) in enumerate(values, 1):
        shade = style.SERIES[(row - 1) % len(style.SERIES)]
        line = {"color": shade, "width": 2}
        figure.add_scatter(
            x=generations, y=column, mode="lines", line=line, name=title, showlegend=False,
            row=row, col=1,
        )  # fmt: skip
        figure.update_yaxes(title=title, row=row, col=1)
    style.layout(figure, 170 * len(values) + 80)
    figure.update_xaxes(title="generation", row=len(values), col=1)
    return figure
