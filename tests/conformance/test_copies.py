"""Copies of all objects with state: equal to their original and independent of it, or refused."""

from __future__ import annotations

import copy
import pickle
import time
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import gymnasium
import mujoco
import numpy as np
import pytest

from snn_control.envs.route.body import can_draw
from snn_control.errors import CopyError
from snn_control.evolution import EXECUTORS, make_executor
from snn_control.loops.place.fit import BackgroundFit
from snn_control.runs import Run
from tests.conformance.copied import BODIES, CASES, Stateful
from tests.needs import NEEDS_RENDERER

TICKS = {
    "fitness blimp": 2,
    "fitness swimmer": 1,
    "place module": 1,
    "snn_control/Route-v0 unwrapped": 5,
}
"""Number of calls of objects whose calls are slow; 50 of the others."""


def pickled(original: Any) -> Any:
    return pickle.loads(pickle.dumps(original))


WAYS: dict[str, Callable[[Any], Any]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": pickled,
}


def plain(value: Any) -> Any:
    """Return a result in a form that `==` compares bit by bit."""
    if is_dataclass(value):
        value = {f.name: getattr(value, f.name) for f in fields(value)}
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return str(value.dtype), value.shape, value.tobytes()
    return repr(value) if isinstance(value, float) else value


def calls(case: Stateful, made: Any, n: int, seed: int) -> list[Any]:
    rng = np.random.default_rng(seed)
    return [plain(case.call(made, rng)) for _ in range(n)]


@pytest.mark.parametrize("instant", ["fresh", "started", "advanced"])
@pytest.mark.parametrize("name", CASES)
def test_copies_equal_their_original_and_are_independent(name: str, instant: str) -> None:
    if "Route" in name and not can_draw():
        pytest.skip(NEEDS_RENDERER)
    case, n = CASES[name], TICKS.get(name, 50)
    original, never_copied = case.make(), case.make()
    # `copy.copy` of Gymnasium's wrappers shares the environment: theirs to define.
    shared = {"copy"} if type(original).__module__.startswith("gymnasium.") else set()
    ways = {key: way for key, way in WAYS.items() if key not in shared}
    for made in (original, never_copied):
        if instant != "fresh":
            case.start(made)
        if instant == "advanced":
            calls(case, made, (n + 1) // 2, 5)
    copies = [(key, way(original)) for key, way in ways.items()]
    # The first ones must not change the original, and the original not the last one.
    last = "last", copy.deepcopy(original)
    everything = [*copies, ("original", original), last]
    if instant == "fresh":
        case.start(never_copied)
    expected = calls(case, never_copied, n, 9)
    for key, made in everything:
        if instant == "fresh":
            case.start(made)
        assert calls(case, made, n, 9) == expected, key
    for made in (made for _, made in [*everything, ("", never_copied)] if hasattr(made, "close")):
        made.close()


def data_in(body: Any) -> list[mujoco.MjData]:
    values = [item for v in vars(body).values() for item in (v if isinstance(v, list) else [v])]
    return [value for value in values if isinstance(value, mujoco.MjData)]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", BODIES)
def test_data_of_a_copied_body_belong_to_its_model(name: str, way: str) -> None:
    original = BODIES[name]()
    made = WAYS[way](original)
    assert made.model is not original.model
    for body in (original, made):
        assert data_in(body)
        assert all(data.model is body.model for data in data_in(body))


@pytest.mark.parametrize("way", WAYS)
def test_objects_with_resources_refuse_copies(way: str, tmp_path: Path) -> None:
    fit = BackgroundFit(lambda: time.sleep(0.01))  # type: ignore[arg-type, return-value]
    run = Run.create(tmp_path / "run", command="x", config={}, seed=0)
    for original in (fit, run):
        with pytest.raises(CopyError, match=r"cannot be copied or pickled.*: (wait|open)"):
            WAYS[way](original)
    run.log({"still": "open"})
    assert run.metrics() == [{"still": "open"}]
    fit.done.wait(10.0)


@pytest.mark.parametrize("name", EXECUTORS)
def test_executors_are_independent_or_refuse_copies(name: str) -> None:
    genomes, seeds = np.ones((2, 3)), np.zeros(2, np.uint64)
    with make_executor(name, total, workers=1) as executor:
        for way in WAYS.values():
            if name == "serial":
                way(executor).close()
            else:
                with pytest.raises(CopyError, match="make another executor"):
                    way(executor)
        assert executor.evaluate(genomes, seeds).tolist() == [3.0, 3.0]


def total(genome: np.ndarray, seed: int) -> float:
    """Return a fitness; at module level for worker processes."""
    return float(genome.sum())


@pytest.mark.parametrize("name", ["snn_control/BlimpAltitude-v0", "snn_control/Swim-v0"])
def test_deep_copies_of_vector_environments_are_independent(name: str) -> None:
    original, never_copied = (
        gymnasium.make_vec(name, num_envs=2, vectorization_mode="sync") for _ in range(2)
    )

    def steps(vector: Any) -> list[bytes]:
        rng, space = np.random.default_rng(9), vector.action_space
        actions = (rng.uniform(space.low, space.high) for _ in range(20))
        return [vector.step(action)[0].tobytes() for action in actions]

    for vector in (original, never_copied):
        vector.reset(seed=3)
    duplicate = copy.deepcopy(original)
    assert steps(duplicate) == steps(original) == steps(never_copied)
