"""All metrics of the controllers and the baseline, with confidence intervals over seeds."""

from __future__ import annotations

from snn_control.report.comparison import ComparisonRow, compare, presets
from snn_control.report.inputs import Evaluation, ReportInputs
from snn_control.report.metric_names import NONE, metric_name, number, spread
from snn_control.report.section import Section, Table

_VERDICTS = {"ahead": "▲ better", "behind": "▼ worse", "even": "≈ no clear difference", "": ""}


def applies(inputs: ReportInputs) -> bool:
    """Return True unless the page omits sections without data."""
    return not inputs.only_data or bool(presets(inputs))


def make(inputs: ReportInputs) -> Section:
    """Return one table per preset."""
    tables = [_table(inputs, preset) for preset in presets(inputs)]
    if not tables:
        return Section(
            "result", "Result", missing="No evaluation: eval/ has no metrics of the controller."
        )
    lead = (
        "Mean over seeded episodes ± half width of the 95 % confidence interval. A controller is "
        "better or worse than the baseline if the 95 % interval of the difference, paired by "
        "seed, excludes zero."
    )
    return Section("result", "Result", lead, tables=tables)


def _table(inputs: ReportInputs, preset: str) -> Table:
    rows = compare(inputs, preset)
    twins = [e for e in inputs.evaluations if e.preset == preset and e.role == "twin"]
    several = len({row.controller for row in rows}) > 1
    baseline = next((row.baseline for row in rows if row.baseline), "baseline")
    ours = "controller" if several else rows[0].controller
    seeds = max((len(e.seeds) for e in inputs.evaluations if e.preset == preset), default=0)
    return Table(
        columns=("metric", ours, *(e.controller for e in twins), baseline, "ratio", "verdict"),
        rows=[_cells(row, several, twins) for row in rows],
        marks=[row.mark for row in rows],
        caption=f"Preset {preset}, {seeds} seed{'s' * (seeds != 1)}",
    )


def _cells(row: ComparisonRow, several: bool, twins: list[Evaluation]) -> tuple[str, ...]:
    name = metric_name(row.metric)
    label = f"{row.controller}: {name.label}" if several else name.label
    ratio = number(row.ours / row.theirs) if row.theirs else NONE
    return (
        f"{label}, {name.unit}" if name.unit else label,
        spread(row.ours, row.ours_ci, name.scale),
        *(spread(e.mean.get(row.metric), e.ci95.get(row.metric), name.scale) for e in twins),
        spread(row.theirs, row.theirs_ci, name.scale),
        ratio,
        _VERDICTS[row.mark],
    )
