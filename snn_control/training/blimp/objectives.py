"""Metrics of whole populations, as objectives: those of the closed loop, others from heights."""

from __future__ import annotations

from collections.abc import Callable, Collection

import numpy as np
import numpy.typing as npt

from snn_control.envs.blimp import plant
from snn_control.envs.blimp.batch import ScenarioBatch
from snn_control.envs.blimp.metrics import REWARD_MARGIN_M, REWARD_WITHIN_M, altitude_metrics
from snn_control.envs.rewards import tolerances
from snn_control.training.blimp.closed_loop import FIGURES, Flights
from snn_control.training.evolution.objective import REWARD

__all__ = ["METRICS", "metrics_of", "needs_heights"]

FloatArray = npt.NDArray[np.float64]
OF_HEIGHTS = (
    "step_rmse_m",
    "hold_bias_m",
    "steady_state_offset_m",
    "overshoot_up_m",
    "overshoot_down_m",
    "rise_time_s",
)
METRICS = (*FIGURES, *OF_HEIGHTS, REWARD)
"""Names of the metrics: of `Flights`, of `envs.blimp.metrics` and the total reward."""


def needs_heights(names: Collection[str]) -> bool:
    """Return True if a metric among the names is computed from the heights of each tick."""
    return not {REWARD, *OF_HEIGHTS}.isdisjoint(names)


def metrics_of(
    flights: Flights, batch: ScenarioBatch, names: Collection[str]
) -> dict[str, FloatArray]:
    """Return the mean of each metric over the scenarios, shape (n_networks,).

    Heights are those of the control ticks. The rise time of a flight that reaches no reference is
    the length of the flight.

    Args:
        flights: figures and, if `needs_heights(names)`, heights.
        batch: scenarios of the flights.
        names: names among `METRICS`; others are ignored.
    """
    means = {name: getattr(flights, name).mean(axis=1) for name in names if name in FIGURES}
    if REWARD in names:
        means[REWARD] = _over_scenarios(_reward, flights, batch)
    if not set(OF_HEIGHTS).isdisjoint(names):
        of_heights = [
            [_of_heights(heights, batch, k) for k, heights in enumerate(rows)]
            for rows in flights.height_m
        ]
        for name in set(OF_HEIGHTS) & set(names):
            means[name] = np.array([np.mean([f[name] for f in row]) for row in of_heights])
    return means


def _over_scenarios(
    figure: Callable[[FloatArray, ScenarioBatch, int], FloatArray],
    flights: Flights,
    batch: ScenarioBatch,
) -> FloatArray:
    columns = [figure(flights.height_m[:, k], batch, k) for k in range(len(batch.n_ticks))]
    return np.mean(columns, axis=0)


def _reward(heights: FloatArray, batch: ScenarioBatch, k: int) -> FloatArray:
    """Return the total rewards in scenario `k`, shape (n_networks,), see `BlimpAltitude`."""
    n = batch.n_ticks[k]
    reference = np.append(batch.reference_m[k, 1:n], batch.reference_m[k, n - 1])
    miss = reference - heights[:, :n]
    return tolerances(miss, -REWARD_WITHIN_M, REWARD_WITHIN_M, REWARD_MARGIN_M).sum(axis=1)


def _of_heights(heights: FloatArray, batch: ScenarioBatch, k: int) -> dict[str, float]:
    n = batch.n_ticks[k]
    time_s = np.cumsum(batch.substeps[k, :n]) * plant.PHYSICS_STEP_S
    metrics = altitude_metrics(time_s, batch.reference_m[k, :n], heights[:n])
    if np.isnan(metrics["rise_time_s"]):
        metrics["rise_time_s"] = float(time_s[-1])
    return metrics
