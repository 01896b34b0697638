"""Adapting controllers as C beside their Python class, bit for bit: scripted, flown, recorded."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from snn_control.controllers import PID, Controller, load
from snn_control.controllers.adapting import Adapting
from snn_control.controllers.adapting_config import AdaptingConfig, Orders
from snn_control.controllers.blimp.forward_config import CHANGES, DELAYS, BlimpForwardConfig
from snn_control.controllers.blimp.forward_model import BlimpForwardModel
from snn_control.engines.native import NativeEngine
from snn_control.envs.blimp.disturbances import draw_disturbed
from snn_control.errors import ParameterError
from snn_control.export.c.library import CLibrary
from snn_control.plasticity.need import EssentialVariable
from snn_control.supervision.faults import Fault, FaultKind
from snn_control.training.blimp.adaptive.flight import fly_one
from snn_control.training.blimp.supervised import flight as supervised
from tests.export.test_c import NEEDS_COMPILER
from tests.export.test_shell import SINGLE, built
from tests.flights import DEVELOPMENT, recorded_log

pytestmark = pytest.mark.skipif(
    not any(map(shutil.which, ("cc", "gcc", "clang"))), reason=NEEDS_COMPILER
)
BANK = BlimpForwardConfig(hypotheses=(*DELAYS, *CHANGES[1:]), share=0.01)


class Step(NamedTuple):
    """Step of a controller."""

    orders: tuple[float, ...]
    observation: np.ndarray
    command: float
    spikes: np.ndarray
    readouts: dict[str, float]


def recorded(controller: Controller) -> list[Step]:
    """Return a list to which each later step of a controller is added."""
    steps: list[Step] = []
    orders: tuple[float, ...] = tuple(Orders())
    step, take_orders = controller.step, controller.take_orders

    def record(observation: np.ndarray) -> np.ndarray:
        action = step(observation)
        readouts = controller.readouts
        steps.append(Step(orders, observation.copy(), action.item(), controller.spikes, readouts))
        return action

    def take(order: Any) -> None:
        nonlocal orders
        orders = tuple(map(float, order))
        take_orders(order)

    controller.step = record  # type: ignore[method-assign]
    controller.take_orders = take  # type: ignore[method-assign, assignment]
    return steps


def require_equal(controller: Controller, steps: list[Step], library: CLibrary) -> None:
    """Replay recorded steps in a library and compare all results."""
    names = [
        name if name in steps[0].readouts else None
        for name in controller.to_program().readout_names
    ]
    assert len(steps) > 100
    for step in steps:
        assert library.take_orders(step.orders)
        library.inputs[:] = step.observation
        assert library.step()
        kind = library.outputs.dtype
        np.testing.assert_array_equal(library.outputs[0], kind.type(step.command))
        np.testing.assert_array_equal(library.spikes, step.spikes)
        values = library.readouts
        for name, value in zip(names, values, strict=True):
            if name is not None:
                np.testing.assert_array_equal(value, kind.type(step.readouts[name]), name)


def altitude(engine: Any = NativeEngine, **settings: Any) -> Adapting:
    config = AdaptingConfig(readout="pd", **settings)
    return Adapting(load("blimp-altitude", engine=engine), BlimpForwardModel(), config)


def changing(engine: Any = NativeEngine) -> Adapting:
    """Return a controller with all hypotheses, which change at slight evidence."""
    model = BlimpForwardModel(replace(BANK, factor=1.0))
    return Adapting(load("blimp-altitude", engine=engine), model, AdaptingConfig(readout="pd"))


def started(engine: Any = NativeEngine) -> Adapting:
    """Return a controller that starts with parameters that were learned before."""
    controller = altitude(engine)
    controller.begin_with([1.3, -0.1, 0.2] * 5 + [2.0])
    return controller


MAKERS: dict[str, Callable[..., Any]] = {
    "shipped": lambda engine=NativeEngine: load("blimp-adaptive", engine=engine),
    "altitude": altitude,
    "dead zone": lambda engine=NativeEngine: altitude(engine, dead_zone_sigma=0.5, version_s=2.0),
    "changing": changing,
    "started": started,
}


def scripted(n: int, seed: int = 2) -> tuple[np.ndarray, list[list[float]]]:
    """Return reference, range and time step of each tick, with faults of all kinds, and orders."""
    rng = np.random.default_rng(seed)
    range_m = np.round(1.0 + 0.1 * np.sin(0.05 * np.arange(n)) + rng.normal(0, 0.005, n), 2)
    reference_m = np.where(np.arange(n) % 400 < 200, 1.0, 1.5)
    dt_s = 0.1 + 0.01 * rng.integers(-3, 30, n)
    dt_s[[n // 3, n // 2]], dt_s[n // 4] = (2.5, 3.5), 0.0
    range_m[n // 5 : n // 5 + 40] += rng.uniform(-2.0, 2.0, 40)
    range_m[n // 2 : n // 2 + 60] = range_m[n // 2]
    range_m[2 * n // 3 : 2 * n // 3 + 50] = 0.07
    range_m[3 * n // 4] = 1e6
    orders = [
        list(
            Orders(
                sent_command=math.nan if k % 400 < 150 else 9.5 * math.sin(0.01 * k),
                frozen=float(300 < k < 330 or k > n - 40),
                trusted=math.nan if k % 500 < 250 else float(k % 97 > 5),
                fresh=float(k % 37 > 3),
                adapting=float(not 700 < k < 760),
                saves=k // 200,
                rollbacks=k // 300,
            )
        )
        for k in range(n)
    ]
    return np.c_[reference_m, range_m, dt_s], orders


def stepped(controller: Adapting, rows: np.ndarray, orders: Any) -> list[Step]:
    """Step a controller over reference, range and time step, rounded to single precision."""
    steps = recorded(controller)
    for (reference_m, range_m, dt_s), order in zip(rows, orders, strict=True):
        named = {
            "height_error_m": reference_m - range_m,
            "height_ref_m": reference_m,
            "range_m": range_m,
            "dt_s": dt_s,
        }
        controller.take_orders(np.asarray(order, np.float32).tolist())
        row = np.array([named[name] for name in controller.observation_names])
        controller.step(row.astype(np.float32).astype(np.float64))
    return steps


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("name", MAKERS)
def test_scripted_faults_and_orders(name: str, precision: str, tmp_path: Path) -> None:
    controller = MAKERS[name](NativeEngine if precision == "float64" else SINGLE)
    steps = stepped(controller, *scripted(1200))
    reasons = {version.reason.split(" ")[0] for version in controller.versions}
    assert {"rolled", "saved", "learned", "sensor", "mean"} <= reasons
    require_equal(controller, steps, built(controller, tmp_path, precision))


@pytest.mark.parametrize("name", ["shipped", "altitude"])
def test_a_model_that_overflows_is_restarted(name: str, tmp_path: Path) -> None:
    controller, (rows, orders) = MAKERS[name](), scripted(1500)
    rows[800:803, 1] = 1e160
    steps = recorded(controller)
    for row, order in zip(rows, orders, strict=True):
        controller.take_orders(order)
        named = dict(zip(("height_ref_m", "range_m", "dt_s"), row, strict=True))
        named["height_error_m"] = row[0] - row[1]
        controller.step(np.array([named[n] for n in controller.observation_names]))
    reasons = [version.reason for version in controller.versions]
    assert "prediction is not finite" in reasons
    require_equal(controller, steps, built(controller, tmp_path))


@pytest.mark.parametrize("name", MAKERS)
def test_flights_with_a_leak_and_a_frozen_lidar(name: str, tmp_path: Path) -> None:
    controller = MAKERS[name]()
    library, steps = built(controller, tmp_path), recorded(controller)
    held = [1.0]

    def frozen(time_s: float, range_m: float) -> float:
        held[0] = held[0] if 60.0 < time_s < 75.0 else range_m
        return held[0]

    fly_one(controller, draw_disturbed("leak and sag", 11, 120.0), range_fault=frozen)
    require_equal(controller, steps, library)


FAULTS = (
    Fault("lidar", FaultKind.GARBAGE, 15.0, 22.0, seed=3),
    Fault("lidar", FaultKind.STUCK, 30.0, 42.0),
    Fault("lidar", FaultKind.DELAYED, 50.0, 56.0),
    Fault("motor", FaultKind.WRONG, 60.0, 66.0, offset=2.0),
)


def require_equal_supervised(
    maker: str, seed: int, duration_s: float, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    """Fly under supervision with faults of the streams, and replay the steps of the loop."""
    controller = MAKERS[maker]()
    library, steps = built(controller, folder), recorded(controller)
    monkeypatch.setattr(supervised, "load", lambda name: controller)
    supervised.fly(seed, FAULTS, supervised.FlightSettings(duration_s=duration_s))
    assert any(step.orders[2] == 0.0 for step in steps)
    require_equal(controller, steps, library)


@pytest.mark.parametrize("name", ["shipped", "altitude"])
def test_supervised_flights(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    require_equal_supervised(name, 3, 70.0, monkeypatch, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4, 10))
@pytest.mark.parametrize("name", MAKERS)
def test_long_supervised_flights(
    name: str, seed: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    require_equal_supervised(name, seed, 300.0, monkeypatch, tmp_path)


@pytest.mark.parametrize("log", DEVELOPMENT)
@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_recorded_flights(log: str, precision: str, tmp_path: Path) -> None:
    flight = recorded_log(log)
    dt_s = np.diff(flight.time_s, prepend=flight.time_s[0] - 0.1)
    rows = np.c_[flight.reference_m, flight.height_m, dt_s]
    controller = MAKERS["shipped"](NativeEngine if precision == "float64" else SINGLE)
    steps = stepped(controller, rows, [list(Orders())] * len(rows))
    require_equal(controller, steps, built(controller, tmp_path, precision))


def test_parts_without_c_are_named() -> None:
    need = EssentialVariable("battery_v", low=3.6, width=0.3)
    with pytest.raises(ParameterError, match="essential variables"):
        altitude(needs=(need,)).to_program()
    with pytest.raises(ParameterError, match="PID cannot be exported"):
        Adapting(PID(), BlimpForwardModel()).to_program()
    spikes = Adapting(load("blimp-altitude"), BlimpForwardModel(), AdaptingConfig(readout="spikes"))
    with pytest.raises(ParameterError, match="'spikes' cannot be exported"):
        spikes.to_program()
