"""Common colours and layout of all figures; page.js sets the colours of text and grid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import plotly.graph_objects as go

ROLE_COLOURS = {
    "subject": ("#2a78d6", "#7a5cc7", "#0e9aa7"),
    "baseline": ("#d9822b", "#b5651d"),
    "twin": ("#7d8590", "#a0a6ad"),
}
REFERENCE = "#8b939c"
POSITIVE = "#d1495b"
NEGATIVE = "#2a78d6"
SERIES = ("#2a78d6", "#d9822b", "#2e9e6b", "#b455a0", "#0e9aa7", "#c2483d", "#7a5cc7", "#8d7b1f")


def colour(role: str, rank: int = 0) -> str:
    """Return the colour of the `rank`-th controller of a role."""
    shades = ROLE_COLOURS[role]
    return shades[rank % len(shades)]


def translucent(colour_hex: str, alpha: float) -> str:
    """Return `#rrggbb` as an rgba colour."""
    red, green, blue = (int(colour_hex[k : k + 2], 16) for k in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha})"


def layout(figure: go.Figure, height: int, **changes: Any) -> go.Figure:
    """Apply the common layout to a figure; `changes` are passed to `update_layout`."""
    figure.update_layout(
        template="none",
        height=height,
        margin={"l": 64, "r": 24, "t": 36, "b": 48},
        legend={
            "orientation": "h",
            "x": 0,
            "y": 1.0,
            "yanchor": "bottom",
            "bgcolor": "rgba(0,0,0,0)",
        },
        hoverlabel={"namelength": -1},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
    )
    return figure.update_layout(**changes)
