"""Height errors of PIDs with drawn gains in drawn blimps: data for imitation."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from snn_control.controllers.blimp.pid import PID, PIDConfig
from snn_control.envs.blimp.batch import BlimpPlants
from snn_control.envs.blimp.presets import blimp_parameters
from snn_control.envs.blimp.scenario import draw_scenario

FloatArray = npt.NDArray[np.float64]


def synthetic_errors(
    n_sequences: int,
    n_ticks: int,
    seed: int,
    presets: tuple[str, ...] = ("clean", "missed", "default"),
    least_share: tuple[float, float, float] = (0.7, 0.7, 0.7),
    random_reference: bool = True,
) -> FloatArray:
    """Fly drawn PIDs through drawn scenarios.

    Args:
        n_sequences: number of flights.
        n_ticks: length of each flight, ticks.
        seed: seed of gains, scenarios and references.
        presets: presets of the scenarios, taken in turn.
        least_share: lower bounds of P, I and D: gains are drawn between this fraction and 1.3 times
            9 / 0.75 / 14. Small gains add lasting and oscillating errors, those of worse
            controllers.
        random_reference: True for steps of random time and size; False for the environment's.

    Returns:
        Measured height errors, m, shape (n_sequences, n_ticks).
    """
    if n_sequences == 0:
        return np.zeros((0, n_ticks))
    rng = np.random.default_rng(seed)
    duration_s = 0.15 * n_ticks + 10.0
    scenarios, pids = [], []
    for k in range(n_sequences):
        parameters = blimp_parameters(
            presets[k % len(presets)], {"random_reference": random_reference}
        )
        scenarios.append(draw_scenario(parameters, int(rng.integers(2**31)), duration_s))
        kp, ki, kd = np.array([9.0, 0.75, 14.0]) * rng.uniform(least_share, 1.3)
        pids.append(PID(PIDConfig(kp=kp, ki=ki, kd=kd)))
    plants = BlimpPlants(scenarios)
    errors = np.zeros((n_sequences, n_ticks))
    measured = plants.reset().copy()
    for t in range(n_ticks):
        errors[:, t] = measured
        commands = np.array([pid.step(measured[k : k + 1])[0] for k, pid in enumerate(pids)])
        measured = plants.step(commands).copy()
    return errors
