"""Heights of simulated vehicles with the readings of a lidar, a barometer and an accelerometer.

A vehicle follows references by a second-order law with limited acceleration, in gusts:

    z'' = clip(0.4 (r - z) - 1.1 z', -0.3, 0.3) + gust,   r from 0.5 to 2.5 m, new every 12 s
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

TICK_S = 0.1
BAROMETER_SD_M = 0.1
ACCELERATION_SD_M_S2, ACCELERATION_BIAS_M_S2 = 0.02, 0.03
STEP_M = 0.01
BIAS_M, BIAS_S, BETWEEN_BIASES_S = 0.5, 6.0, 14.0
DRIFT_S = 120.0
SIGMAS_M = (0.01, 0.05, 0.1, 0.3, 1.0)
_REFERENCE_S, _GUST_M_S2, _GUST_S = 12.0, 0.03, 3.0


@dataclass(frozen=True)
class Condition:
    """State of the sensors in an episode."""

    sigma_m: float = 0.05
    """White noise of the lidar, m; 0: one of `SIGMAS_M`, a new one every 5 to 15 s."""
    dropout: float = 0.0
    """Fraction of ranges that are missing."""
    biased: bool = False
    """True: the lidar is wrong by 0.5 m for 6 s now and then."""
    drift_m: float = 0.0
    """Standard deviation of the drift of the barometer, m."""


CONDITIONS: dict[str, Condition] = {
    **{f"lidar {sigma:g} m": Condition(sigma) for sigma in SIGMAS_M},
    "0.05 m, 20 % missing": Condition(0.05, dropout=0.2),
    "0.05 m, 60 % missing": Condition(0.05, dropout=0.6),
    "0.02 m, wrong by 0.5 m": Condition(0.02, biased=True),
    "switching": Condition(0.0),
    "switching, missing, wrong": Condition(0.0, dropout=0.2, biased=True),
    "0.05 m, barometer drifts": Condition(0.05, drift_m=0.15),
}
"""Conditions of the study by name; no network is trained on the last one."""


@dataclass(frozen=True)
class Episodes:
    """Heights and readings, each of shape (n_episodes, n_ticks)."""

    height_m: FloatArray
    """True height."""
    lidar_m: FloatArray
    """Ranges; NaN where one is missing."""
    barometer_m: FloatArray
    """Heights of the barometer."""
    acceleration_m_s2: FloatArray
    """Mean acceleration since the last tick, with noise and constant bias."""
    sigma_m: FloatArray
    """White noise of the lidar, as a filter with known noise uses it."""

    def joined(self, other: Episodes) -> Episodes:
        """Return the episodes of both."""
        pairs = {
            item.name: np.concatenate([getattr(self, item.name), getattr(other, item.name)])
            for item in fields(self)
        }
        return Episodes(**pairs)


def draw_episodes(condition: Condition, n: int, n_ticks: int, rng: np.random.Generator) -> Episodes:
    """Draw episodes that start at rest between 0.5 and 2.5 m."""
    height_m, acceleration = _motion(n, n_ticks, rng)
    sigma_m = np.full((n, n_ticks), condition.sigma_m)
    if not condition.sigma_m:
        sigma_m = _switching(np.array(SIGMAS_M), n, n_ticks, 5.0, 15.0, rng)
    lidar_m = height_m + sigma_m * rng.standard_normal((n, n_ticks))
    if condition.biased:
        lidar_m += BIAS_M * _biased(n, n_ticks, rng)
    missing = rng.random((n, n_ticks)) < condition.dropout
    lidar_m = np.where(missing, np.nan, _in_steps(lidar_m))
    drift_m = _coloured(n, n_ticks, DRIFT_S, rng) * condition.drift_m
    white_m = BAROMETER_SD_M * rng.standard_normal((n, n_ticks))
    noise = ACCELERATION_SD_M_S2 * rng.standard_normal((n, n_ticks))
    bias = ACCELERATION_BIAS_M_S2 * rng.standard_normal((n, 1))
    return Episodes(
        height_m, lidar_m, _in_steps(height_m + drift_m + white_m), acceleration + noise + bias,
        sigma_m,
    )  # fmt: skip


def _motion(n: int, n_ticks: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Return heights, m, and mean accelerations since the last tick, m/s^2."""
    gust = _GUST_M_S2 * _coloured(n, n_ticks, _GUST_S, rng)
    turns = 1 + int(n_ticks * TICK_S / _REFERENCE_S) + 1
    references = rng.uniform(0.5, 2.5, (n, turns))
    first_s = rng.uniform(0.0, _REFERENCE_S, n)
    z, v = references[:, 0].copy(), np.zeros(n)
    heights, accelerations = np.empty((n, n_ticks)), np.empty((n, n_ticks))
    each = np.arange(n)
    for k in range(n_ticks):
        turn = ((first_s + k * TICK_S) / _REFERENCE_S).astype(int)
        push = np.clip(0.4 * (references[each, turn] - z) - 1.1 * v, -0.3, 0.3)
        accelerations[:, k] = push + gust[:, k]
        v = v + TICK_S * accelerations[:, k]
        z = z + TICK_S * v
        heights[:, k] = z
    return heights, accelerations


def _coloured(n: int, n_ticks: int, time_s: float, rng: np.random.Generator) -> FloatArray:
    """Return Ornstein-Uhlenbeck processes of variance 1."""
    series = rng.standard_normal((n, n_ticks))
    kept = float(np.exp(-TICK_S / time_s))
    for k in range(1, n_ticks):
        series[:, k] = kept * series[:, k - 1] + np.sqrt(1.0 - kept * kept) * series[:, k]
    return series


def _switching(
    values: FloatArray, n: int, n_ticks: int, low_s: float, high_s: float, rng: np.random.Generator
) -> FloatArray:
    """Return random values that hold for random times."""
    rows = np.empty((n, n_ticks))
    for row in rows:
        k = 0
        while k < n_ticks:
            stop = k + max(1, round(rng.uniform(low_s, high_s) / TICK_S))
            row[k:stop] = rng.choice(values)
            k = stop
    return rows


def _biased(n: int, n_ticks: int, rng: np.random.Generator) -> FloatArray:
    """Return 0, or 1 or -1 while a lidar is wrong."""
    rows = np.zeros((n, n_ticks))
    for row in rows:
        k = round(rng.exponential(BETWEEN_BIASES_S) / TICK_S)
        while k < n_ticks:
            stop = k + round(BIAS_S / TICK_S)
            row[k:stop] = rng.choice((-1.0, 1.0))
            k = stop + 1 + round(rng.exponential(BETWEEN_BIASES_S) / TICK_S)
    return rows


def _in_steps(values_m: FloatArray) -> FloatArray:
    return np.floor(values_m / STEP_M + 0.5) * STEP_M
