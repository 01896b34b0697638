"""Synaptic operations a decision, beside those of the quantised non-spiking twin."""

from __future__ import annotations

import plotly.graph_objects as go

from snn_control.report import style
from snn_control.report.comparison import presets
from snn_control.report.inputs import Evaluation, ReportInputs
from snn_control.report.metric_names import number
from snn_control.report.section import Figure, Section

_TITLE = "Operations a decision"
_METRIC = "synaptic_ops_per_decision"


def applies(given: ReportInputs) -> bool:
    """Return True unless the page omits sections without data."""
    return not given.only_data or bool(_counted(given))


def make(given: ReportInputs) -> Section:
    """Return a bar a controller, for the first preset."""
    found = _counted(given)
    names = given.ordered(list(found))
    if not names:
        return Section(
            "operations", _TITLE, missing=f"Operations were not counted: eval/ has no {_METRIC}."
        )
    values = [found[name].mean[_METRIC] for name in names]
    figure = go.Figure()
    figure.add_bar(
        y=names,
        x=values,
        orientation="h",
        width=0.55,
        text=[number(v) for v in values],
        textposition="auto",
        cliponaxis=False,
        error_x={
            "array": [found[n].ci95.get(_METRIC) or 0 for n in names],
            "color": style.REFERENCE,
        },
        marker={"color": [style.colour(given.role(n)) for n in names]},
    )
    style.layout(
        figure,
        130 + 56 * len(names),
        showlegend=False,
        yaxis={"autorange": "reversed", "automargin": True},
        xaxis={"title": "operations a decision", "rangemode": "tozero"},
    )
    return Section(
        "operations", _TITLE, _lead(given, found), [Figure("plot-operations", figure, _TITLE)]
    )


def _counted(given: ReportInputs) -> dict[str, Evaluation]:
    """Return the evaluations with counted operations, of the first preset, by controller."""
    first = presets(given)[:1]
    return {e.controller: e for e in given.evaluations if e.preset in first and e.mean.get(_METRIC)}


def _lead(given: ReportInputs, found: dict[str, Evaluation]) -> str:
    lead = (
        "A spiking network adds one weight for every spike that arrives at a synapse; its "
        "quantised non-spiking twin, an int8 network that was fitted to the same function, "
        "multiplies for every synapse and rescaling at every decision."
    )
    twins = [e for e in found.values() if e.role == "twin"]
    subjects = [e for e in found.values() if e.role == "subject"]
    if not twins:
        return lead + " The twin was not evaluated."
    if subjects:
        ratio = subjects[0].mean[_METRIC] / twins[0].mean[_METRIC]
        lead += f" Here the spiking network needs {number(ratio)} times the operations of its twin."
    return lead + " Counts of operations, not measured energy."
