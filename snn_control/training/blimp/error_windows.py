"""Training data: windows of height errors; targets are the compressed P + D of the PID."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from snn_control.envs.blimp.flight_log import read_flight_log
from snn_control.errors import ConfigError
from snn_control.training.blimp.imitation import pid_targets
from snn_control.training.blimp.synthetic_errors import synthetic_errors
from snn_control.training.blimp.train_config import TrainConfig

FloatArray = npt.NDArray[np.float64]
Float32Array = npt.NDArray[np.float32]
LIDAR_STEP_M = 0.01


class ErrorWindows:
    """Random windows of synthetic and logged flights."""

    def __init__(self, config: TrainConfig, seed: int) -> None:
        self._config = config
        self._errors: list[FloatArray] = [
            *synthetic_flights(config, config.sequences, seed),
            *(_logged_flight(path, config.window_ticks) for path in config.flights),
        ]
        self._targets = [pid_targets(row)["pd"] for row in self._errors]

    def draw(self, rng: np.random.Generator) -> tuple[Float32Array, Float32Array]:
        """Draw errors in m and P + D targets in motor units, each (window_ticks, batch)."""
        length = self._config.window_ticks
        errors, targets = [], []
        for index in self._draw_flights(rng):
            start = rng.integers(0, len(self._errors[index]) - length + 1)
            errors.append(self._errors[index][start : start + length])
            targets.append(self._targets[index][start : start + length])
        return np.stack(errors, 1).astype(np.float32), np.stack(targets, 1).astype(np.float32)

    def _draw_flights(self, rng: np.random.Generator) -> npt.NDArray[np.int64]:
        """Draw the index of the flight of each window; logged flights have the last indices."""
        c = self._config
        drawn = rng.integers(0, c.sequences, c.batch)
        if c.flights:
            logged = rng.random(c.batch) < c.flight_share
            drawn[logged] = rng.integers(c.sequences, len(self._errors), logged.sum())
        return drawn


def synthetic_flights(config: TrainConfig, n: int, seed: int) -> FloatArray:
    """Return the errors of n synthetic flights with a flickering sensor, (n, sequence_ticks)."""
    errors = synthetic_errors(
        n,
        config.sequence_ticks,
        seed,
        least_share=config.least_share,
        random_reference=config.random_reference,
    )
    flicker = np.random.default_rng(seed).random(errors.shape)
    step = np.where(flicker < config.flicker / 2, LIDAR_STEP_M, -LIDAR_STEP_M)
    return errors + np.where(flicker < config.flicker, step, 0.0)


def _logged_flight(path: str, window_ticks: int) -> FloatArray:
    errors = read_flight_log(Path(path)).error_m
    if len(errors) < window_ticks:
        raise ConfigError(
            f"flights: {path} has {len(errors)} rows, fewer than window_ticks {window_ticks}"
        )
    return errors
