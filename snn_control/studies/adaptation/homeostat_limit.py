"""Speed of threshold homeostasis in a recurrent spiking population, at multiples of its limit.

Populations of leaky integrate-and-fire neurons, all-to-all, hold their rate by thresholds that
adapt with a time constant 1 / eta, a multiple (`ratio`) of the smallest stable one of the linear
model in `plasticity.stability`. A run is unsafe if the rate of its population varies by a given
factor more than that of populations without homeostasis. Unsafe runs are refused before
the start, detected in operation by a `RateMonitor`, or missed; runs that would be refused are
simulated as well.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.errors import ParameterError
from snn_control.plasticity.stability import (
    SAFETY_FACTOR,
    HomeostatLoop,
    RateMonitor,
    largest_spread,
    relative_spread,
)
from snn_control.ranges import require_positive
from snn_control.studies.study import Progress, StudyConfig, StudyResult, silent
from snn_control.studies.support.plots import error_bars
from snn_control.studies.support.population import Population, PopulationConfig
from snn_control.training.statistics import half_width

FloatArray = npt.NDArray[np.float64]

BIN_S = 0.1
"""Time in which spikes are counted for a rate of the population, s."""
SETTLING_S = 2.0
"""Time before the monitor starts, s."""


@dataclass(frozen=True, kw_only=True)
class Config(StudyConfig):
    """Settings of the study."""

    seeds: int = 10
    """Number of runs of each setting."""
    calibration_seeds: int = 5
    """Number of runs without homeostasis that calibrate the monitor."""
    first_calibration_seed: int = 1000
    """First of their consecutive seeds."""
    loop_gains: tuple[float, ...] = (0.0, 0.5, 0.8, 0.9, 0.97)
    """Loop gains of the recurrence, from 0 to below 1."""
    ratios: tuple[float, ...] = (0.1, 0.3, 0.6, 1.0, 1.5, 3.0, 5.0, 10.0)
    """Time constants of the thresholds over the smallest stable one."""
    factor: float = SAFETY_FACTOR
    """Ratio below which a setting is refused."""
    tau_rate_s: float = 0.03
    """Time constant of the rate without recurrence: that of the synapses and half the membrane's,
    s."""
    duration_s: float = 120.0
    """Length of a run, s; its second half is measured."""
    window_s: float = 10.0
    """Window of the monitor, s."""
    margin: float = 1.5
    """Limit of the monitor over the largest spread in the calibration."""
    unsafe: float = 1.5
    """Spread over the mean one without homeostasis from which a run is unsafe."""
    population: PopulationConfig = field(default_factory=PopulationConfig)
    """Parameters of the population."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not all(0.0 <= gain < 1.0 for gain in self.loop_gains):
            raise ParameterError(f"loop_gains: {self.loop_gains}; expected from 0 to below 1")
        require_positive({f"ratios[{k}]": ratio for k, ratio in enumerate(self.ratios)})
        require_positive({"tau_rate_s": self.tau_rate_s, "margin": self.margin})
        if not self.factor >= 1.0 or not self.unsafe > 1.0:
            raise ParameterError(
                f"factor {self.factor:g}, unsafe {self.unsafe:g}: expected at least 1, and above 1"
            )
        if self.window_s < 2.0 * BIN_S or self.duration_s < 2.0 * (SETTLING_S + self.window_s):
            raise ParameterError(
                f"duration_s {self.duration_s:g}, window_s {self.window_s:g}: expected a window of "
                f"at least {2.0 * BIN_S:g} s, and twice the window and {2.0 * SETTLING_S:g} s"
            )
        if self.calibration_seeds < 1 or self.first_calibration_seed < 0:
            raise ParameterError("expected at least one calibration seed, and none below 0")


@dataclass(frozen=True)
class _Trial:
    """Result of one run."""

    spread: float
    unsafe: bool
    refused: bool
    detected_s: float
    """Time of the detection, s; NaN without one."""

    @property
    def detected(self) -> bool:
        return not math.isnan(self.detected_s)


def run(config: Config, *, folder: Path | None = None, progress: Progress = silent) -> StudyResult:
    """Simulate every setting."""
    seeds = range(config.first_seed, config.first_seed + config.seeds)
    rows: list[dict[str, Any]] = []
    every: list[tuple[float, _Trial]] = []
    for gain in config.loop_gains:
        loop = HomeostatLoop(
            config.population.threshold_slope(),
            gain,
            config.tau_rate_s,
            config.population.tau_filter_s,
        )
        without = [_rates(config, gain, 0.0, seed) for seed in seeds]
        spread = float(np.mean([relative_spread(_second_half(rates)) for rates in without]))
        limit = config.margin * largest_spread(_calibration(config, gain), _window(config))
        untouched = [_trial(config, limit, rates, spread, loop, 0.0) for rates in without]
        rows.append(_row(gain, None, untouched))
        for ratio in config.ratios:
            eta = loop.limit / ratio
            trials = [
                _trial(config, limit, _rates(config, gain, eta, seed), spread, loop, eta)
                for seed in seeds
            ]
            rows.append(_row(gain, ratio, trials))
            every += [(ratio, trial) for trial in trials]
        progress(
            f"loop gain {gain:g}: relative spread "
            + ", ".join(f"{row['relative_sd']:.2f}" for row in rows if row["loop_gain"] == gain)
        )
    return StudyResult(rows, _summary(config, every), [_figure(rows)])


