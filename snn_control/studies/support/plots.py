"""Figures of studies as plain plotly data; the plotly package is not required."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def error_bars(
    rows: Sequence[dict[str, Any]],
    x: str,
    y: str,
    *,
    by: str,
    title: str,
    x_title: str,
    y_title: str,
) -> dict[str, Any]:
    """Return a figure of `y` with half widths `y_ci95` over `x`, one line per value of `by`."""
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
        }
        for name, group in groups.items()
    ]
    layout = {
        "xaxis": {"title": {"text": x_title}},
        "yaxis": {"title": {"text": y_title}, "rangemode": "tozero"},
    }
    return {"title": title, "data": data, "layout": layout}
