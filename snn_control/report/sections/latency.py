"""Latency of a controller node, from the arrival of a measurement to its command."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from snn_control.report import style
from snn_control.report.inputs import LATENCY_KEYS, ReportInputs
from snn_control.report.section import Figure, Section, Table

_TITLE = "Latency"
_LABELS = {
    "latency_s": "measurement to command",
    "filter_s": "checks and estimate",
    "step_s": "step of the controller",
    "age_s": "age of the measurement at the command",
}
"""Label of each latency; those that a trace lacks are left out."""


def applies(inputs: ReportInputs) -> bool:
    """Return True if a controller ran as a node."""
    return inputs.has_trace(LATENCY_KEYS)


def make(inputs: ReportInputs) -> Section:
    """Return the distribution of the latencies of the first controller that ran as a node."""
    with_latency = [
        name for name, trace in inputs.traces.items() if all(key in trace for key in LATENCY_KEYS)
    ]
    name = inputs.ordered(with_latency)[0]
    figure, rows = go.Figure(), list[tuple[str, ...]]()
    present = {key: label for key, label in _LABELS.items() if key in inputs.traces[name]}
    for k, (key, label) in enumerate(present.items()):
        values_ms = 1e3 * np.sort(inputs.traces[name][key][np.isfinite(inputs.traces[name][key])])
        fraction = (np.arange(len(values_ms)) + 1) / len(values_ms)
        figure.add_scatter(
            x=np.maximum(values_ms, 1e-3),
            y=100 * fraction,
            name=label,
            mode="lines",
            line={"color": style.SERIES[k % len(style.SERIES)], "shape": "hv", "width": 2},
        )
        p50, p99, maximum = np.quantile(values_ms, (0.5, 0.99, 1.0))
        rows.append((label, f"{p50:.3f}", f"{p99:.3f}", f"{maximum:.3f}"))
    style.layout(figure, 360)
    figure.update_xaxes(title="time, ms", type="log")
    figure.update_yaxes(title="fraction of ticks, %", range=[0, 101])
    lead = (
        f"Cumulative distribution of the latencies of {name} as a ROS 2 node, "
        f"{len(inputs.traces[name]['latency_s'])} ticks. The node measures them; the age includes "
        "the transport over the bus."
    )
    table = Table(("latency", "p50, ms", "p99, ms", "max, ms"), rows)
    return Section("latency", _TITLE, lead, [Figure("plot-latency", figure, _TITLE)], [table])
