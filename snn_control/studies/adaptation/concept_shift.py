"""Accuracy on a stream of digits whose labels are swapped, by rules that set the learning rate.

Every sample is predicted before it is learned. Two labels are swapped every N samples, and a share
of the labels that the learner receives may be random; accuracy counts true labels. The best
constant rate of each condition is chosen on separate seeds. Adaptive rules have the same settings
in all conditions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.errors import ParameterError
from snn_control.ranges import require_positive
from snn_control.studies.adaptation.support.need_rule import MEMORY, NeedRule, learn_by_need
from snn_control.studies.study import Progress, StudyConfig, StudyResult, TablePart, silent
from snn_control.studies.support.digits.descent import constant_rate, trial_rate
from snn_control.studies.support.digits.mixture import mixture
from snn_control.studies.support.digits.network import BATCH, draw_parameters
from snn_control.studies.support.digits.stream import DigitStream, digit_images, draw_stream
from snn_control.studies.support.plots import error_bars
from snn_control.training.statistics import half_width

FloatArray = npt.NDArray[np.float64]
Learner = Callable[[DigitStream, FloatArray, int], tuple[float, float]]
"""Function of a stream, initial parameters and a seed; accuracy and a rate."""

BEST = "best constant"
LIMIT = 0.5
"""Largest norm of a step where steps are clipped."""
COUNTED_FROM = 0.25
"""Share of the stream before the first sample that counts."""
UP, DOWN = 0.1, 0.05
"""Logarithmic steps of the trial."""
LOWEST, HIGHEST = 1e-3, 1.0
"""Bounds of the rate of the trial, whose steps are clipped."""
NEED_HIGHEST = 0.3
"""Largest rate of the repaired need rule, whose steps are not clipped."""


@dataclass(frozen=True, kw_only=True)
class Config(StudyConfig):
    """Settings of the study."""

    first_seed: int = 20
    """First of the consecutive seeds of streams and initial networks."""
    tuning_seeds: int = 3
    """Number of seeds that choose the best constant rate."""
    first_tuning_seed: int = 1000
    """First of the consecutive seeds that choose it."""
    samples: int = 40_000
    """Length of a stream; the last 75 % count."""
    swap_every: tuple[int, ...] = (0, 2000, 500, 200, 100)
    """Samples between two swaps of labels; 0: no swaps."""
    noise: tuple[float, ...] = (0.0, 0.3)
    """Shares of random labels that the learner receives."""
    constants: tuple[float, ...] = (0.03, 0.1, 0.3)
    """Constant learning rates."""
    clipped: tuple[float, ...] = (0.3, 0.6)
    """Constant learning rates with steps of bounded norm."""
    start: float = 0.03
    """Initial rate of the rules that change it."""
    trunk: float = 0.3
    """Learning rate of the hidden layers under fixed share."""
    readouts: tuple[float, ...] = (0.1, 0.25, 0.6, 1.5, 3.0)
    """Learning rates of the readouts under fixed share."""
    share: float = 0.005
    """Part of the weights that fixed share spreads evenly."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.samples < 4 * (MEMORY + BATCH):
            raise ParameterError(
                f"samples is {self.samples}; expected at least {4 * (MEMORY + BATCH)}"
            )
        if self.tuning_seeds < 1 or self.first_tuning_seed < 0:
            raise ParameterError("expected at least one tuning seed, and none below 0")
        tuning = range(self.first_tuning_seed, self.first_tuning_seed + self.tuning_seeds)
        if set(tuning) & set(range(self.first_seed, self.first_seed + self.seeds)):
            raise ParameterError(
                f"seeds {tuning.start} to {tuning.stop - 1} choose the constant; expected others "
                "for the table, change first_seed"
            )
        if not all(swap == 0 or swap >= BATCH for swap in self.swap_every):
            raise ParameterError(f"swap_every: {self.swap_every}; expected 0 or at least {BATCH}")
        if not all(0.0 <= noise <= 1.0 for noise in self.noise):
            raise ParameterError(f"noise: {self.noise}; expected shares from 0 to 1")
        if not self.constants + self.clipped or not self.readouts:
            raise ParameterError("expected at least one constant rate and one readout")
        for name in ("constants", "clipped", "readouts"):
            require_positive({f"{name}[{k}]": v for k, v in enumerate(getattr(self, name))})
        require_positive({"start": self.start, "trunk": self.trunk})
        if not 0.0 < self.share < 1.0:
            raise ParameterError(f"share is {self.share:g}; expected between 0 and 1")


def constants(config: Config) -> dict[str, Learner]:
    """Return the learners with a constant rate by name."""
    counted = round(COUNTED_FROM * config.samples)

    def learner(rate: float, limit: float) -> Learner:
        return lambda stream, parameters, seed: constant_rate(
            stream, parameters, counted, rate, limit
        )

    named = {f"constant {rate:g}": learner(rate, math.inf) for rate in config.constants}
    return named | {f"constant {rate:g}, clipped": learner(rate, LIMIT) for rate in config.clipped}


