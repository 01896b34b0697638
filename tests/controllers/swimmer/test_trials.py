"""Trials of the swimmer: its sensor, rest without a reward, and efforts without trials."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snn_control.controllers import Swimmer, load, save
from snn_control.controllers.swimmer.homeostasis import Homeostasis
from snn_control.controllers.swimmer.trials import SPEED_SENSOR, SwimmerTrials
from snn_control.envs.swimmer.swim import Swim, joint_names
from snn_control.errors import InterfaceMismatchError, ObservationError, ParameterError
from snn_control.training.rollout import rollout

TRIALS = SwimmerTrials(healthy_m_s=0.1, start_s=0.5)
N_JOINTS = 5


def swimmer(**options: Any) -> Swimmer:
    controller = load("swimmer-spiking", **options)
    assert isinstance(controller, Swimmer)
    return controller


def angles(n: int) -> np.ndarray:
    """Return angles of an undulating body, shape (n, N_JOINTS)."""
    phases = 2 * np.pi * np.arange(N_JOINTS) / N_JOINTS
    return np.sin(np.arange(n)[:, None] / 15.0 - phases)


def swim(controller: Swimmer, n: int, velocity_m_s: float) -> np.ndarray:
    """Step with a constant velocity of the head, positive towards the tail; return the efforts."""
    rows = np.column_stack([angles(n), np.full(n, velocity_m_s)])
    return np.array([controller.step(row) for row in rows])


def until_trial(controller: Swimmer) -> None:
    """Step with a low speed until a parameter is under trial."""
    for _ in range(10):
        if controller.search and controller.search.on_trial:
            return
        swim(controller, 60, -0.05)
    raise AssertionError("no trial has started")


def test_the_speed_of_the_head_is_observed_only_with_trials() -> None:
    trying, plain = swimmer(trials=TRIALS), swimmer()
    assert trying.observation_names == (*plain.observation_names, SPEED_SENSOR)
    assert SPEED_SENSOR in Swim(6).observation_names
    assert (trying.optional_names, plain.optional_names) == ((SPEED_SENSOR,), ())
    assert (trying.adapts, plain.adapts) == (True, False)
    assert {"period_s", "receptor_gain", "trial", "change"} == (
        trying.readouts.keys() - plain.readouts.keys()
    )


@pytest.mark.parametrize("rest", ["frozen", "healthy", "unmeasured", "turning", "slow"])
def test_a_swimmer_whose_trials_rest_equals_one_without(rest: str) -> None:
    trying, plain = swimmer(trials=TRIALS), swimmer()
    command = {"turning": (1.0, 0.1), "slow": (0.9, 0.0)}.get(rest, (1.0, 0.0))
    trying.command(*command, frozen=rest == "frozen")
    plain.command(*command)
    velocity = {"healthy": -0.098, "unmeasured": math.nan}.get(rest, -0.05)
    expected = np.array([plain.step(row) for row in angles(500)])
    np.testing.assert_array_equal(swim(trying, 500, velocity), expected)
    assert trying.search is not None
    assert trying.search.n_changes == 0


@pytest.mark.parametrize("stop", ["frozen", "unmeasured", "turning"])
def test_a_running_trial_is_rolled_back_when_trials_rest(stop: str) -> None:
    controller = swimmer(trials=TRIALS)
    until_trial(controller)
    assert controller.readouts["trial"] == 1.0
    assert controller.readouts["period_s"] > 1.8
    controller.command(1.0, 0.2 if stop == "turning" else 0.0, frozen=stop == "frozen")
    swim(controller, 150, math.nan if stop == "unmeasured" else -0.05)
    assert controller.readouts["trial"] == 0.0
    assert controller.readouts["period_s"] == pytest.approx(1.8)
    assert controller.search is not None
    reason = controller.search.changes[-1].reason
    assert reason.startswith("period restored: frozen" if stop == "frozen" else "period restored: ")
    controller.command(1.0, 0.0, frozen=False)
    until_trial(controller)


def test_a_reset_forgets_trials_and_replays_them() -> None:
    controller = swimmer(trials=TRIALS)
    first = swim(controller, 900, -0.05)
    assert controller.search is not None
    changes = list(controller.search.changes)
    assert len(changes) > 3
    controller.reset()
    assert controller.search.n_changes == 0
    np.testing.assert_array_equal(swim(controller, 900, -0.05), first)
    assert list(controller.search.changes) == changes


@pytest.mark.parametrize("seed", range(2))
def test_a_viscous_fluid_is_adapted_to_and_leaves_no_scar(seed: int) -> None:
    """Speed without adaptation: 0.0995 m/s, at 0.1 Pa s 0.0313 m/s."""
    controller, env = swimmer(trials=SwimmerTrials(healthy_m_s=0.0995)), Swim(n_ticks=4500)
    entries = [env.observation_names.index(name) for name in controller.observation_names]
    observation, _ = env.reset(seed=seed)
    speeds = []
    for tick in range(env.n_ticks):
        env.body.model.opt.viscosity = 0.1 if 500 <= tick < 2000 else 0.0
        observation, *_, info = env.step(controller.step(observation[entries]))
        speeds.append(info["forward_speed_m_s"])
    healthy, viscous, after = (np.mean(speeds[at - 333 : at]) for at in (500, 2000, 4500))
    assert healthy == pytest.approx(0.0995, abs=0.001)
    assert viscous > 1.15 * 0.0313
    assert after > 0.93 * healthy


def test_only_the_speed_may_be_missing() -> None:
    controller = swimmer(trials=TRIALS)
    row = np.zeros(N_JOINTS + 1)
    controller.step(np.append(row[:-1], math.nan))
    with pytest.raises(ObservationError, match=SPEED_SENSOR):
        controller.step(np.append(row[:-1], math.inf))
    with pytest.raises(ObservationError, match="joint_0_rad"):
        controller.step(np.append([math.nan], row[1:]))


def test_a_body_without_the_sensor_is_refused() -> None:
    class Blind(Swim):
        """Body with joint encoders alone."""

        def __init__(self) -> None:
            super().__init__(n_ticks=5)
            self.observation_names = joint_names(N_JOINTS)

    assert rollout(swimmer(trials=TRIALS), Swim(n_ticks=5), seed=0).total_reward >= 0.0
    with pytest.raises(InterfaceMismatchError, match=SPEED_SENSOR):
        rollout(swimmer(trials=TRIALS), Blind(), seed=0)


def test_a_saved_swimmer_keeps_its_trials(tmp_path: Path) -> None:
    path = save(swimmer(trials=TRIALS), tmp_path / "mine")
    read = load(path)
    assert isinstance(read, Swimmer)
    assert read.trials == TRIALS
    assert load(path, n_links=4).optional_names == ()
    assert load(path, untrained=True).optional_names == ()
    points = Homeostasis(np.full(N_JOINTS - 1, 0.5))
    other = load(path, homeostasis=points)
    assert isinstance(other, Swimmer)
    assert (other.homeostasis, other.trials) == (points, None)
    again = load(save(other, tmp_path / "other"), trials=TRIALS)
    assert isinstance(again, Swimmer)
    assert (again.homeostasis, again.trials) == (None, TRIALS)


def test_wrong_trials_are_errors() -> None:
    both = Homeostasis(np.full(N_JOINTS - 1, 0.5))
    with pytest.raises(ParameterError, match="choose one"):
        swimmer(trials=TRIALS, homeostasis=both)
    with pytest.raises(ParameterError, match="healthy_m_s"):
        SwimmerTrials(healthy_m_s=0.0)
    with pytest.raises(ParameterError, match="with 1 between"):
        SwimmerTrials(healthy_m_s=0.1, longest=0.9)
    with pytest.raises(ParameterError, match="trials: "):
        SwimmerTrials.read({"speed": 1.0})
    with pytest.raises(ParameterError, match="share"):
        SwimmerTrials.read({"healthy_m_s": 0.1, "share": 2.0})
