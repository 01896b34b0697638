"""Fused loop against the controller in the plant, tick by tick, and rollouts in MuJoCo."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest

import snn_control.envs  # noqa: F401
from snn_control.controllers import PID, Altitude, load
from snn_control.controllers.blimp.counter_integral import CounterIntegral, counter_integral
from snn_control.controllers.blimp.thermometer_pd import ThermometerPD, thermometer_pd
from snn_control.engines.layout import lay_out
from snn_control.errors import InterfaceMismatchError
from snn_control.network import merge
from snn_control.training.blimp.closed_loop import (
    HOLD_RMSE,
    N_FIGURES,
    OVERSHOOT,
    RMSE,
    fly,
    fly_controllers,
    judge,
)
from snn_control.training.blimp.scenarios import scenario_batch
from snn_control.training.rollout import rollout


def altitude() -> Altitude:
    return Altitude([thermometer_pd(ThermometerPD()), counter_integral(CounterIntegral())])


def test_fused_flights_equal_those_of_controller_and_plant() -> None:
    batch = scenario_batch(("default", "stress"), 4, 100.0, seed=3)
    network = merge(altitude().networks)
    layout = lay_out(network)
    fused = fly(layout, *layout.rows([network]), batch)
    slow = fly_controllers([altitude() for _ in range(4)], batch)
    for name in ("rmse_m", "hold_rmse_m", "overshoot_m", "steady_state_error_m", "chatter"):
        np.testing.assert_array_equal(getattr(fused, name), getattr(slow, name))
    assert np.all(fused.spikes_per_s > 1.0)


@pytest.mark.parametrize(("jump_m", "jumps"), [(0.5, 1), (-0.5, 1), (0.5, 2)])
@pytest.mark.parametrize(
    ("after_s", "overshoot_m"), [(0.05, 0.1), (9.85, 0.1), (9.95, 0.0), (15.0, 0.0)]
)
def test_figures_of_a_peak_after_a_jump(
    jump_m: float, jumps: int, after_s: float, overshoot_m: float
) -> None:
    """Height equal to the reference except for one peak of 0.1 m after the last jump.

    Heights belong to the end of a tick of 0.05 s, so that the peak ends `after_s` after the jump.
    """
    n, at = 1200, 600
    reference = np.where(np.arange(n) >= at, 1.0 + jump_m, 1.0)
    if jumps == 2:
        reference[: at // 2] = 0.5
    heights = reference.copy()
    heights[at + round(after_s / 0.05) - 1] += 0.1 * np.sign(jump_m)
    figures = np.zeros(N_FIGURES)
    judge(reference, heights, np.zeros(n), np.full(n, 5, np.int32), n, figures)
    assert figures[OVERSHOOT] == pytest.approx(overshoot_m / jumps)
    assert figures[RMSE] == pytest.approx(0.1 / np.sqrt(n))
    held = {1: 401, 2: 502}[jumps]  # ends of ticks from 10 s after a jump on
    assert figures[HOLD_RMSE] == pytest.approx(0.1 / np.sqrt(held) if after_s > 10 else 0.0)


def test_equal_seeds_give_equal_episodes_and_the_controller_holds() -> None:
    env = gymnasium.make("snn_control/BlimpAltitude-v0", duration_s=150.0, preset="clean")
    first, second = (rollout(altitude(), env, seed=4) for _ in range(2))
    for name, values in first.trace.items():
        np.testing.assert_array_equal(values, second.trace[name])
    assert first.metrics == second.metrics
    assert first.metrics["hold_rmse_m"] < 0.03
    assert first.metrics["spikes_per_s"] > 1.0
    pid = rollout(load("pid"), env, seed=4)
    assert pid.metrics["hold_rmse_m"] < 0.03
    assert pid.metrics["spikes_per_s"] == 0.0


def test_a_mismatch_lists_the_names_of_both_sides() -> None:
    env = gymnasium.make("snn_control/BlimpAltitude-v0")
    pid = PID()
    pid.observation_names = ("depth_m",)
    with pytest.raises(InterfaceMismatchError, match=r"depth_m.*height_error_m"):
        rollout(pid, env, seed=0)
