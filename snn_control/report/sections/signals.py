"""Observations and actions in one seeded episode of any environment."""

from __future__ import annotations

import numpy as np
from plotly.subplots import make_subplots

from snn_control.report import style
from snn_control.report.inputs import SIGNAL_KEYS, ReportInputs, Trace
from snn_control.report.section import Figure, Section, not_shown

_TITLE = "Observations and actions"
_MOST = 12
"""Maximum number of plotted entries of each kind."""


def applies(inputs: ReportInputs) -> bool:
    """Return True if a trace has observations and actions by name."""
    return inputs.has_trace(SIGNAL_KEYS)


def make(inputs: ReportInputs) -> Section:
    """Return the first entries of both kinds, of every controller with a trace."""
    names, others = inputs.of_one_episode(SIGNAL_KEYS)
    first = inputs.traces[names[0]]
    entries = [
        (kind, k, str(entry))
        for kind in ("observation", "action")
        for k, entry in enumerate(first[f"{kind}_names"][:_MOST])
    ]
    figure = make_subplots(rows=len(entries), shared_xaxes=True, vertical_spacing=0.02)
    for rank, name in enumerate(names):
        trace = inputs.traces[name]
        for row, (kind, k, entry) in enumerate(entries, 1):
            figure.add_scatter(
                x=_time(trace), y=trace[f"{kind}s"][:, k], mode="lines", name=name,
                legendgroup=name, showlegend=row == 1,
                line={"color": style.colour(inputs.role(name), rank), "width": 1.4},
                row=row, col=1,
            )  # fmt: skip
            figure.update_yaxes(title=entry, row=row, col=1)
    style.layout(figure, 110 * len(entries) + 80, hovermode="x unified")
    unit = "time, s" if "time_s" in first else "tick"
    figure.update_xaxes(title=unit, row=len(entries), col=1)
    seed = f" of seed {int(first['seed'])}" if "seed" in first else ""
    n = max(len(first["observation_names"]), len(first["action_names"]))
    omitted = f" Only the first {_MOST} entries of each kind are shown." if n > _MOST else ""
    lead = f"The episode{seed}, tick by tick.{omitted}{not_shown(others)}"
    return Section("signals", _TITLE, lead, [Figure("plot-signals", figure, _TITLE, "time")])


def _time(trace: Trace) -> np.ndarray:
    return trace["time_s"] if "time_s" in trace else np.arange(len(trace["observations"]))
