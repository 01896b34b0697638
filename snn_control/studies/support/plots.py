"""Figures of studies as plain plotly data; the plotly package is not required."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.report import style

FloatArray = npt.NDArray[np.float64]
LONGEST = 200
"""Largest number of points of a curve."""


def error_bars(
    rows: Sequence[dict[str, Any]],
    x: str,
    y: str,
    *,
    by: str,
    title: str,
    x_title: str,
    y_title: str,
    log_x: bool = False,
) -> dict[str, Any]:
    """Return a figure of `y` with half widths `y_ci95` over `x`, one line per value of `by`.

    Lines beyond the number of colours are dashed. A logarithmic x axis is labelled at the points.
    """
    groups: dict[Any, list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(row[by], []).append(row)
    data = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": str(name),
            "x": [row[x] for row in group],
            "y": [row[y] for row in group],
            "error_y": {"type": "data", "array": [row[f"{y}_ci95"] for row in group]},
            "line": {"dash": "solid" if k < len(style.SERIES) else "dash"},
        }
        for k, (name, group) in enumerate(groups.items())
    ]
    x_axis: dict[str, Any] = {"title": {"text": x_title}}
    if log_x:
        points = sorted({row[x] for row in rows})
        x_axis |= {"type": "log", "tickvals": points, "ticktext": [f"{at:g}" for at in points]}
    layout = {
        "xaxis": x_axis,
        "yaxis": {"title": {"text": y_title}, "rangemode": "tozero"},
    }
    return {"title": title, "data": data, "layout": layout}


def median_curves(
    curves: Mapping[str, Sequence[tuple[FloatArray, FloatArray]]],
    *,
    title: str,
    x_title: str,
    y_title: str,
) -> dict[str, Any]:
    """Return a figure of medians over repetitions, with a band between the quartiles.

    A curve keeps its value up to the next point. The range is that common to all repetitions.

    Args:
        curves: repetitions by name: x, increasing, and y of each, both of shape (n_points,).
        title: title of the figure.
        x_title: title of the x axis.
        y_title: title of the y axis.
    """
    data: list[dict[str, Any]] = []
    for rank, (name, repetitions) in enumerate(curves.items()):
        shade = style.SERIES[rank % len(style.SERIES)]
        x = _common(repetitions)
        rows = [y[np.searchsorted(own, x, "right") - 1] for own, y in repetitions]
        low, median, high = np.quantile(rows, [0.25, 0.5, 0.75], axis=0)
        data.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": f"{name}, quartiles",
                "legendgroup": name,
                "showlegend": False,
                "hoverinfo": "skip",
                "x": [*x.tolist(), *x[::-1].tolist()],
                "y": [*high.tolist(), *low[::-1].tolist()],
                "fill": "toself",
                "fillcolor": style.translucent(shade, 0.2),
                "line": {"width": 0},
            }
        )
        data.append(
            {
                "type": "scatter",
                "mode": "lines" if x.size > 1 else "markers",
                "name": name,
                "legendgroup": name,
                "x": x.tolist(),
                "y": median.tolist(),
                "line": {"color": shade, "width": 2},
                "marker": {"color": shade},
            }
        )
    layout = {"xaxis": {"title": {"text": x_title}}, "yaxis": {"title": {"text": y_title}}}
    return {"title": title, "data": data, "layout": layout}


def _common(repetitions: Sequence[tuple[FloatArray, FloatArray]]) -> FloatArray:
    """Return up to `LONGEST` points of all repetitions in their common range, at least one."""
    first = max(x[0] for x, _ in repetitions)
    last = max(first, min(x[-1] for x, _ in repetitions))
    points = np.unique(np.concatenate([x for x, _ in repetitions]))
    points = points[(points >= first) & (points <= last)]
    if points.size > LONGEST:
        points = points[np.linspace(0, points.size - 1, LONGEST).round().astype(int)]
    return points
