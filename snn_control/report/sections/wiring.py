"""Signed wiring of the best network: neurons as columns of dots, synapses as lines."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from snn_control.errors import ModelFileError
from snn_control.network import Network
from snn_control.report import style
from snn_control.report.inputs import ReportInputs
from snn_control.report.metric_names import NONE, number
from snn_control.report.section import Figure, Section, Table
from snn_control.report.synapses import Synapses, load_networks, synapses_of

_TITLE = "Wiring"
LINES = 2000
"""Maximum number of synapses drawn per connection, the strongest first."""


def applies(inputs: ReportInputs) -> bool:
    """Return True unless the page omits sections without data."""
    return not inputs.only_data or bool(_read(inputs)[0])


def make(inputs: ReportInputs) -> Section:
    """Return a figure for each network of the best checkpoint, and a table of all connections."""
    networks, missing = _read(inputs)
    if not networks:
        return Section("wiring", _TITLE, missing=missing)
    figures, rows = [], []
    for k, network in enumerate(networks):
        groups = synapses_of(network)
        figures.append(
            Figure(f"plot-wiring-{k}", _draw(network, groups), f"Wiring of {network.name}")
        )
        rows += [_cells(network, group) for group in groups]
    lead = (
        "Red lines are excitatory, blue lines inhibitory synapses. Opacity increases with the "
        "strength within a connection. Delayed connections are dotted."
    )
    columns = ("network", "connection", "synapses", "positive", "strongest", "delay, ticks")
    return Section("wiring", _TITLE, lead, figures, [Table(columns, rows)])


def _read(inputs: ReportInputs) -> tuple[list[Network], str]:
    """Return the networks of the best checkpoint, and the reason if there are none."""
    try:
        networks = load_networks(inputs.folder / "checkpoints" / "best")
    except ModelFileError as exc:
        return [], f"The network could not be read: {exc}"
    return networks, "" if networks else "No network: checkpoints/best contains no model file."


def _draw(network: Network, groups: list[Synapses]) -> go.Figure:
    sizes = {"input": len(network.inputs)} | {p.name: p.size for p in network.populations}
    place = {name: k for k, name in enumerate(sizes)}
    figure = go.Figure()
    for group in groups:
        _add_lines(figure, group, place, sizes)
    for k, (name, size) in enumerate(sizes.items()):
        figure.add_scatter(
            x=np.full(size, k),
            y=_heights(size),
            mode="markers",
            name=name,
            showlegend=False,
            marker={"size": 7 if size > 20 else 10, "color": style.REFERENCE},
            hovertemplate=f"{name} %{{pointNumber}}<extra></extra>",
        )
        figure.add_annotation(x=k, y=1.2, text=f"<b>{name}</b><br>{size}", showarrow=False)
    bare = {"visible": False, "fixedrange": True}
    return style.layout(
        figure,
        460,
        title={"text": network.name, "x": 0},
        showlegend=False,
        xaxis={**bare, "range": [-0.4, len(sizes) - 0.6]},
        yaxis={**bare, "range": [-1.1, 1.35]},
        margin={"l": 8, "r": 8, "t": 40, "b": 8},
    )


def _add_lines(
    figure: go.Figure, group: Synapses, place: dict[str, int], sizes: dict[str, int]
) -> None:
    """Add the lines of one connection, grouped by shade so that one trace has many lines."""
    strength = np.abs(group.weight)
    if not strength.size or not strength.max():
        return
    y0, y1 = _heights(sizes[group.source])[group.pre], _heights(sizes[group.target])[group.post]
    x0, x1 = place[group.source], place[group.target]
    strongest = np.argsort(-strength, kind="stable")[:LINES]
    level = np.ceil(4 * strength / strength.max())
    for sign, shade in ((1, style.POSITIVE), (-1, style.NEGATIVE)):
        for k in (1, 2, 3, 4):
            chosen = strongest[(np.sign(group.weight[strongest]) == sign) & (level[strongest] == k)]
            if chosen.size:
                x, y = _paths(x0, x1, y0[chosen], y1[chosen])
                figure.add_scatter(
                    x=x,
                    y=y,
                    mode="lines",
                    hoverinfo="skip",
                    line={
                        "color": style.translucent(shade, 0.08 + 0.18 * k),
                        "width": 0.6 + 0.25 * k,
                        "dash": "dot" if group.delay_ticks else "solid",
                        "shape": "spline",
                    },
                )


def _paths(x0: int, x1: int, y0: np.ndarray, y1: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the lines as one path with gaps; they bend unless the columns are adjacent."""
    bend = 0.0 if abs(x1 - x0) == 1 else 0.28
    middle_x = (x0 + x1) / 2 + (bend if x0 == x1 else 0.0)
    middle_y = (y0 + y1) / 2 + (bend if x0 != x1 else 0.0)
    n = len(y0)
    x = np.column_stack([np.full(n, x0), np.full(n, middle_x), np.full(n, x1), np.full(n, np.nan)])
    y = np.column_stack([y0, middle_y, y1, np.full(n, np.nan)])
    return x.ravel(), y.ravel()


def _heights(size: int) -> np.ndarray:
    spread = min(1.0, size / 12)
    return np.linspace(spread, -spread, size) if size > 1 else np.zeros(1)


def _cells(network: Network, group: Synapses) -> tuple[str, ...]:
    live = group.weight[group.weight != 0]
    positive = f"{100 * np.mean(live > 0):.0f} %" if live.size else NONE
    strongest = number(float(np.abs(live).max())) if live.size else NONE
    delay = str(group.delay_ticks)
    return (
        network.name,
        f"{group.source} → {group.target}",
        str(live.size),
        positive,
        strongest,
        delay,
    )
