"""Declarations of every registered system and the contract of its fitness."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snn_control.controllers import Controller, load, model_names, save
from snn_control.errors import ConfigError, InterfaceMismatchError, UnknownNameError
from snn_control.training import systems
from snn_control.training.environment import make_environment
from snn_control.training.evaluate import evaluate, write_transfer
from snn_control.training.evolve import EvolveConfig
from snn_control.training.rollout import match
from snn_control.training.system import FilmWindow, System
from snn_control.training.systems import find_system, system, system_names, system_of
from snn_control.training.task import Fitness
from tests.controllers.test_network_controller import NetworkController, network

NAMES = system_names()
MODELS = [name for name in model_names() if find_system(load(name))]


@pytest.fixture(params=NAMES)
def named(request: pytest.FixtureRequest) -> System:
    return system(request.param)


@pytest.fixture(scope="module", params=NAMES)
def fitness(request: pytest.FixtureRequest) -> Fitness:
    return system(request.param).task_type().smallest().fitness(seed=3)


def metrics_of(environment: str) -> set[str]:
    """Return the names of the metrics of an episode with zero action."""
    env: Any = make_environment(environment)
    env.reset(seed=0)
    done = False
    while not done:
        _, _, terminated, truncated, _ = env.step(np.zeros(env.action_space.shape))
        done = terminated or truncated
    metrics = set(env.unwrapped.metrics())
    env.close()
    return metrics


def test_declarations_are_valid(named: System) -> None:
    assert system(named.name) is named
    assert named.task_type.data
    metrics = metrics_of(named.environment)
    assert named.headline.metric in {*metrics, "total_reward"}
    assert set(named.compared) <= metrics
    assert dataclasses.is_dataclass(named.task_type)
    window = named.film_window or FilmWindow()
    assert window.start_s < window.stop_s
    assert "x" in named.headline.line("x", 0.5)
    assert [named.role(name) for name in ("own", "own-twin")] == ["subject", "twin"]


@pytest.mark.parametrize("name", MODELS)
def test_model_matches_the_environment_of_its_system(name: str) -> None:
    controller = load(name)
    own = system_of(controller)
    env = make_environment(own.environment, **own.environment_options(controller))
    assert match(controller, env)
    env.close()
    for label, rival in own.rivals(controller).items():
        assert system_of(rival).environment == own.environment
        assert own.role(label) == "baseline"


@pytest.mark.parametrize("name", NAMES)
def test_trace_arrays_of_own_and_foreign_traces(name: str) -> None:
    own = system(name)
    controller = own.task_type().smallest().fitness(seed=3).controller(start_of(name))
    evaluation = evaluate(controller, "own", seeds=[1])
    trace = evaluation.episodes[0].trace
    kept = own.trace_arrays(trace, len(controller.action_names))
    assert all(len(array) == len(trace["time_s"]) for array in kept.values())
    assert own.trace_arrays({"time_s": trace["time_s"]}, len(controller.action_names)) == {}
    assert (evaluation.role, evaluation.compared) == ("subject", own.compared)


def start_of(name: str) -> Any:
    return system(name).task_type().smallest().fitness(seed=3).start({}, 1)


def test_transfer_omits_controllers_without_one(tmp_path: Path) -> None:
    transfer = system("blimp").transfer
    assert transfer is not None
    pd = load("blimp-altitude").networks[0]
    compared: dict[str, Controller] = {
        "pid": load("pid"),
        "plain": NetworkController(pd),
        "other": NetworkController(network()),
    }
    write_transfer(compared, transfer, tmp_path)
    with np.load(tmp_path / "eval" / "transfer.npz") as arrays:
        assert set(arrays) == {"error_m", "pid:pd"}
    compared.pop("pid")
    write_transfer(compared, transfer, tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_each_model_belongs_to_one_system() -> None:
    for name in MODELS:
        assert sum(system(each).accepts(load(name)) for each in NAMES) == 1


def test_error_of_an_unknown_controller_lists_the_systems() -> None:
    with pytest.raises(InterfaceMismatchError, match=", ".join(NAMES)):
        system_of(NetworkController(network()))
    with pytest.raises(UnknownNameError, match="Did you mean: `blimp`"):
        system("blimb")


def test_invalid_entry_points_are_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    class Point:
        name, value = "theirs", "their.module:thing"

        target: object = None

        def load(self) -> object:
            if isinstance(self.target, Exception):
                raise self.target
            return self.target

    monkeypatch.setattr(systems, "entry_points", lambda **_: [Point()])
    for target, message in (
        (dict, "is not a subclass of System"),
        (System, "cannot be used"),
        (ImportError("broken"), "cannot be used"),
        (type(system("blimp")), "has the name 'blimp'; use the same name for both"),
    ):
        Point.target = target
        with pytest.raises(ConfigError, match=rf"their\.module:thing.*{message}"):
            system("theirs")


@pytest.mark.parametrize(
    ("name", "system_name"), [("untrained", "swimmer"), ("pid", "blimp"), ("my-twin", "swimmer")]
)
def test_names_of_baselines_are_reserved(name: str, system_name: str) -> None:
    content = {"method": "evolve", "system": system_name, "name": name}
    with pytest.raises(ConfigError, match=f"name: '{name}' is reserved for a (baseline|twin)"):
        EvolveConfig.read(content, "file")


def test_starts_are_in_the_unit_box_and_depend_on_the_seed(fitness: Fitness) -> None:
    first, again = fitness.start({}, 1), fitness.start({}, 1)
    assert first.shape == (fitness.n_genes,)
    assert ((first >= 0.0) & (first <= 1.0)).all()
    np.testing.assert_array_equal(first, again)
    with pytest.raises(UnknownNameError, match="gene"):
        fitness.start({"no_such_gene": 1.0}, 1)


def test_costs_are_finite_and_independent_of_the_batch(fitness: Fitness) -> None:
    genomes = np.random.default_rng(2).random((4, fitness.n_genes))
    costs = fitness(genomes)
    assert costs.shape[0] == 4
    assert costs.dtype == np.float64
    assert np.isfinite(costs).all()
    np.testing.assert_array_equal(fitness(genomes), costs)
    np.testing.assert_array_equal(fitness(genomes[::-1])[::-1], costs)
    for k in range(4):
        np.testing.assert_array_equal(fitness(genomes[k : k + 1])[0], costs[k])
    assert fitness.steps_per_genome >= 0


def test_controller_of_a_genome_is_saved_and_loaded(fitness: Fitness, tmp_path: Path) -> None:
    controller = fitness.controller(fitness.start({}, 5))
    system_of(controller)
    loaded = load(save(controller, tmp_path / "own"))
    rng = np.random.default_rng(4)
    for _ in range(50):
        observation = rng.normal(0.0, 0.3, len(controller.observation_names))
        np.testing.assert_array_equal(loaded.step(observation), controller.step(observation))
