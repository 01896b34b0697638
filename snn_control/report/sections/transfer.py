"""Learned transfer function from height error to command, of the network and the PID."""

from __future__ import annotations

import plotly.graph_objects as go

from snn_control.report import style
from snn_control.report.inputs import SWIM_KEYS, ReportInputs
from snn_control.report.section import Figure, Section

_TITLE = "Learned transfer"


def applies(inputs: ReportInputs) -> bool:
    """Return True unless the controller swims, or the page omits sections without data."""
    return bool(_curves(inputs)) if inputs.only_data else not inputs.has_trace(SWIM_KEYS)


def make(inputs: ReportInputs) -> Section:
    """Return the curves of eval/transfer.npz."""
    curves = _curves(inputs)
    if not curves:
        return Section(
            "transfer",
            _TITLE,
            missing="The transfer function was not measured: eval/transfer.npz is missing.",
        )
    figure = go.Figure()
    ranks: dict[str, int] = {}
    for key in curves:
        role = inputs.role(key.split(":")[0])
        rank = ranks.setdefault(role, 0)
        ranks[role] += 1
        line = {"color": style.colour(role, rank), "width": 2}
        line["dash"] = "dash" if role == "baseline" else "solid"
        figure.add_scatter(
            x=inputs.transfer["error_m"],
            y=inputs.transfer[key],
            mode="lines",
            name=key.replace(":", " · "),
            line=line,
        )
    style.layout(
        figure,
        400,
        hovermode="x unified",
        xaxis={"title": "height error, m"},
        yaxis={"title": "settled output, motor units"},
    )
    lead = (
        "Settled output of each controller at a constant height error (static transfer function)."
    )
    return Section("transfer", _TITLE, lead, [Figure("plot-transfer", figure, _TITLE)])


def _curves(inputs: ReportInputs) -> list[str]:
    """Return the names of the measured curves, sorted."""
    if "error_m" not in inputs.transfer:
        return []
    return sorted(key for key in inputs.transfer if ":" in key)
