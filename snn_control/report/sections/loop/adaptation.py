"""Hypotheses, learned parameters and rest of learning of an adapting controller over time."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from snn_control.report import style
from snn_control.report.inputs import ADAPTATION_KEYS, ReportInputs, Trace
from snn_control.report.section import Figure, Section, Table

_TITLE = "Adaptation"
_RESTS = style.SERIES[5]


def applies(inputs: ReportInputs) -> bool:
    """Return True if a controller has learned a forward model."""
    return inputs.has_trace(ADAPTATION_KEYS)


def make(inputs: ReportInputs) -> Section:
    """Return weights and parameters of the first adapting controller."""
    adapting = [n for n, t in inputs.traces.items() if all(key in t for key in ADAPTATION_KEYS)]
    name = inputs.ordered(adapting)[0]
    trace = inputs.traces[name]
    weights = sorted(key for key in trace if key.startswith("weight_"))
    figure = make_subplots(rows=3, shared_xaxes=True, vertical_spacing=0.06)
    time_s = trace["time_s"]
    _add_line(figure, time_s, trace["learned_gain_m_s2"], "thrust gain", 0, 1)
    _add_line(figure, time_s, trace["learned_bias_m_s2"], "lift less weight", 1, 2)
    for k, key in enumerate(weights):
        label = f"hypothesis {key.removeprefix('weight_')}"
        _add_line(figure, time_s, trace[key], label, 2 + k, 3)
    rests = np.where(trace["learning"] > 0.0, np.nan, -0.08)
    if np.isfinite(rests).any():
        figure.add_scatter(
            x=time_s, y=rests, mode="markers", name="learning rests", row=3, col=1,
            marker={"color": _RESTS, "size": 7, "symbol": "line-ns-open"},
        )  # fmt: skip
    style.layout(figure, 620, hovermode="x unified")
    figure.update_yaxes(title="gain, m/s²", row=1, col=1)
    figure.update_yaxes(title="bias, m/s²", row=2, col=1)
    figure.update_yaxes(title="weight", range=[-0.15, 1.05], row=3, col=1)
    figure.update_xaxes(title="time, s", row=3, col=1)
    lead = (
        f"Forward model of {name}: learned thrust gain and lift of the hypothesis in use, and the "
        "weights of all hypotheses, by their predictions of the measured height."
    )
    return Section(
        "adaptation", _TITLE, lead, [Figure("plot-adaptation", figure, _TITLE)], [_table(trace)]
    )


def _add_line(
    figure: go.Figure, time_s: np.ndarray, values: np.ndarray, name: str, colour: int, row: int
) -> None:
    figure.add_scatter(
        x=time_s, y=values, name=name, mode="lines", row=row, col=1,
        line={"color": style.SERIES[colour % len(style.SERIES)], "width": 1.8},
    )  # fmt: skip


def _table(trace: Trace) -> Table:
    """Return start, end and range of the learned parameters, and the changes of hypothesis."""
    rows: list[tuple[str, ...]] = []
    for key, label in (
        ("learned_gain_m_s2", "thrust gain, m/s²"),
        ("learned_bias_m_s2", "lift less weight, m/s²"),
    ):
        values = trace[key]
        figures = (values[0], values[-1], values.min(), values.max())
        rows.append((label, *(f"{value:.3f}" for value in figures)))
    changes = int(trace["hypothesis_changes"][-1])
    share = float((trace["learning"] > 0.0).mean())
    rows.append(("changes of the hypothesis", "", str(changes), "", ""))
    rows.append(("time of learning", "", f"{share:.0%}", "", ""))
    return Table(("", "start", "end", "least", "largest"), rows)