def adaptive(config: Config) -> dict[str, Learner]:
    """Return the learners that adapt by name."""
    counted = round(COUNTED_FROM * config.samples)
    rates = np.array(config.readouts)

    def need(**changes: Any) -> Learner:
        rule = NeedRule(rate=config.start, **changes)
        return lambda stream, parameters, seed: learn_by_need(
            stream, parameters, counted, rule, seed
        )

    return {
        "need, as published": need(),
        "need, repaired": need(
            whole_batch=True, observed_labels=True, relative=UP, highest=NEED_HIGHEST
        ),
        "random walk": need(coin=True),
        "trial": lambda stream, parameters, seed: trial_rate(
            stream, parameters, counted, config.start, LIMIT, UP, DOWN, LOWEST, HIGHEST
        ),
        "fixed share": lambda stream, parameters, seed: mixture(
            stream, parameters, counted, config.trunk, LIMIT, rates, config.share
        ),
    }


def run(config: Config, *, folder: Path | None = None, progress: Progress = silent) -> StudyResult:
    """Learn each stream by each rule."""
    n_images = len(digit_images()[0])
    fixed, others = constants(config), adaptive(config)
    seeds = range(config.first_seed, config.first_seed + config.seeds)
    tuning = range(config.first_tuning_seed, config.first_tuning_seed + config.tuning_seeds)
    rows: list[dict[str, Any]] = []
    for noise in config.noise:
        for swap in config.swap_every:
            chosen = best_of(_learn(config, fixed, tuning, swap, noise))
            results = _learn(config, fixed | others, seeds, swap, noise)
            results[BEST] = results[chosen]
            for rule in (*fixed, BEST, *others):
                row = {"rule": rule, "swap_every": swap, "noise": noise}
                rows.append(row | _figures(results[rule], results[BEST]))
            progress(
                f"noise {noise:g}, swap every {swap}: {BEST} {chosen.removeprefix('constant ')} "
                f"{_mean(results[BEST]):.3f}, "
                + ", ".join(f"{rule} {_mean(results[rule]):.3f}" for rule in others)
            )
    summary = (
        f"Accuracy over the last 75 % of {config.samples} samples, each predicted before it is "
        f"learned; {config.seeds} seeds with 95 % intervals. The best constant of each condition "
        f"is that of {config.tuning_seeds} separate seeds; `over_best` is the paired difference "
        "to it."
    )
    columns = ("accuracy", "accuracy_low", "accuracy_high", "over_best", "over_best_ci95", "rate")
    parts = [
        TablePart(
            f"Random labels: {noise:.0%}", ("rule", "swap_every"), columns, {"noise": (noise,)}
        )
        for noise in config.noise
    ]
    notes = (f"{n_images} images of scikit-learn, drawn with replacement",)
    return StudyResult(rows, summary, _figures_of(config, rows), parts, notes)


def best_of(results: Mapping[str, FloatArray]) -> str:
    """Return the learner with the largest mean accuracy."""
    return max(results, key=lambda rule: _mean(results[rule]))


def _learn(
    config: Config, learners: Mapping[str, Learner], seeds: range, swap: int, noise: float
) -> dict[str, FloatArray]:
    """Return accuracy and rate of each learner and seed, shape (seeds, 2)."""
    results: dict[str, list[tuple[float, float]]] = {rule: [] for rule in learners}
    for seed in seeds:
        stream = draw_stream(seed, config.samples, swap, noise)
        for rule, learn in learners.items():
            results[rule].append(learn(stream, draw_parameters(seed), seed))
    return {rule: np.array(values) for rule, values in results.items()}


def _mean(result: FloatArray) -> float:
    return float(result[:, 0].mean())


def _figures(result: FloatArray, best: FloatArray) -> dict[str, Any]:
    accuracy, half = _mean(result), half_width(result[:, 0])
    over = result[:, 0] - best[:, 0]
    return {
        "accuracy": accuracy,
        "accuracy_low": accuracy - half,
        "accuracy_high": accuracy + half,
        "over_best": float(over.mean()),
        "over_best_ci95": half_width(over),
        "rate": float(result[:, 1].mean()),
    }


def _figures_of(config: Config, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    drawn = [
        row
        | {
            "swaps": 1000.0 / row["swap_every"] if row["swap_every"] else 0.0,
            "accuracy_ci95": row["accuracy_high"] - row["accuracy"],
        }
        for row in rows
    ]
    return [
        error_bars(
            [row for row in drawn if row["noise"] == noise],
            "swaps",
            "accuracy",
            by="rule",
            title=f"Accuracy with {noise:.0%} random labels",
            x_title="swaps of labels in 1000 samples",
            y_title="accuracy",
        )
        for noise in config.noise
    ]
