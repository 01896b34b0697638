"""The cards at the head of the page: the main metrics of the controller against the baseline."""

from __future__ import annotations

from dataclasses import dataclass

from snn_control.report.comparison import ComparisonRow, compare, presets
from snn_control.report.inputs import ReportInputs
from snn_control.report.metric_names import HEADLINES, metric_name, number


@dataclass(frozen=True)
class Headline:
    """One card."""

    label: str
    value: str
    unit: str
    against: str
    mark: str


def headlines(given: ReportInputs) -> list[Headline]:
    """Return the cards for the first preset; none where there is no evaluation."""
    if not presets(given):
        return []
    rows = {row.metric: row for row in compare(given, presets(given)[0])}
    return [_card(rows[metric]) for metric in HEADLINES if metric in rows]


def _card(row: ComparisonRow) -> Headline:
    name = metric_name(row.metric)
    against = ""
    if row.theirs is not None:
        against = f"{row.baseline} {number(row.theirs * name.scale)} {name.unit}".strip()
    return Headline(name.label, number(row.ours * name.scale), name.unit, against, row.mark)
