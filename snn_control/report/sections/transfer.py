"""The learned transfer from error to command beside the PID's."""

from __future__ import annotations

import plotly.graph_objects as go

from snn_control.report import style
from snn_control.report.inputs import SWIM_KEYS, ReportInputs
from snn_control.report.section import Figure, Section

_TITLE = "Learned transfer"


def applies(given: ReportInputs) -> bool:
    """Return True unless the controller swims, or the page omits sections without data."""
    return bool(_curves(given)) if given.only_data else not given.has_trace(SWIM_KEYS)


def make(given: ReportInputs) -> Section:
    """Return the curves of eval/transfer.npz."""
    curves = _curves(given)
    if not curves:
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


def _curves(given: ReportInputs) -> list[str]:
    """Return the names of the measured curves, sorted."""
    if "error_m" not in given.transfer:
        return []
    return sorted(key for key in given.transfer if ":" in key)
