"""Errors of the lidar, the barometer and the vertical accelerometer of a blimp, drawn in advance.

Each sensor has a random stream that depends only on the seed of the scenario and the sensor, so
that a change of one leaves the others, the blimp and its ticks as they are.

    lidar:          steps of the lidar(height + N(0, lidar_noise^2))
    barometer:      steps(height + N(0, barometer_noise^2) + d),  d an Ornstein-Uhlenbeck process
    accelerometer:  steps(mean acceleration over the tick + N(0, noise^2) + b),  b constant
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from snn_control.envs.blimp import plant
from snn_control.envs.blimp.scenario import Scenario
from snn_control.ranges import require_not_negative, require_positive

__all__ = ["SenseErrors", "SenseParameters", "draw_sense_errors", "in_steps"]

LIDAR, BAROMETER_WHITE, BAROMETER_DRIFT, ACCELEROMETER = range(1, 5)
"""Second word of the seed of each random stream; scenarios have seeds of one word."""


@dataclass(frozen=True)
class SenseParameters:
    """Standard deviations and steps of the sensors.

    Raises:
        ParameterError: a value is negative or not finite.
    """

    lidar_noise_m: float = 0.005
    """White noise of the lidar before its steps, m; 0: none."""
    barometer_noise_m: float = 0.05
    """White noise of the barometric height, m."""
    barometer_drift_m: float = 0.15
    """Standard deviation of the slow drift of the barometric height, m."""
    barometer_drift_s: float = 120.0
    """Correlation time of the drift, s."""
    barometer_step_m: float = 0.01
    """Resolution of the barometric height, m; 0: none."""
    accelerometer_noise_m_s2: float = 0.02
    """White noise of the mean acceleration of a tick, m/s^2."""
    accelerometer_bias_m_s2: float = 0.03
    """Standard deviation of the constant bias, m/s^2."""
    accelerometer_step_m_s2: float = 0.002
    """Resolution of the acceleration, m/s^2; 0: none."""
    room_seed: int | None = None
    """Seed of the drift that all barometers in one room share; None: that of the scenario."""

    def __post_init__(self) -> None:
        numbers = {name: value for name, value in vars(self).items() if value is not None}
        require_not_negative(numbers)
        require_positive({"barometer_drift_s": self.barometer_drift_s})


@dataclass(frozen=True)
class SenseErrors:
    """Errors of one episode, one entry for each observation: shape (ticks + 1,)."""

    lidar_m: NDArray[np.float64]
    """Noise of the lidar before its steps, m."""
    barometer_m: NDArray[np.float64]
    """Noise and drift of the barometric height, m."""
    acceleration_m_s2: NDArray[np.float64]
    """Noise and bias of the acceleration, m/s^2."""


def draw_sense_errors(parameters: SenseParameters, scenario: Scenario) -> SenseErrors:
    """Draw the errors of the sensors in a scenario."""
    p, n = parameters, scenario.tick_step.size + 1
    steps = np.append(scenario.tick_step, scenario.n_steps)
    periods_s = np.diff(steps) * plant.PHYSICS_STEP_S

    def normals(stream: int, size: int) -> NDArray[np.float64]:
        return np.random.default_rng([scenario.seed, stream]).standard_normal(size)

    if p.room_seed is None:
        drift = _drift(p, normals(BAROMETER_DRIFT, n), periods_s)
    else:
        times_s = steps * plant.PHYSICS_STEP_S
        seconds = np.arange(math.ceil(times_s[-1]) + 1)
        rng = np.random.default_rng([p.room_seed, BAROMETER_DRIFT])
        common = _drift(p, rng.standard_normal(seconds.size), np.ones(seconds.size - 1))
        drift = np.interp(times_s, seconds, common)
    acceleration = normals(ACCELEROMETER, n + 1)
    return SenseErrors(
        lidar_m=p.lidar_noise_m * normals(LIDAR, n),
        barometer_m=p.barometer_noise_m * normals(BAROMETER_WHITE, n) + drift,
        acceleration_m_s2=p.accelerometer_bias_m_s2 * acceleration[0]
        + p.accelerometer_noise_m_s2 * acceleration[1:],
    )


def _drift(
    parameters: SenseParameters, normals: NDArray[np.float64], periods_s: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the drift of a barometer, from standard normal values with these times between."""
    drift = normals * parameters.barometer_drift_m
    kept = np.exp(-periods_s / parameters.barometer_drift_s)
    for k, fraction in enumerate(kept.tolist(), 1):
        drift[k] = fraction * drift[k - 1] + np.sqrt(1.0 - fraction**2) * drift[k]
    return drift


def in_steps(value: float, step: float) -> float:
    """Return a value rounded to a resolution, and to float32; a step of 0 rounds to float32."""
    rounded = np.floor(value / step + 0.5) * step if step else value
    return float(np.float32(rounded))
