"""Height of a blimp without a lidar, with and without the barometer of a neighbour.

Two blimps in one room share the drift of their barometers. The neighbour, which has its lidar,
sends the offset of its barometer, one float a second; the blind blimp corrects its own offset by
it. The true height is compared with the setpoint while the lidar is off.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.envs.blimp.sensing.errors import SenseParameters
from snn_control.errors import ParameterError
from snn_control.studies.study import Progress, StudyConfig, StudyResult, silent
from snn_control.supervision.faults import Fault, FaultKind
from snn_control.training.blimp.supervised.flight import FlightSettings, fly
from snn_control.training.statistics import half_width

HEIGHT_M = 1.4
START_S, AFTER_S = 60.0, 5.0
"""Start of the fault, and time after its end, s."""
OWN_DRIFT_M = 0.02
"""Standard deviation of the drift that a barometer does not share, m."""


@dataclass(frozen=True, kw_only=True)
class Config(StudyConfig):
    """Settings of the study."""

    seeds: int = 12
    """Number of pairs of flights for each row."""
    first_seed: int = 8000
    """First of the consecutive seeds of the blind blimp; its neighbour has seeds 1000 above."""
    blind_s: float = 120.0
    """Time without a lidar, s."""
    rates_hz: tuple[float, ...] = (1.0, 0.2)
    """Rates of the messages of the neighbour, at most 1 Hz."""
    losses: tuple[float, ...] = (0.0, 0.5, 0.9)
    """Shares of messages that are lost, at the first of the rates."""
    drift_m: float = 0.3
    """Standard deviation of the common drift, m."""
    drift_s: float = 300.0
    """Correlation time of the common drift, s."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not all(0.0 < rate <= 1.0 for rate in self.rates_hz) or not self.rates_hz:
            raise ParameterError(f"rates_hz: {self.rates_hz}; expected rates up to 1 Hz")
        if not all(0.0 <= loss < 1.0 for loss in self.losses):
            raise ParameterError(f"losses: {self.losses}; expected shares below 1")


def run(config: Config, *, folder: Path | None = None, progress: Progress = silent) -> StudyResult:
    """Fly the blind blimp with each kind of help."""
    helps: list[tuple[str, float, float]] = [("own barometer", 0.0, 0.0)]
    helps += [("neighbour's barometer", rate, 0.0) for rate in config.rates_hz]
    helps += [("neighbour's barometer", config.rates_hz[0], loss) for loss in config.losses if loss]
    seeds = range(config.first_seed, config.first_seed + config.seeds)
    drifts = {seed: _drift(config, seed) for seed in seeds}
    offsets = {seed: _neighbour(config, seed, drifts[seed]) for seed in seeds}
    rows: list[dict[str, Any]] = []
    for name, rate_hz, loss in helps:
        errors = np.array([
            _blind(config, seed, drifts[seed], _kept(offsets[seed], rate_hz, loss, seed))
            for seed in seeds
        ])  # fmt: skip
        largest, rms = errors.T
        row = {
            "help": name,
            "rate_hz": rate_hz,
            "lost": loss,
            "floats_per_s": rate_hz * (1.0 - loss),
            "error_mean_m": float(largest.mean()),
            "error_mean_m_ci95": half_width(largest),
            "error_max_m": float(largest.max()),
            "rms_m": float(rms.mean()),
        }
        rows.append(row)
        progress(
            f"{name}, {rate_hz:g} Hz, {loss:.0%} lost: largest error {row['error_max_m']:.2f} m"
        )
    summary = (
        f"Largest error of the height in {config.blind_s:g} s without a lidar, {config.seeds} "
        f"pairs of blimps, common drift of {config.drift_m:g} m in {config.drift_s:g} s; the mean "
        "over the pairs and the worst pair."
    )
    return StudyResult(rows, summary)


def _settings(config: Config, drift_m: npt.NDArray[np.float64]) -> FlightSettings:
    return FlightSettings(
        START_S + config.blind_s + AFTER_S,
        reference_m=lambda _: HEIGHT_M,
        senses=SenseParameters(barometer_drift_m=OWN_DRIFT_M),
        common_drift_m=drift_m,
    )


def _drift(config: Config, seed: int) -> npt.NDArray[np.float64]:
    """Return the common drift of a pair, m, one entry a second."""
    normals = np.random.default_rng([seed, 19]).standard_normal(
        math.ceil(START_S + config.blind_s + AFTER_S) + 2
    )
    kept = math.exp(-1.0 / config.drift_s)
    drift = config.drift_m * normals
    for k in range(1, drift.size):
        drift[k] = kept * drift[k - 1] + math.sqrt(1.0 - kept * kept) * drift[k]
    return drift


def _neighbour(
    config: Config, seed: int, drift_m: npt.NDArray[np.float64]
) -> tuple[tuple[float, float], ...]:
    """Return the messages of the neighbour of a blimp."""
    return fly(seed + 1000, (), _settings(config, drift_m)).offsets_m


def _kept(
    offsets: Sequence[tuple[float, float]], rate_hz: float, loss: float, seed: int
) -> list[tuple[float, float]]:
    """Return the messages that arrive."""
    if not rate_hz:
        return []
    lost = np.random.default_rng([seed, 20]).random(len(offsets)) < loss
    every = round(1.0 / rate_hz)
    return [
        message
        for k, message in enumerate(offsets)
        if k % every == 0 and not lost[k] and math.isfinite(message[1])
    ]


def _blind(
    config: Config,
    seed: int,
    drift_m: npt.NDArray[np.float64],
    messages: Sequence[tuple[float, float]],
) -> tuple[float, float]:
    """Return the largest and the RMS error of the height without a lidar, m."""
    fault = Fault("lidar", FaultKind.OFF, START_S, START_S + config.blind_s)
    settings = replace(_settings(config, drift_m), neighbour_m=tuple(messages))
    flight = fly(seed, (fault,), settings)
    blind = (flight.time_s >= START_S) & (flight.time_s < START_S + config.blind_s)
    errors_m = (flight.height_m - HEIGHT_M)[blind]
    return float(np.abs(errors_m).max()), float(np.sqrt(np.mean(errors_m**2)))
