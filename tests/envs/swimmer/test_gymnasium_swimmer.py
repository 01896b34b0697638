"""Gymnasium's swimmer under the untrained circuit."""

from __future__ import annotations

import math

import gymnasium
import numpy as np
import pytest

import snn_control
import snn_control.envs
from snn_control.controllers.swimmer.circuit import swimmer_circuit
from snn_control.controllers.swimmer.swimmer import Swimmer
from snn_control.errors import ControlPeriodError
from tests.needs import NEEDS_REPORT

pytest.importorskip("imageio", reason=NEEDS_REPORT)


def circuit(control_period_s: float) -> Swimmer:
    network = swimmer_circuit(2, math.radians(100), control_period_s=control_period_s).network()
    return Swimmer(network, 80)


def test_return_of_the_untrained_circuit() -> None:
    env = snn_control.envs.make("Swimmer-v5")
    returns = [snn_control.rollout(circuit(0.04), env, seed=seed).total_reward for seed in range(5)]
    assert np.mean(returns) == pytest.approx(114.9, abs=3.0)


def test_environment_equals_gymnasium_tick_for_tick() -> None:
    ours, theirs = snn_control.envs.make("Swimmer-v5"), gymnasium.make("Swimmer-v5")
    np.testing.assert_array_equal(ours.reset(seed=3)[0], theirs.reset(seed=3)[0])
    for _ in range(20):
        action = ours.action_space.sample()
        mine, other = ours.step(action), theirs.step(action)
        np.testing.assert_array_equal(mine[0], other[0])
        assert mine[1] == other[1]
    assert mine[4]["time_s"] == pytest.approx(0.8)


def test_circuit_of_another_period_is_an_error() -> None:
    with pytest.raises(ControlPeriodError):
        snn_control.rollout(circuit(0.03), snn_control.envs.make("Swimmer-v5"), seed=0)
