"""The learned transfer from error to command beside the PID's."""

from __future__ import annotations

import plotly.graph_objects as go

from snn_control.report import style
from snn_control.report.inputs import ReportInputs
from snn_control.report.section import Figure, Section

_TITLE = "Learned transfer"


def make(given: ReportInputs) -> Section:
    """Return the curves of eval/transfer.npz."""
    curves = sorted(key for key in given.transfer if ":" in key)
    if "error_m" not in given.transfer or not curves:
        return Section(
            "transfer",
            _TITLE,
            missing="The transfer was not measured: eval/transfer.npz is missing.",
        )
    figure = go.Figure()
    ranks: dict[str, int] = {}
    for key in curves:
        role = given.role(key.split(":")[0])
        rank = ranks.setdefault(role, 0)
        ranks[role] += 1
        line = {"color": style.colour(role, rank), "width": 2}
        line["dash"] = "dash" if role == "baseline" else "solid"
        figure.add_scatter(
            x=given.transfer["error_m"],
            y=given.transfer[key],
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
        "Output at a constant error, after it has settled: what the network has learned to compute."
    )
    return Section("transfer", _TITLE, lead, [Figure("plot-transfer", figure, _TITLE)])