def _rates(config: Config, gain: float, eta: float, seed: int) -> list[float]:
    """Return the rate of a population in each bin, 1/s."""
    population = Population(config.population, loop_gain=gain, eta=eta, seed=seed)
    steps = round(BIN_S / config.population.dt_s)
    return [population.advance(steps) for _ in range(round(config.duration_s / BIN_S))]


def _calibration(config: Config, gain: float) -> list[list[float]]:
    seeds = range(
        config.first_calibration_seed, config.first_calibration_seed + config.calibration_seeds
    )
    return [_rates(config, gain, 0.0, seed)[round(SETTLING_S / BIN_S) :] for seed in seeds]


def _window(config: Config) -> int:
    return round(config.window_s / BIN_S)


def _second_half(rates: Sequence[float]) -> Sequence[float]:
    return rates[len(rates) // 2 :]


def _trial(
    config: Config,
    limit: float,
    rates: Sequence[float],
    without: float,
    loop: HomeostatLoop,
    eta: float,
) -> _Trial:
    monitor = RateMonitor(_window(config), limit)
    detected_s = math.nan
    for k, rate in enumerate(rates):
        if k * BIN_S >= SETTLING_S and monitor.update(rate):
            detected_s = (k + 1) * BIN_S
            break
    spread = relative_spread(_second_half(rates))
    try:
        loop.require(eta, config.factor)
        refused = False
    except ParameterError:
        refused = True
    return _Trial(spread, spread > config.unsafe * without, refused, detected_s)


def _share(of: Sequence[bool]) -> float | None:
    return sum(of) / len(of) if of else None


def _row(gain: float, ratio: float | None, trials: Sequence[_Trial]) -> dict[str, Any]:
    spreads = np.array([trial.spread for trial in trials])
    unsafe = [trial for trial in trials if trial.unsafe]
    times = [trial.detected_s for trial in unsafe if trial.detected]
    return {
        "loop_gain": gain,
        "ratio": ratio,
        "relative_sd": float(spreads.mean()),
        "relative_sd_ci95": half_width(spreads),
        "unsafe": _share([trial.unsafe for trial in trials]),
        "refused": _share([trial.refused for trial in unsafe]),
        "detected": _share([trial.detected and not trial.refused for trial in unsafe]),
        "missed": _share([not trial.detected and not trial.refused for trial in unsafe]),
        "detected_if_run": _share([trial.detected for trial in unsafe]),
        "detected_after_s": float(np.median(times)) if times else None,
        "false_alarms": _share([trial.detected for trial in trials if not trial.unsafe]),
    }


def _summary(config: Config, every: Sequence[tuple[float, _Trial]]) -> str:
    unsafe = [trial for _, trial in every if trial.unsafe]
    safe = [trial for _, trial in every if not trial.unsafe]
    running = [trial for trial in safe if not trial.refused]
    refused = sum(trial.refused for trial in unsafe)
    accepted = [trial for trial in unsafe if not trial.refused]
    detected = sum(trial.detected for trial in accepted)
    beyond = sum(ratio >= 1.0 for ratio, trial in every if trial.unsafe)
    return (
        f"{len(unsafe)} of {len(every)} runs are unsafe (spread of the rate above "
        f"{config.unsafe:g} times that without homeostasis): {refused} refused by a factor of "
        f"{config.factor:g}, {detected} of the others detected, {len(accepted) - detected} missed. "
        f"The bare limit, a factor of 1, accepts {beyond}. Where refused runs are started all the "
        f"same, the monitor detects {sum(t.detected for t in unsafe)} of the {len(unsafe)}; it "
        f"reports {sum(t.detected for t in running)} of the {len(running)} safe runs that are "
        f"accepted. {len(safe) - len(running)} safe runs are refused."
    )


def _figure(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return error_bars(
        [row for row in rows if row["ratio"] is not None],
        "ratio",
        "relative_sd",
        by="loop_gain",
        title="Spread of the population's rate by the speed of its homeostasis",
        x_title="time constant of the thresholds over the smallest stable one",
        y_title="standard deviation over mean of the rate",
        log_x=True,
    )
