"""Cards at the top of the page: main metrics of the controller and the baseline."""

from __future__ import annotations

from dataclasses import dataclass

from snn_control.report.comparison import ComparisonRow, compare, presets
from snn_control.report.inputs import ReportInputs
from snn_control.report.metric_names import HEADLINES, metric_name, number


@dataclass(frozen=True)
class Headline:
    """Card with one metric."""

    label: str
    value: str
    unit: str
    against: str
    mark: str


def headlines(inputs: ReportInputs) -> list[Headline]:
    """Return the cards of the first preset; an empty list without evaluations."""
    if not presets(inputs):
        return []
    rows = {row.metric: row for row in compare(inputs, presets(inputs)[0])}
    return [_card(rows[metric]) for metric in HEADLINES if metric in rows]


def _card(row: ComparisonRow) -> Headline:
    name = metric_name(row.metric)
    against = ""
    if row.theirs is not None:
        against = f"{row.baseline} {number(row.theirs * name.scale)} {name.unit}".strip()
    return Headline(name.label, number(row.ours * name.scale), name.unit, against, row.mark)
