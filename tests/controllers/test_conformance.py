"""What holds for every controller: names, refusals without effect, reset, files, native bits."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snn_control.controllers import Altitude, Controller, load, model_names, save
from snn_control.engines.native import NativeEngine
from snn_control.engines.reference import ReferenceEngine
from snn_control.errors import ObservationError, UnknownNameError

NAMES = model_names()


def flown(controller: Controller, errors: np.ndarray) -> np.ndarray:
    """Actions and read-outs of every tick, shape (n_ticks, 1 + n_readouts)."""
    rows = []
    for error in errors:
        action = controller.step(np.array([error]))
        rows.append([*action.tolist(), *controller.readouts.values()])
    return np.array(rows)


def errors(n: int = 120, seed: int = 3) -> np.ndarray:
    """Steps, a drift and 1 cm of noise."""
    rng = np.random.default_rng(seed)
    t = np.arange(n) * 0.1
    wave = 0.3 * np.sign(np.sin(t)) * np.exp(-t / 9) + 0.02 * t
    return np.round(wave + rng.normal(0, 0.01, n), 2)


@pytest.fixture(params=NAMES)
def controller(request: pytest.FixtureRequest) -> Controller:
    return load(request.param)


def test_it_names_what_it_takes_and_gives(controller: Controller) -> None:
    assert controller.observation_names == ("height_error_m",)
    assert controller.action_names == ("motor_command",)
    assert controller.control_period_s == 0.1
    action = controller.step(np.array([0.1]))
    assert (action.shape, action.dtype) == ((1,), np.float64)
    assert {"pd", "i", "spikes"} <= controller.readouts.keys()
    assert all(type(value) is float for value in controller.readouts.values())


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ([np.nan], "height_error_m is nan"),
        ([np.inf], "height_error_m is inf"),
        ([-np.inf], "height_error_m is -inf"),
        ([], r"shape \(0,\), expected \(1,\)"),
        ([0.1, 0.2], r"shape \(2,\)"),
        ([[0.1]], r"shape \(1, 1\)"),
        (0.1, r"shape \(\)"),
    ],
)
def test_a_bad_observation_changes_nothing(controller: Controller, wrong: Any, named: str) -> None:
    whole = flown(controller, errors())
    controller.reset()
    before = flown(controller, errors()[:60])
    kept = controller.readouts
    with pytest.raises(ObservationError, match=named):
        controller.step(np.array(wrong))
    assert controller.readouts == kept
    after = flown(controller, errors()[60:])
    np.testing.assert_array_equal(np.concatenate([before, after]), whole)


def test_reset_starts_the_same_flight_again(controller: Controller) -> None:
    first = flown(controller, errors())
    for seed in (None, 0, 7):
        controller.reset(seed)
        np.testing.assert_array_equal(flown(controller, errors()), first)


def test_two_of_one_name_do_not_share_state() -> None:
    for name in NAMES:
        a, b = load(name), load(name)
        alone = flown(a, errors())
        a.reset()
        mixed = []
        for error in errors():
            mixed.append(flown(a, np.array([error]))[0])
            b.step(np.array([-2.0 * error]))
        np.testing.assert_array_equal(mixed, alone)


def test_what_it_returned_stays_as_it_was(controller: Controller) -> None:
    """Engines hand out views of their buffers; a controller must not."""
    kept: list[Any] = []
    for error in errors():
        action = controller.step(np.array([error]))
        values = [action, controller.readouts]
        if isinstance(controller, Altitude):
            values.append(controller.spikes)
        kept.append((values, copy.deepcopy(values)))
    for values, copies in kept:
        np.testing.assert_equal(values, copies)


def test_writing_into_what_it_returned_changes_nothing(controller: Controller) -> None:
    whole = flown(controller, errors())
    controller.reset()
    for k, error in enumerate(errors()):
        action = controller.step(np.array([error]))
        assert action.item() == whole[k, 0]
        action[:] = np.nan
        controller.readouts.clear()
        if isinstance(controller, Altitude):
            controller.spikes[:] = np.nan


def test_observations_of_other_types_are_taken(controller: Controller) -> None:
    observations: tuple[Any, ...] = (np.array([1], np.int64), np.array([0.5], np.float32))
    for observation in observations:
        assert np.isfinite(controller.step(observation)).all()


@pytest.mark.parametrize("name", [name for name in NAMES if name != "pid"])
def test_saved_and_loaded_it_flies_the_same_bits(name: str, tmp_path: Path) -> None:
    controller = load(name)
    assert isinstance(controller, Altitude)
    expected = flown(controller, errors(300))
    path = save(controller, tmp_path / "model", {"command": "x"})
    for way in (path, tmp_path / "model", tmp_path):
        np.testing.assert_array_equal(flown(load(way), errors(300)), expected)
    again = save(load(path), tmp_path / "again", {"command": "x"})  # type: ignore[arg-type]
    for suffix in (".json", ".safetensors"):
        assert again.with_suffix(suffix).read_bytes() == path.with_suffix(suffix).read_bytes()


@pytest.mark.parametrize("name", [name for name in NAMES if name != "pid"])
def test_the_compiled_engine_flies_the_bits_of_the_reference(name: str) -> None:
    native, reference = (load(name, engine=e) for e in (NativeEngine, ReferenceEngine))
    np.testing.assert_array_equal(flown(native, errors(300)), flown(reference, errors(300)))


@pytest.mark.parametrize(("given", "meant"), [("blimp-altitud", "blimp-altitude"), ("pidd", "pid")])
def test_an_unknown_name_gets_a_proposal(given: str, meant: str) -> None:
    with pytest.raises(UnknownNameError, match=f"`{meant}`"):
        load(given)
