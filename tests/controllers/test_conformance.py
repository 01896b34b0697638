"""Conformance of every controller: names, invalid observations, reset, files, native engine."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snn_control.controllers import Altitude, Controller, Swimmer, load, model_names, save
from snn_control.controllers.adapting import Adapting
from snn_control.controllers.corridor.gap import Gap
from snn_control.controllers.corridor.spiking_gap import SpikingGap
from snn_control.controllers.files import BUILT_IN
from snn_control.engines.native import NativeEngine
from snn_control.engines.reference import ReferenceEngine
from snn_control.envs.swimmer.swim import action_names, joint_names
from snn_control.errors import ObservationError, UnknownNameError

NAMES = model_names()
NETWORKS = [name for name in NAMES if name not in BUILT_IN]


def outputs(controller: Controller, observations: np.ndarray) -> np.ndarray:
    """Return actions and read-outs of every tick, shape (n_ticks, n_actions + n_readouts)."""
    rows = []
    for observation in observations:
        action = controller.step(observation)
        rows.append([*action.tolist(), *controller.readouts.values()])
    return np.array(rows)


def observations(controller: Controller, n: int = 120, seed: int = 3) -> np.ndarray:
    """Return steps, drift and noise of 0.01, shape (n, n_observations); columns lag in turn."""
    rng = np.random.default_rng(seed)
    columns = np.arange(len(controller.observation_names))
    t = np.arange(n)[:, None] * 0.1 - columns
    wave = 0.3 * np.sign(np.sin(t)) * np.exp(-t / 9) + 0.02 * t
    return np.round(wave + rng.normal(0, 0.01, wave.shape), 2)


@pytest.fixture(params=NAMES)
def controller(request: pytest.FixtureRequest) -> Controller:
    return load(request.param)


def test_observations_actions_and_readouts_are_named(controller: Controller) -> None:
    names = controller.observation_names, controller.action_names
    if isinstance(controller, Swimmer):
        assert names == (joint_names(5), action_names(5))
        assert controller.control_period_s == 0.03
        readouts = {"muscle_dorsal_0", "muscle_ventral_4", "spikes"}
    elif isinstance(controller, Gap | SpikingGap):
        rays = tuple(f"ray_{k}_m" for k in range(72))
        assert names == ((*rays, "dyaw_rad"), ("speed_m_s", "turn_rate_rad_s"))
        assert controller.control_period_s == 0.1
        readouts = {"chosen_rad", "spikes"}
        if isinstance(controller, Gap):
            readouts |= {"free_m", "ahead_m"}
    elif isinstance(controller, Adapting):
        inputs = ("height_error_m", "height_ref_m", "range_m", "dt_s")
        assert names == (inputs, ("motor_command",))
        readouts = {"learned_bias_m_s2", "hypothesis", "learning", "version"}
    else:
        assert names == (("height_error_m",), ("motor_command",))
        assert controller.control_period_s == 0.1
        readouts = {"pd", "i", "spikes"}
    action = controller.step(observations(controller)[0])
    assert (action.shape, action.dtype) == ((len(names[1]),), np.float64)
    assert readouts <= controller.readouts.keys()
    assert all(type(value) is float for value in controller.readouts.values())


def wrong_observations(right: np.ndarray) -> list[tuple[Any, str]]:
    """Return invalid observations with the expected messages."""
    first = np.arange(right.size) == 0
    names = r"(height_error_m|joint_0_rad|ray_0_m) is "
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
def test_an_invalid_observation_leaves_the_state_unchanged(
    controller: Controller, case: int
) -> None:
    inputs = observations(controller)
    wrong, message = wrong_observations(inputs[0])[case]
    whole = outputs(controller, inputs)
    controller.reset()
    before = outputs(controller, inputs[:60])
    kept = controller.readouts
    with pytest.raises(ObservationError, match=message):
        controller.step(wrong)
    assert controller.readouts == kept
    after = outputs(controller, inputs[60:])
    np.testing.assert_array_equal(np.concatenate([before, after]), whole)


def test_reset_repeats_the_outputs(controller: Controller) -> None:
    inputs = observations(controller)
    first = outputs(controller, inputs)
    for seed in (None, 0, 7):
        controller.reset(seed)
        np.testing.assert_array_equal(outputs(controller, inputs), first)


def test_two_instances_do_not_share_state() -> None:
    for name in NAMES:
        a, b = load(name), load(name)
        inputs = observations(a)
        alone = outputs(a, inputs)
        a.reset()
        mixed = []
        for observation in inputs:
            mixed.append(outputs(a, observation[None])[0])
            b.step(-2.0 * observation)
        np.testing.assert_array_equal(mixed, alone)


def test_returned_values_do_not_change_later(controller: Controller) -> None:
    """Engines return views of their buffers; a controller must not."""
    kept: list[Any] = []
    for observation in observations(controller):
        action = controller.step(observation)
        values = [action, controller.readouts]
        if isinstance(controller, Adapting | Altitude | Swimmer):
            values.append(controller.spikes)
        kept.append((values, copy.deepcopy(values)))
    for values, copies in kept:
        np.testing.assert_equal(values, copies)


def test_writing_into_returned_values_has_no_effect(controller: Controller) -> None:
    inputs = observations(controller)
    whole = outputs(controller, inputs)
    controller.reset()
    for k, observation in enumerate(inputs):
        action = controller.step(observation)
        np.testing.assert_array_equal(action, whole[k, : action.size])
        action[:] = np.nan
        controller.readouts.clear()
        if isinstance(controller, Adapting | Altitude | SpikingGap | Swimmer):
            controller.spikes[:] = np.nan


def test_observations_of_other_dtypes_are_accepted(controller: Controller) -> None:
    n = len(controller.observation_names)
    others: tuple[Any, ...] = (np.ones(n, np.int64), np.full(n, 0.5, np.float32))
    for observation in others:
        assert np.isfinite(controller.step(observation)).all()


@pytest.mark.parametrize("name", NETWORKS)
def test_a_saved_controller_is_loaded_bit_identical(name: str, tmp_path: Path) -> None:
    controller = load(name)
    assert isinstance(controller, Adapting | Altitude | SpikingGap | Swimmer)
    inputs = observations(controller, 300)
    expected = outputs(controller, inputs)
    path = save(controller, tmp_path / "model", {"command": "x"})
    for way in (path, tmp_path / "model", tmp_path):
        np.testing.assert_array_equal(outputs(load(way), inputs), expected)
    again = save(load(path), tmp_path / "again", {"command": "x"})  # type: ignore[arg-type]
    for suffix in (".json", ".safetensors"):
        assert again.with_suffix(suffix).read_bytes() == path.with_suffix(suffix).read_bytes()


@pytest.mark.parametrize("name", NETWORKS)
def test_the_compiled_engine_equals_the_reference_bit_for_bit(name: str) -> None:
    native, reference = (load(name, engine=e) for e in (NativeEngine, ReferenceEngine))
    inputs = observations(native, 300)
    np.testing.assert_array_equal(outputs(native, inputs), outputs(reference, inputs))


@pytest.mark.parametrize(
    ("name", "closest"), [("blimp-altitud", "blimp-altitude"), ("pidd", "pid")]
)
def test_an_unknown_name_proposes_the_closest(name: str, closest: str) -> None:
    with pytest.raises(UnknownNameError, match=f"`{closest}`"):
        load(name)
