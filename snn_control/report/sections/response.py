"""Height and command in one seeded episode, with overshoot, settling and steady-state error."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from snn_control.report import style
from snn_control.report.inputs import SWIM_KEYS, ReportInputs, Trace
from snn_control.report.metric_names import number
from snn_control.report.section import Figure, Section, Table, not_shown
from snn_control.report.step_response import StepResponse, step_responses

_TITLE = "Response"
_KEYS = ("time_s", "height_m", "height_ref_m", "command")


def applies(inputs: ReportInputs) -> bool:
    """Return True unless the page shows a swim instead, or omits sections without data."""
    return inputs.has_trace(_KEYS) if inputs.only_data else not inputs.has_trace(SWIM_KEYS)


def make(inputs: ReportInputs) -> Section:
    """Return the episode of every controller with a trace, on common axes."""
    names, others = inputs.of_one_episode(_KEYS)
    if not names:
        return Section(
            "response",
            _TITLE,
            missing="No episode was recorded: traces/ has no height trace.",
        )
    figure = make_subplots(
        rows=2, shared_xaxes=True, row_heights=[0.66, 0.34], vertical_spacing=0.06
    )
    first = inputs.traces[names[0]]
    figure.add_scatter(
        x=first["time_s"],
        y=first["height_ref_m"],
        name="reference",
        mode="lines",
        line={"color": style.REFERENCE, "dash": "dash", "shape": "hv", "width": 1.5},
        row=1,
        col=1,
    )
    rows: list[tuple[str, ...]] = []
    ranks: dict[str, int] = {}
    for name in reversed(names):
        role = inputs.role(name)
        shade = style.colour(role, ranks.setdefault(role, 0))
        ranks[role] += 1
        _add_trace(figure, name, inputs.traces[name], shade, wide=role == "subject")
    for name in names:
        trace = inputs.traces[name]
        steps = step_responses(trace["time_s"], trace["height_m"], trace["height_ref_m"])
        rows += [_cells(name, step) for step in steps]
        if name == names[0]:
            _annotate(figure, steps)
    style.layout(figure, 540, hovermode="x unified")
    figure.update_yaxes(title="height, m", row=1, col=1)
    figure.update_yaxes(title="command", row=2, col=1)
    figure.update_xaxes(title="time, s", row=2, col=1)
    columns = ("controller", "step", "overshoot, cm", "settling, s", "steady-state error, cm")
    seed = f", seed {int(first['seed'])}" if "seed" in first else ""
    lead = (
        f"The same episode for every controller{seed}. Annotations for {names[0]}: overshoot "
        "within 30 s of a step, settling time to within 5 cm, and mean absolute error of the last "
        "10 s. The time axis is linked to that of the spikes below." + not_shown(others)
    )
    tables = [Table(columns, rows)] if rows else []
    return Section(
        "response", _TITLE, lead, [Figure("plot-response", figure, _TITLE, "time")], tables
    )


def _add_trace(figure: go.Figure, name: str, trace: Trace, shade: str, wide: bool) -> None:
    line = {"color": shade, "width": 2 if wide else 1.4}
    figure.add_scatter(
        x=trace["time_s"],
        y=trace["height_m"],
        name=name,
        mode="lines",
        line=line,
        legendgroup=name,
        row=1,
        col=1,
    )
    figure.add_scatter(
        x=trace["time_s"],
        y=trace["command"],
        name=name,
        mode="lines",
        line={**line, "width": 1},
        legendgroup=name,
        showlegend=False,
        opacity=0.85,
        row=2,
        col=1,
    )
    for part, dash in (("pd", "dot"), ("i", "dash")):
        if part in trace and wide:
            figure.add_scatter(
                x=trace["time_s"],
                y=trace[part],
                name=f"{name}: {part}",
                mode="lines",
                line={"color": shade, "width": 1, "dash": dash},
                visible="legendonly",
                row=2,
                col=1,
            )
    if "missed" in trace and wide and np.any(trace["missed"]):
        at = np.flatnonzero(trace["missed"])
        figure.add_scatter(
            x=trace["time_s"][at],
            y=trace["command"][at],
            name="missed ticks",
            mode="markers",
            marker={"color": style.POSITIVE, "size": 3},
            visible="legendonly",
            row=2,
            col=1,
        )


def _annotate(figure: go.Figure, steps: list[StepResponse]) -> None:
    for step in steps:
        sign = np.sign(step.size_m)
        if step.overshoot_m > 0:
            figure.add_annotation(
                x=step.peak_time_s,
                y=step.reference_m + sign * step.overshoot_m,
                text=f"overshoot {number(100 * step.overshoot_m)} cm",
                ax=34,
                ay=-22 * sign,
                arrowwidth=1,
                arrowhead=2,
                row=1,
                col=1,
            )
        if np.isfinite(step.settling_time_s):
            settled = step.time_s + step.settling_time_s
            figure.add_shape(
                type="line",
                x0=settled,
                x1=settled,
                y0=step.reference_m - 0.1,
                y1=step.reference_m + 0.1,
                line={"color": style.REFERENCE, "width": 1, "dash": "dot"},
                row=1,
                col=1,
            )
            figure.add_annotation(
                x=settled,
                y=step.reference_m - 0.1 * sign,
                xanchor="left",
                yshift=-9 * sign,
                showarrow=False,
                text=f"settled {number(step.settling_time_s)} s",
                row=1,
                col=1,
            )
        figure.add_annotation(
            x=step.end_s,
            y=step.reference_m,
            xanchor="right",
            yshift=-16 * sign,
            showarrow=False,
            text=f"error {number(100 * step.steady_state_error_m)} cm",
            row=1,
            col=1,
        )


def _cells(name: str, step: StepResponse) -> tuple[str, ...]:
    before, after = number(step.reference_m - step.size_m), number(step.reference_m)
    change = f"{before} → {after} m at {step.time_s:.0f} s"
    return (
        name,
        change,
        number(100 * step.overshoot_m),
        number(step.settling_time_s),
        number(100 * step.steady_state_error_m),
    )
