"""Similarity matrices of queries and places, for one frame and for a sequence."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from snn_control.report import style
from snn_control.report.inputs import ReportInputs, Trace
from snn_control.report.metric_names import number
from snn_control.report.section import Figure, Section
from snn_control.report.sections.precision_recall import frames

_TITLE = "Similarity of queries and places"
_SHADES = {0.5: "#f6f9fd", 0.99: "#a9c9ef", 0.998: "#2a66b1", 0.9995: "#0b2f66"}
"""Colours by quantile of the scores; one place in hundreds is the true one."""
_GAP = 0.17
_BESIDE = 0.025
"""Distance of the lines beside the true places, fraction of the map."""


def applies(inputs: ReportInputs) -> bool:
    """Return True if the run has similarity matrices."""
    return "similarity" in inputs.place


def make(inputs: ReportInputs) -> Section:
    """Return the section from the matrices in eval/place.npz."""
    arrays = inputs.place
    lengths = [frames(length) for length in arrays["similarity_length"].tolist()]
    figure = make_subplots(
        rows=1, cols=len(lengths), subplot_titles=lengths, horizontal_spacing=_GAP
    )
    width = (1.0 - _GAP * (len(lengths) - 1)) / len(lengths)
    for k in range(len(lengths)):
        _add_matrix(figure, arrays, k, right=(width + _GAP) * k + width)
        _add_truth(figure, arrays, k)
    style.layout(figure, 520, margin={"l": 64, "r": 80, "t": 56, "b": 48}, showlegend=False)
    figure.update_xaxes(title="number of the query", showgrid=False)
    figure.update_yaxes(title="number of the place", showgrid=False)
    lead = (
        "Score of each place for each query: for one frame in standard deviations of the response "
        "to other places, for a sequence the sum along the route. The true places lie midway "
        "between the two red lines; dark dots elsewhere are places of similar appearance."
    )
    queries, places = arrays["similarity_block"].tolist()
    if max(queries, places) > 1:
        lead += f" A dot is the highest score of {places} places for {queries} queries."
    label = f"{_TITLE}, after {' and after '.join(lengths)}; the true ones are on the diagonal"
    return Section("similarity", _TITLE, lead, [Figure("plot-similarity", figure, label)])


def _add_matrix(figure: go.Figure, arrays: Trace, k: int, right: float) -> None:
    low, high = arrays["similarity_range"][k].tolist()
    values = np.linspace(low, high, 5)
    if high - low > len(values):
        values = np.unique(np.clip(np.round(values), np.ceil(low), np.floor(high))) + 0.0  # no -0
    figure.add_heatmap(
        x=arrays["similarity_query"],
        y=arrays["similarity_place"],
        z=np.ascontiguousarray(arrays["similarity"][k].T),
        zmin=0,
        zmax=255,
        colorscale=_scale(arrays["similarity"][k]),
        colorbar={
            "x": right + 0.01,
            "xanchor": "left",
            "thickness": 12,
            "title": {"text": "score", "side": "top"},
            "tickvals": (255.0 * (values - low) / ((high - low) or 1.0)).tolist(),
            "ticktext": [number(value) for value in values.tolist()],
        },
        hovertemplate="query %{x}, place %{y}<extra></extra>",
        row=1,
        col=k + 1,
    )


def _scale(matrix: np.ndarray) -> list[list[float | str]]:
    """Return a colour scale that is white up to the median and dark for the best scores."""
    scale: list[list[float | str]] = [[0.0, "#ffffff"]]
    for quantile, shade in _SHADES.items():
        at = float(np.quantile(matrix, quantile)) / 255.0
        scale.append([min(max(at, float(scale[-1][0])), 1.0), shade])
    return [*scale, [1.0, "#061d42"]]


def _add_truth(figure: go.Figure, arrays: Trace, k: int) -> None:
    places = arrays["similarity_place"]
    beside = max(_BESIDE * float(places[-1] - places[0]), 1.0)
    for side in (-beside, beside):
        figure.add_scatter(
            x=arrays["similarity_query"],
            y=arrays["similarity_truth"] + side,
            mode="lines",
            line={"color": style.POSITIVE, "width": 1},
            hoverinfo="skip",
            row=1,
            col=k + 1,
        )
    figure.update_yaxes(range=[places[0] - 0.5, places[-1] + 0.5], row=1, col=k + 1)
