"""Study of mismatch in closed loop, against episodes by another engine and by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest

from snn_control.controllers import Controller, NetworkController, load, save
from snn_control.controllers.document import ControllerDocument
from snn_control.controllers.layered import layered_network
from snn_control.engines.reference import ReferenceEngine
from snn_control.errors import (
    InterfaceMismatchError,
    ParameterError,
    UnknownNameError,
)
from snn_control.network import Network
from snn_control.network.mismatch import mismatched
from snn_control.studies.mismatch import Config, run
from snn_control.studies.support.mismatch_loops import ClosedLoop, is_open
from snn_control.training.evaluate import evaluate
from tests.training.any_environment.faulty_environments import one_gain

OBSERVATIONS = ("obs_0", "obs_1", "obs_2", "obs_3")
SHARES = (0.0, 0.4)


@pytest.fixture
def cart(tmp_path: Path) -> str:
    """Save a network for CartPole and return its path."""
    network = layered_network(OBSERVATIONS, ("action_0", "action_1"), 0.02, hidden=(6,), seed=4)
    about = {"environment": {"id": "CartPole-v1", "options": {}, "objective": "reward"}}
    return str(save(NetworkController(network), tmp_path / "cart", about))


def reward_by_hand(network: Network, seed: int) -> float:
    """Return the reward of an episode of CartPole by the reference engine."""
    env, engine, total, done = gymnasium.make("CartPole-v1"), ReferenceEngine(network), 0.0, False
    observation, _ = env.reset(seed=seed)
    while not done:
        outputs = engine.step(np.asarray(observation, float))
        observation, reward, terminated, truncated, _ = env.step(int(np.argmax(outputs)))
        total, done = total + float(reward), terminated or truncated
    return total


def test_rewards_are_those_of_perturbed_networks_in_held_out_episodes(cart: str) -> None:
    result = run(Config(models=(cart,), shares=SHARES, seeds=3, first_seed=5, episodes=2))
    assert "cart in CartPole-v1" in result.summary
    assert "seeds 10000 to 10001" in result.summary
    (network,) = load(cart).networks
    for row, share in zip(result.rows, SHARES, strict=True):
        rewards = [
            np.mean([reward_by_hand(drawn, seed) for seed in (10_000, 10_001)])
            for drawn in (
                mismatched(network, np.random.default_rng([s, 0]), share) for s in (5, 6, 7)
            )
        ]
        assert row.keys() == {"model", "mismatch", "total_reward", "total_reward_ci95"}
        assert row["total_reward"] == pytest.approx(np.mean(rewards))
        spread = np.std(rewards, ddof=1) / np.sqrt(3)
        assert row["total_reward_ci95"] == pytest.approx(4.303 * spread)
    assert result.rows[1]["total_reward_ci95"] > 0
    (figure,) = result.figures
    assert figure["data"][0]["y"] == [row["total_reward"] for row in result.rows]


@pytest.mark.parametrize("name", ["blimp-altitude", "swimmer-graded:4-links"])
def test_other_systems_run_in_their_environment(name: str) -> None:
    config = Config(models=(name,), shares=(0.0,), seeds=1, episodes=1, loop="closed")
    (row,) = run(config).rows
    bare, _, links = name.partition(":")
    controller = load(bare, n_links=4) if links else load(bare)
    metrics = evaluate(controller, name, seeds=[10_000]).episodes[0].metrics
    measured = {key for key in row if not key.endswith("_ci95")} - {"model", "mismatch"}
    assert measured == {"total_reward"} | (set() if links else {"hold_rmse_m"})
    assert {key: row[key] for key in measured} == {key: metrics[key] for key in measured}


def test_models_of_both_loops_share_a_table(cart: str) -> None:
    result = run(Config(models=("blimp-altitude", cart), shares=(0.0,), seeds=1, episodes=1))
    first, second = result.rows
    assert first.keys() == second.keys()
    assert first["total_reward"] is None
    assert second["pd_fit"] is None
    alone = run(Config(models=("blimp-altitude",), shares=(0.0,), seeds=1))
    np.testing.assert_equal({key: first[key] for key in alone.rows[0]}, alone.rows[0])
    assert [figure["title"] for figure in result.figures] == [
        "Fit over mismatch",
        "Total reward over mismatch",
    ]
    np.testing.assert_equal(result.figures[0], alone.figures[0])


def test_the_objective_of_the_model_is_reported(tmp_path: Path) -> None:
    module = "tests.training.any_environment.faulty_environments"
    for objective in ("offset", "nothing"):
        own = {"id": f"{module}:Faulty-v0", "options": {}, "objective": objective}
        controller = NetworkController(one_gain(("obs_0", "obs_1"), ("action_0",)))
        save(controller, tmp_path / objective, {"environment": own})
    config = Config(models=(str(tmp_path / "offset"),), shares=(0.1,), seeds=2, episodes=3)
    (row,) = run(config).rows
    env = gymnasium.make("Faulty-v0")
    offsets = [env.reset(seed=seed)[0][0] for seed in range(10_000, 10_003)]
    assert row["offset"] == pytest.approx(np.mean(offsets))
    assert row["offset_ci95"] == 0.0
    assert row["total_reward"] < 0
    with pytest.raises(UnknownNameError, match="unknown metric 'nothing'"):
        run(Config(models=(str(tmp_path / "nothing"),), seeds=1))


def test_an_altitude_model_that_names_an_environment_runs_in_it(tmp_path: Path) -> None:
    own = {"id": "snn_control/BlimpAltitude-v0", "options": {"duration_s": 80.0}}
    controller = load("blimp-altitude")
    assert is_open(controller, "blimp-altitude", "auto")
    controller = load(save(controller, tmp_path / "own", {"environment": own}))
    assert not is_open(controller, "own", "auto")
    assert is_open(controller, "own", "open")


class Unsaved(NetworkController):
    """Controller without a document."""

    def to_document(self) -> ControllerDocument:
        """Refuse."""
        return Controller.to_document(self)


class Empty(NetworkController):
    """Controller whose document has no networks."""

    def to_document(self) -> ControllerDocument:
        """Return an empty document."""
        return ControllerDocument(())


class Rigid(NetworkController):
    """Controller that cannot be built from a document."""

    @classmethod
    def from_document(cls, document: ControllerDocument, **options: Any) -> Rigid:  # type: ignore[override]
        """Refuse."""
        raise ParameterError("weights must be equal")


def test_controllers_that_cannot_be_perturbed_are_errors(cart: str) -> None:
    network = load(cart).networks[0]
    with pytest.raises(ParameterError, match="pid has no network"):
        run(Config(models=("pid",), loop="closed"))
    for kind, message in (
        (Unsaved, "mine: Unsaved cannot be saved"),
        (Empty, "mine: the document of its class Empty contains no network"),
    ):
        with pytest.raises(ParameterError, match=message):
            ClosedLoop(kind(network), "mine", range(1))
    rigid = Rigid(network)
    rigid.about = load(cart).about
    with pytest.raises(ParameterError, match="mine cannot be built with other weights: weights"):
        ClosedLoop(rigid, "mine", range(1)).figures(0.1, [0])
    with pytest.raises(InterfaceMismatchError, match="no system accepts it"):
        ClosedLoop(NetworkController(network), "mine", range(1))
    with pytest.raises(ParameterError, match="swimmer-graded has no network with a read-out `pd`"):
        run(Config(models=("swimmer-graded",), loop="open"))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"episodes": 0}, "episodes is 0; expected at least 1"),
        ({"first_episode": -1}, "first_episode is -1"),
        ({"models": ()}, "at least one of models"),
        ({"shares": ()}, "one of shares"),
        ({"models": ("pid", "pid")}, "name each once"),
    ],
)
def test_settings_out_of_range_are_errors(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        Config(**settings)
