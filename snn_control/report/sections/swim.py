"""Forward speed of every controller in one seeded swim, and joint angles of the first."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from snn_control.report import style
from snn_control.report.inputs import SWIM_KEYS, ReportInputs, Trace
from snn_control.report.metric_names import number
from snn_control.report.section import Figure, Section, not_shown

_TITLE = "Swim"


def applies(inputs: ReportInputs) -> bool:
    """Return True if a swim was recorded."""
    return inputs.has_trace(SWIM_KEYS)


def make(inputs: ReportInputs) -> Section:
    """Return the swim of every controller with a trace of the same episode as the first."""
    names, others = inputs.of_one_episode(SWIM_KEYS)
    figure = make_subplots(rows=2, shared_xaxes=True, row_heights=[0.5, 0.5], vertical_spacing=0.08)
    ranks: dict[str, int] = {}
    for name in reversed(names):
        trace, role = inputs.traces[name], inputs.role(name)
        if "forward_speed_m_s" not in trace:
            continue
        figure.add_scatter(
            x=trace["time_s"],
            y=100.0 * trace["forward_speed_m_s"],
            name=name,
            mode="lines",
            line={"color": style.colour(role, ranks.setdefault(role, 0)), "width": 1.6},
            row=1,
            col=1,
        )
        ranks[role] += 1
    first = inputs.traces[names[0]]
    _add_wave(figure, first)
    style.layout(figure, 520)
    figure.update_yaxes(title="forward speed, cm/s", row=1, col=1)
    figure.update_yaxes(title="joint, 0 at the head", row=2, col=1, autorange="reversed", dtick=1)
    figure.update_xaxes(title="time, s", row=2, col=1)
    seed = f", seed {int(first['seed'])}" if "seed" in first else ""
    lead = (
        f"The same initial state for every controller{seed}. The lower plot shows the joint angles "
        f"of {names[0]}, up to {number(np.degrees(np.abs(first['joint_rad']).max()))} degrees, "
        "with dorsal bending in red; a travelling wave appears as oblique stripes. The time axis "
        "is linked to that of the spikes below." + not_shown(others)
    )
    return Section("swim", _TITLE, lead, [Figure("plot-swim", figure, _TITLE, "time")])


def _add_wave(figure: go.Figure, trace: Trace) -> None:
    degrees = np.degrees(trace["joint_rad"].T)
    most = float(np.abs(degrees).max()) or 1.0
    figure.add_heatmap(
        x=trace["time_s"],
        y=np.arange(len(degrees)),
        z=degrees,
        zmin=-most,
        zmax=most,
        colorscale=[[0.0, style.NEGATIVE], [0.5, "#ffffff"], [1.0, style.POSITIVE]],
        showscale=False,
        hovertemplate="joint %{y}, %{x:.2f} s: %{z:.0f} degrees<extra></extra>",
        row=2,
        col=1,
    )
