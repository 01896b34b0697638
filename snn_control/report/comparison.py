"""Comparison of the controllers with the baseline, metric by metric."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from snn_control.report.inputs import Evaluation, ReportInputs
from snn_control.report.metric_names import METRICS, metric_name
from snn_control.report.statistics import paired_difference


@dataclass(frozen=True)
class ComparisonRow:
    """Metric of a controller and of the baseline, in SI units."""

    metric: str
    controller: str
    ours: float
    ours_ci: float | None
    baseline: str
    theirs: float | None
    theirs_ci: float | None
    difference: tuple[float, float] | None
    """Mean and half width of ours - theirs over common seeds; None for fewer than two."""
    mark: str
    """`ahead`, `behind`, `even` (the interval of the difference contains 0), or empty."""


def presets(inputs: ReportInputs) -> list[str]:
    """Return the presets with an evaluation of a subject, the default preset first."""
    names = {e.preset for e in inputs.evaluations if e.role == "subject"}
    return sorted(names, key=lambda name: (name not in ("default", ""), name))


def compare(inputs: ReportInputs, preset: str) -> list[ComparisonRow]:
    """Return a row for each metric of each subject, in the order of `METRICS`, others last."""
    here = [e for e in inputs.evaluations if e.preset == preset]
    baseline = next((e for e in here if e.role == "baseline"), None)
    rows = []
    for subject in (e for e in here if e.role == "subject"):
        rank = {metric: k for k, metric in enumerate(METRICS)}
        for metric in sorted(subject.mean, key=lambda m: (rank.get(m, len(rank)), m)):
            rows.append(_row(metric, subject, baseline))
    return rows


def _row(metric: str, subject: Evaluation, baseline: Evaluation | None) -> ComparisonRow:
    theirs = baseline.mean.get(metric) if baseline else None
    difference = None
    if baseline and theirs is not None:
        difference = paired_difference(_by_seed(subject, metric), _by_seed(baseline, metric))
    return ComparisonRow(
        metric=metric,
        controller=subject.controller,
        ours=_number(subject.mean[metric]),
        ours_ci=subject.ci95.get(metric),
        baseline=baseline.controller if baseline else "",
        theirs=theirs,
        theirs_ci=baseline.ci95.get(metric) if baseline else None,
        difference=difference,
        mark=_mark(metric, difference),
    )


def _by_seed(evaluation: Evaluation, metric: str) -> dict[int, float]:
    return dict(zip(evaluation.seeds, evaluation.values(metric).tolist(), strict=False))


def _mark(metric: str, difference: tuple[float, float] | None) -> str:
    lower_is_better = metric_name(metric).lower_is_better
    if difference is None or lower_is_better is None:
        return ""
    mean, half = difference
    if abs(mean) <= half:
        return "even"
    return "ahead" if (mean < 0) == lower_is_better else "behind"


def _number(value: float | None) -> float:
    return np.nan if value is None else float(value)
