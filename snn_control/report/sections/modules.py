"""Modules of a map: their answers before and after homeostasis, and how often each wins."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from snn_control.report import style
from snn_control.report.inputs import ReportInputs, Trace
from snn_control.report.metric_names import number
from snn_control.report.section import Figure, Section

_TITLE = "Activity of the modules"
_WHEN = ("before homeostasis", "after")
_COLOURS = (style.SERIES[1], style.SERIES[0])


def applies(given: ReportInputs) -> bool:
    """Return True where the answers of modules were kept."""
    return "module_mean" in given.place


def make(given: ReportInputs) -> Section:
    """Return the modules of eval/place.npz."""
    found = given.place
    figure = make_subplots(
        rows=2,
        cols=2,
        specs=[[{}, {}], [{"colspan": 2}, None]],
        subplot_titles=("answers before homeostasis", "answers after", "wins"),
        vertical_spacing=0.2,
        horizontal_spacing=0.09,
    )
    for k in range(len(_WHEN)):
        _add_answers(figure, found, k)
    _add_wins(figure, found)
    legend = {"x": 1.0, "xanchor": "right", "y": 0.41}
    margin = {"l": 64, "r": 24, "t": 60, "b": 48}
    style.layout(figure, 700, bargap=0.3, legend=legend, margin=margin)
    first, last = int(found["module_places"].min()), int(found["module_places"].max())
    beside = 0.02 * (last - first) + 1
    figure.update_xaxes(
        title="module, numbers of its places", range=[first - beside, last + beside]
    )
    figure.update_yaxes(title="answer, weights x spikes", row=1, col=1)
    figure.update_yaxes(title="answer, standard deviations", row=1, col=2)
    figure.update_yaxes(title="share of the queries, %", rangemode="tozero", row=2, col=1)
    before, after = excess(found)
    wins = (
        f"wins beyond what a module is due are {number(100.0 * before)} % of the queries before "
        f"homeostasis and {number(100.0 * after)} % after"
    )
    lead = (
        "Mean and spread of the answers of each module's neurons to all queries; below, how often "
        "one of them answers most strongly, beside how often the true place is one of its own: "
        f"{wins}."
    )
    label = f"{_TITLE}: {found['module_due'].size} modules; {wins}"
    return Section("modules", _TITLE, lead, [Figure("plot-modules", figure, label)])


def excess(found: Trace) -> tuple[float, float]:
    """Return the share of the queries that modules win beyond their due, before and after."""
    before, after = np.maximum(found["module_wins"] - found["module_due"], 0.0).sum(axis=1)
    return float(before), float(after)


def _modules(found: Trace) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Return middle and width of each module on the axis of places, and its places in words."""
    first, last = found["module_places"]
    return (
        (first + last) / 2,
        last - first + 1,
        [f"{a} to {b}" for a, b in zip(first, last, strict=True)],
    )


def _add_answers(figure: go.Figure, found: Trace, k: int) -> None:
    middle, _, names = _modules(found)
    figure.add_scatter(
        x=middle,
        y=found["module_mean"][k],
        text=names,
        error_y={"array": found["module_spread"][k], "color": style.translucent(_COLOURS[k], 0.6)},
        mode="markers",
        marker={"color": _COLOURS[k], "size": 7},
        showlegend=False,
        hovertemplate="places %{text}: %{y:.3g} ± %{error_y.array:.3g}<extra></extra>",
        row=1,
        col=k + 1,
    )


def _add_wins(figure: go.Figure, found: Trace) -> None:
    middle, width, names = _modules(found)
    bar = 0.38 * width
    for k, side in enumerate((-0.5, 0.5)):
        figure.add_bar(
            x=middle + side * bar,
            y=100.0 * found["module_wins"][k],
            width=bar,
            hovertext=names,
            name=_WHEN[k],
            marker={"color": _COLOURS[k]},
            hovertemplate="places %{hovertext}: %{y:.2f} %",
            row=2,
            col=1,
        )
    ends = np.column_stack([middle - bar, middle + bar, np.full(len(middle), np.nan)])
    figure.add_scatter(
        x=ends.ravel(),
        y=np.repeat(100.0 * found["module_due"], 3),
        name="due: queries of its places",
        mode="lines",
        line={"color": style.REFERENCE, "width": 3},
        hovertemplate="due: %{y:.2f} %<extra></extra>",
        row=2,
        col=1,
    )
