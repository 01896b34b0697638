"""Task and system of the corridor: evolved gap followers, options, baselines."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from snn_control.controllers import Controller, load
from snn_control.controllers.corridor.gap import Gap
from snn_control.controllers.corridor.spiking_gap import spiking_gap
from snn_control.errors import ConfigError, UnknownNameError
from snn_control.training.corridor.task import GENES, SPIKING_GENES, CorridorTask
from snn_control.training.environment import make_environment
from snn_control.training.evaluate import evaluate
from snn_control.training.rollout import match
from snn_control.training.systems import system, system_of


class Chooser(Gap):
    """Gap follower that fires every sixth ray."""

    action_names = (*Gap.action_names, *(f"fire_{k}" for k in range(72)))

    def _step(self, observation: np.ndarray) -> np.ndarray:
        return np.concatenate([super()._step(observation), np.arange(72) % 6 == 0])


def test_defaults_are_in_the_ranges_and_are_the_start() -> None:
    fitness = CorridorTask(episodes=1, duration_s=2.0).fitness(1)
    start = fitness.start({}, 0)
    assert ((start > 0.0) & (start < 1.0)).all()
    made: Any = fitness.controller(start)
    for name in GENES:
        assert getattr(made.config, name) == pytest.approx(getattr(Gap().config, name))


def test_the_start_of_the_spiking_gap_follower_has_the_same_settings() -> None:
    fitness = CorridorTask(controller="spiking", episodes=1, duration_s=2.0).fitness(1)
    start = fitness.start({}, 0)
    assert start.shape == (len(SPIKING_GENES),)
    assert ((start > 0.0) & (start < 1.0)).all()
    made: Any = fitness.controller(start)
    assert made.turn_gain_per_s == pytest.approx(Gap().config.turn_gain_per_s)
    expected = spiking_gap().networks[0]
    for ours, other in zip(made.networks[0].connections, expected.connections, strict=True):
        np.testing.assert_allclose(np.asarray(ours.weights), np.asarray(other.weights))
    with pytest.raises(UnknownNameError, match="`margin_m`"):
        CorridorTask(controller="spiking", genes=("horizon_m",))


def test_cost_is_the_negative_reward_of_the_episodes() -> None:
    fitness = CorridorTask(episodes=1, fresh_starts=False).fitness(4)
    start = fitness.start({}, 0)
    seed = np.random.SeedSequence(fitness.generation_seed(4, 0)).generate_state(1)[0]
    evaluation = evaluate(fitness.controller(start), "own", seeds=[int(seed)])
    assert fitness(start[None])[0, 0] == pytest.approx(-evaluation.values("total_reward")[0])


def test_unknown_genes_are_refused() -> None:
    with pytest.raises(UnknownNameError, match="`slow_m`"):
        CorridorTask(genes=("slow",))
    with pytest.raises(ConfigError, match="each once"):
        CorridorTask(genes=("slow_m", "slow_m"))


@pytest.mark.parametrize(("controller", "choice"), [(Gap(), False), (Chooser(), True)])
def test_options_fit_the_actions(controller: Controller, choice: bool) -> None:
    own = system_of(controller)
    assert own is system("corridor")
    options = own.environment_options(controller)
    assert options.get("ray_choice", False) == choice
    assert match(controller, make_environment(own.environment, **options))
    assert (own.rivals(controller) == {}) == choice


def test_evaluation_in_another_world() -> None:
    evaluation = evaluate(load("gap"), "gap", seeds=[3, 4], preset="novel")
    assert evaluation.role == "baseline"
    assert evaluation.values("success").tolist() == [1.0, 1.0]
