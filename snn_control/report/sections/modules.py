"""Modules of a map: responses before and after homeostasis, and wins of each module."""

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


def applies(inputs: ReportInputs) -> bool:
    """Return True if the run has responses of modules."""
    return "module_mean" in inputs.place


def make(inputs: ReportInputs) -> Section:
    """Return the section from the modules in eval/place.npz."""
    arrays = inputs.place
    figure = make_subplots(
        rows=2,
        cols=2,
        specs=[[{}, {}], [{"colspan": 2}, None]],
        subplot_titles=("responses before homeostasis", "responses after", "wins"),
        vertical_spacing=0.2,
        horizontal_spacing=0.09,
    )
    for k in range(len(_WHEN)):
        _add_responses(figure, arrays, k)
    _add_wins(figure, arrays)
    legend = {"x": 1.0, "xanchor": "right", "y": 0.41}
    margin = {"l": 64, "r": 24, "t": 60, "b": 48}
    style.layout(figure, 700, bargap=0.3, legend=legend, margin=margin)
    first, last = int(arrays["module_places"].min()), int(arrays["module_places"].max())
    beside = 0.02 * (last - first) + 1
    figure.update_xaxes(title="module, by its place numbers", range=[first - beside, last + beside])
    figure.update_yaxes(title="response, weights x spikes", row=1, col=1)
    figure.update_yaxes(title="response, standard deviations", row=1, col=2)
    figure.update_yaxes(title="fraction of the queries, %", rangemode="tozero", row=2, col=1)
    before, after = excess(arrays)
    wins = (
        f"wins above the expected number are {number(100.0 * before)} % of the queries before "
        f"homeostasis and {number(100.0 * after)} % after"
    )
    lead = (
        "Mean and standard deviation of the responses of each module's neurons to all queries. "
        "Below, the fraction of queries in which one of its neurons responds most strongly (wins), "
        "and the fraction whose true place is in the module (expected): "
        f"{wins}."
    )
    label = f"{_TITLE}: {arrays['module_due'].size} modules; {wins}"
    return Section("modules", _TITLE, lead, [Figure("plot-modules", figure, label)])


def excess(arrays: Trace) -> tuple[float, float]:
    """Return the fraction of queries won above the expected one, before and after."""
    before, after = np.maximum(arrays["module_wins"] - arrays["module_due"], 0.0).sum(axis=1)
    return float(before), float(after)


def _modules(arrays: Trace) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Return centre, width and label of each module on the axis of places."""
    first, last = arrays["module_places"]
    return (
        (first + last) / 2,
        last - first + 1,
        [f"{a} to {b}" for a, b in zip(first, last, strict=True)],
    )


def _add_responses(figure: go.Figure, arrays: Trace, k: int) -> None:
    middle, _, names = _modules(arrays)
    figure.add_scatter(
        x=middle,
        y=arrays["module_mean"][k],
        text=names,
        error_y={"array": arrays["module_spread"][k], "color": style.translucent(_COLOURS[k], 0.6)},
        mode="markers",
        marker={"color": _COLOURS[k], "size": 7},
        showlegend=False,
        hovertemplate="places %{text}: %{y:.3g} ± %{error_y.array:.3g}<extra></extra>",
        row=1,
        col=k + 1,
    )


def _add_wins(figure: go.Figure, arrays: Trace) -> None:
    middle, width, names = _modules(arrays)
    bar = 0.38 * width
    for k, side in enumerate((-0.5, 0.5)):
        figure.add_bar(
            x=middle + side * bar,
            y=100.0 * arrays["module_wins"][k],
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
        y=np.repeat(100.0 * arrays["module_due"], 3),
        name="expected: queries of its places",
        mode="lines",
        line={"color": style.REFERENCE, "width": 3},
        hovertemplate="expected: %{y:.2f} %<extra></extra>",
        row=2,
        col=1,
    )
