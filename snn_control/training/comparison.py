"""Comparison of controllers on the same seeds: means with 95 % intervals, and paired ratios."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.controllers import Controller, load
from snn_control.errors import ConfigError, ParameterError, UnknownNameError
from snn_control.training.evaluate import Evaluation
from snn_control.training.evolution.members import member_folders
from snn_control.training.model_name import load_named
from snn_control.training.statistics import half_width, paired_ratio
from snn_control.training.system import TWIN
from snn_control.training.systems import system_of

__all__ = [
    "EFFORT",
    "compare_rows",
    "compared_metrics",
    "load_all",
    "mean_row",
    "member_rows",
    "members_of",
]

FloatArray = npt.NDArray[np.float64]
EFFORT = ("spikes_per_s", "synaptic_ops_per_s")
"""Metrics of effort, shown without a ratio."""


def compared_metrics(evaluation: Evaluation) -> list[str]:
    """Return the metrics to compare: those that the system names, else all but those of effort."""
    present = evaluation.episodes[0].metrics
    return [name for name in evaluation.compared if name in present] or [
        name for name in present if name not in EFFORT and not name.endswith("_per_decision")
    ]


def mean_row(metric: str, evaluation: Evaluation) -> dict[str, Any]:
    """Return `preset`, `metric`, `mean` and `ci95` of a metric over the seeds."""
    values = evaluation.values(metric)
    return {
        "preset": evaluation.preset,
        "metric": metric,
        "mean": float(values.mean()),
        "ci95": half_width(values),
    }


def compare_rows(evaluations: Sequence[Evaluation], against: str) -> list[dict[str, Any]]:
    """Return one row for each metric and controller.

    Each has `preset`, `metric`, `controller`, `mean`, `ci95`. Metrics of quality also have `ratio`
    and `ratio_ci95`, relative to the controller `against` on the same seeds (except for itself).

    Args:
        evaluations: one for each controller, all on one preset and the same seeds.
        against: name of one of them.

    Raises:
        UnknownNameError: no controller has the name `against`.
        ConfigError: environment, its options, seeds or preset differ.
    """
    by_name = {evaluation.controller: evaluation for evaluation in evaluations}
    if against not in by_name:
        raise UnknownNameError("controller to compare with", against, by_name)
    base = by_name[against]
    for other in evaluations:
        for attribute in ("environment", "options", "preset", "seeds"):
            own, theirs = getattr(base, attribute), getattr(other, attribute)
            if own != theirs:
                raise ConfigError(
                    "a comparison needs one environment with equal options, one preset and the "
                    f"same seeds; {attribute} of {against}: {own}, of {other.controller}: {theirs}"
                )
    rows = []
    for metric in (*compared_metrics(base), *EFFORT):
        for evaluation in evaluations:
            if metric not in evaluation.episodes[0].metrics:
                continue
            row = mean_row(metric, evaluation) | {"controller": evaluation.controller}
            if metric not in EFFORT and evaluation is not base:
                mine, theirs = evaluation.values(metric), base.values(metric)
                row["ratio"], row["ratio_ci95"] = paired_ratio(mine, theirs)
            rows.append(row)
    return rows


def members_of(sources: Sequence[str]) -> dict[str, list[Controller]]:
    """Return the controllers of the members of each run that has several, by source."""
    folders = {source: member_folders(Path(source)) for source in sources}
    return {
        source: [load(folder) for folder in members]
        for source, members in folders.items()
        if len(members) > 1
    }


def member_rows(values: Mapping[str, Mapping[str, FloatArray]]) -> list[dict[str, Any]]:
    """Return one row for each metric and run: medians over members, and a rank test.

    Each has `metric`, `run`, `members`, `median`, `low` and `high` (quartiles); all runs but the
    first have `p_value` of the two-sided test of H. B. Mann and D. R. Whitney, Ann. Math. Stat.
    18(1), 1947, against the first.

    Args:
        values: mean of each metric over the episodes for every member, by run.
    """
    rows: list[dict[str, Any]] = []
    first, *_ = values
    for metric in values[first]:
        for run, metrics in values.items():
            mine = metrics[metric]
            low, median, high = np.quantile(mine, [0.25, 0.5, 0.75]).tolist()
            row = {"metric": metric, "run": run, "members": len(mine), "median": median}
            row |= {"low": low, "high": high}
            if run != first:
                from scipy.stats import mannwhitneyu  # takes 0.3 s

                row["p_value"] = float(mannwhitneyu(mine, values[first][metric]).pvalue)
            rows.append(row)
    return rows


def load_all(sources: Sequence[str]) -> dict[str, Controller]:
    """Load controllers by name: the stem of the file or folder if unique, else the source itself.

    `X-twin` is the quantised non-spiking twin of X, unless a controller has that name.

    Raises:
        ConfigError: a controller occurs twice.
        UnknownNameError: there is no such controller.
        ParameterError: the controller has no twin.
    """
    short = [Path(source).stem for source in sources]
    names = [
        name if short.count(name) == 1 else source
        for name, source in zip(short, sources, strict=True)
    ]
    if len(set(names)) < len(names):
        repeated = next(name for name in names if names.count(name) > 1)
        raise ConfigError(f"{repeated} occurs twice; name different controllers")
    return {name: _load(source) for name, source in zip(names, sources, strict=True)}


def _load(source: str) -> Controller:
    try:
        return load_named(source)
    except UnknownNameError:
        if not source.endswith(TWIN):
            raise
    controller = load_named(source.removesuffix(TWIN))
    try:
        return system_of(controller).twin(controller)
    except ParameterError as exc:
        raise ParameterError(f"{source}: {exc}") from exc
