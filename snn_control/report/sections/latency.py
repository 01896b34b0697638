"""Latency of a node: from the entry of a measurement to its command, tick by tick."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from snn_control.report import style
from snn_control.report.inputs import LATENCY_KEYS, ReportInputs
from snn_control.report.section import Figure, Section, Table

_TITLE = "Latency"
_LABELS = (
    "measurement in to command out", "step of the controller",
    "age of the measurement at the command",
)  # fmt: skip


def applies(given: ReportInputs) -> bool:
    """Return True where a controller ran as a node."""
    return given.has_trace(LATENCY_KEYS)


def make(given: ReportInputs) -> Section:
    """Return the distribution of the latencies of the first controller that flew as a node."""
    with_latency = [
        name for name, trace in given.traces.items() if all(key in trace for key in LATENCY_KEYS)
    ]
    name = given.ordered(with_latency)[0]
    figure, rows = go.Figure(), list[tuple[str, ...]]()
    for k, (key, label) in enumerate(zip(LATENCY_KEYS, _LABELS, strict=True)):
        values_ms = 1e3 * np.sort(given.traces[name][key][np.isfinite(given.traces[name][key])])
        share = (np.arange(len(values_ms)) + 1) / len(values_ms)
        figure.add_scatter(
            x=np.maximum(values_ms, 1e-3),
            y=100 * share,
            name=label,
            mode="lines",
            line={"color": style.SERIES[k % len(style.SERIES)], "shape": "hv", "width": 2},
        )
        p50, p99, most = np.quantile(values_ms, (0.5, 0.99, 1.0))
        rows.append((label, f"{p50:.3f}", f"{p99:.3f}", f"{most:.3f}"))
    style.layout(figure, 360)
    figure.update_xaxes(title="time, ms", type="log")
    figure.update_yaxes(title="share of ticks, %", range=[0, 101])
    lead = (
        f"{name} as a ROS 2 node, {len(given.traces[name]['latency_s'])} ticks: share of ticks "
        "that took no longer. Measured by the node itself; the age includes the bus."
    )
    table = Table(("what", "p50, ms", "p99, ms", "max, ms"), rows)
    return Section("latency", _TITLE, lead, [Figure("plot-latency", figure, _TITLE)], [table])
