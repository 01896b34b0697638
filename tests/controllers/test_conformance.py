"""What holds for every controller: names, refusals without effect, reset, files, native bits."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snn_control.controllers import Altitude, Controller, Swimmer, load, model_names, save
from snn_control.engines.native import NativeEngine
from snn_control.engines.reference import ReferenceEngine
from snn_control.envs.swimmer.swim import action_names, joint_names
from snn_control.errors import ObservationError, UnknownNameError

NAMES = model_names()


def flown(controller: Controller, observations: np.ndarray) -> np.ndarray:
    """Actions and read-outs of every tick, shape (n_ticks, n_actions + n_readouts)."""
    rows = []
    for observation in observations:
        action = controller.step(observation)
        rows.append([*action.tolist(), *controller.readouts.values()])
    return np.array(rows)


def observations(controller: Controller, n: int = 120, seed: int = 3) -> np.ndarray:
    """Steps, a drift and noise of 0.01; (n, n_observations), each column later than the last."""
    rng = np.random.default_rng(seed)
    columns = np.arange(len(controller.observation_names))
    t = np.arange(n)[:, None] * 0.1 - columns
    wave = 0.3 * np.sign(np.sin(t)) * np.exp(-t / 9) + 0.02 * t
    return np.round(wave + rng.normal(0, 0.01, wave.shape), 2)


@pytest.fixture(params=NAMES)
def controller(request: pytest.FixtureRequest) -> Controller:
    return load(request.param)


def test_it_names_what_it_takes_and_gives(controller: Controller) -> None:
    names = controller.observation_names, controller.action_names
    if isinstance(controller, Swimmer):
        assert names == (joint_names(5), action_names(5))
        assert controller.control_period_s == 0.03
        readouts = {"muscle_dorsal_0", "muscle_ventral_4", "spikes"}
    else:
        assert names == (("height_error_m",), ("motor_command",))
        assert controller.control_period_s == 0.1
        readouts = {"pd", "i", "spikes"}
    action = controller.step(observations(controller)[0])
    assert (action.shape, action.dtype) == ((len(names[1]),), np.float64)
    assert readouts <= controller.readouts.keys()
    assert all(type(value) is float for value in controller.readouts.values())


def wrong_observations(right: np.ndarray) -> list[tuple[Any, str]]:
    """What is no observation, and how the refusal names it."""
    first = np.arange(right.size) == 0
    names = r"(height_error_m|joint_0_rad) is "
    return [
        (np.where(first, np.nan, right), names + "nan"),
        (np.where(first, np.inf, right), names + "inf"),
        (np.where(first, -np.inf, right), names + "-inf"),
        (right[:0], rf"shape \(0,\), expected \({right.size},\)"),
        (np.append(right, 0.2), rf"shape \({right.size + 1},\)"),
        (right[None], rf"shape \(1, {right.size}\)"),
        (np.array(0.1), r"shape \(\)"),
    ]


@pytest.mark.parametrize("case", range(7))
def test_a_bad_observation_changes_nothing(controller: Controller, case: int) -> None:
    given = observations(controller)
    wrong, named = wrong_observations(given[0])[case]
    whole = flown(controller, given)
    controller.reset()
    before = flown(controller, given[:60])
    kept = controller.readouts
    with pytest.raises(ObservationError, match=named):
        controller.step(wrong)
    assert controller.readouts == kept
    after = flown(controller, given[60:])
    np.testing.assert_array_equal(np.concatenate([before, after]), whole)


def test_reset_starts_the_same_flight_again(controller: Controller) -> None:
    given = observations(controller)
    first = flown(controller, given)
    for seed in (None, 0, 7):
        controller.reset(seed)
        np.testing.assert_array_equal(flown(controller, given), first)


def test_two_of_one_name_do_not_share_state() -> None:
    for name in NAMES:
        a, b = load(name), load(name)
        given = observations(a)
        alone = flown(a, given)
        a.reset()
        mixed = []
        for observation in given:
            mixed.append(flown(a, observation[None])[0])
            b.step(-2.0 * observation)
        np.testing.assert_array_equal(mixed, alone)


def test_what_it_returned_stays_as_it_was(controller: Controller) -> None:
    """Engines hand out views of their buffers; a controller must not."""
    kept: list[Any] = []
    for observation in observations(controller):
        action = controller.step(observation)
        values = [action, controller.readouts]
        if isinstance(controller, Altitude | Swimmer):
            values.append(controller.spikes)
        kept.append((values, copy.deepcopy(values)))
    for values, copies in kept:
        np.testing.assert_equal(values, copies)


def test_writing_into_what_it_returned_changes_nothing(controller: Controller) -> None:
    given = observations(controller)
    whole = flown(controller, given)
    controller.reset()
    for k, observation in enumerate(given):
        action = controller.step(observation)
        np.testing.assert_array_equal(action, whole[k, : action.size])
        action[:] = np.nan
        controller.readouts.clear()
        if isinstance(controller, Altitude | Swimmer):
            controller.spikes[:] = np.nan


def test_observations_of_other_types_are_taken(controller: Controller) -> None:
    n = len(controller.observation_names)
    others: tuple[Any, ...] = (np.ones(n, np.int64), np.full(n, 0.5, np.float32))
    for observation in others:
        assert np.isfinite(controller.step(observation)).all()


@pytest.mark.parametrize("name", [name for name in NAMES if name != "pid"])
def test_saved_and_loaded_it_flies_the_same_bits(name: str, tmp_path: Path) -> None:
    controller = load(name)
    assert isinstance(controller, Altitude | Swimmer)
    given = observations(controller, 300)
    expected = flown(controller, given)
    path = save(controller, tmp_path / "model", {"command": "x"})
    for way in (path, tmp_path / "model", tmp_path):
        np.testing.assert_array_equal(flown(load(way), given), expected)
    again = save(load(path), tmp_path / "again", {"command": "x"})  # type: ignore[arg-type]
    for suffix in (".json", ".safetensors"):
        assert again.with_suffix(suffix).read_bytes() == path.with_suffix(suffix).read_bytes()


@pytest.mark.parametrize("name", [name for name in NAMES if name != "pid"])
def test_the_compiled_engine_flies_the_bits_of_the_reference(name: str) -> None:
    native, reference = (load(name, engine=e) for e in (NativeEngine, ReferenceEngine))
    given = observations(native, 300)
    np.testing.assert_array_equal(flown(native, given), flown(reference, given))


@pytest.mark.parametrize(("given", "meant"), [("blimp-altitud", "blimp-altitude"), ("pidd", "pid")])
def test_an_unknown_name_gets_a_proposal(given: str, meant: str) -> None:
    with pytest.raises(UnknownNameError, match=f"`{meant}`"):
        load(given)
