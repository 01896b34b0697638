"""Synaptic operations per decision, of the network and its quantised non-spiking twin."""

from __future__ import annotations

import plotly.graph_objects as go

from snn_control.report import style
from snn_control.report.comparison import presets
from snn_control.report.inputs import Evaluation, ReportInputs
from snn_control.report.metric_names import number
from snn_control.report.section import Figure, Section

_TITLE = "Operations per decision"
_METRIC = "synaptic_ops_per_decision"


def applies(inputs: ReportInputs) -> bool:
    """Return True unless the page omits sections without data."""
    return not inputs.only_data or bool(_counted(inputs))


def make(inputs: ReportInputs) -> Section:
    """Return one bar per controller, for the first preset."""
    counted = _counted(inputs)
    names = inputs.ordered(list(counted))
    if not names:
        return Section(
            "operations", _TITLE, missing=f"Operations were not counted: eval/ has no {_METRIC}."
        )
    values = [counted[name].mean[_METRIC] for name in names]
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
            "array": [counted[n].ci95.get(_METRIC) or 0 for n in names],
            "color": style.REFERENCE,
        },
        marker={"color": [style.colour(inputs.role(n)) for n in names]},
    )
    style.layout(
        figure,
        130 + 56 * len(names),
        showlegend=False,
        yaxis={"autorange": "reversed", "automargin": True},
        xaxis={"title": "operations per decision", "rangemode": "tozero"},
    )
    return Section(
        "operations", _TITLE, _lead(counted), [Figure("plot-operations", figure, _TITLE)]
    )


def _counted(inputs: ReportInputs) -> dict[str, Evaluation]:
    """Return the evaluations of the first preset with counted operations, by controller."""
    first = presets(inputs)[:1]
    return {
        e.controller: e for e in inputs.evaluations if e.preset in first and e.mean.get(_METRIC)
    }


def _lead(counted: dict[str, Evaluation]) -> str:
    lead = (
        "A spiking network adds one weight for every spike at a synapse. Its quantised "
        "non-spiking twin, an int8 network fitted to the same function, performs one "
        "multiplication for every synapse and every rescaling of a decision."
    )
    twins = [e for e in counted.values() if e.role == "twin"]
    subjects = [e for e in counted.values() if e.role == "subject"]
    if not twins:
        return lead + " The twin was not evaluated."
    if subjects:
        ratio = subjects[0].mean[_METRIC] / twins[0].mean[_METRIC]
        lead += f" The spiking network needs {number(ratio)} times the operations of its twin."
    return lead + " The figures are counts of operations, not measured energy."
