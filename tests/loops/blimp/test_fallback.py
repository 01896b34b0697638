"""Fallback controller: its state is up to date at a failure, and its own failure stops."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snn_control.controllers import PID, PIDConfig
from snn_control.errors import ControlPeriodError, InterfaceMismatchError
from snn_control.loops.blimp.config import AltitudeNodeConfig
from snn_control.supervision.modes import Mode
from tests.controllers.test_network_controller import NetworkController, network
from tests.loops.blimp.harness import Bench, Scripted, blimp_loop


def ready(bench: Bench) -> None:
    bench.loop.keep_ready()


BETWEEN: dict[str, Callable[[Bench], object]] = {
    "nothing": lambda bench: None,
    "ready": ready,
    "twice": lambda bench: list(map(ready, (bench, bench))),
    "watch": lambda bench: bench.watch(),
    "setpoint": lambda bench: bench.setpoint(1.5),
    "replace": lambda bench: bench.loop.replace(Scripted(1.0, 1.0)),
}


@given(st.lists(st.sampled_from(sorted(BETWEEN)), min_size=1, max_size=30))
@settings(max_examples=60, deadline=None)
def test_the_fallback_has_the_state_of_stepping_in_each_tick(events: list[str]) -> None:
    bench, reference = Bench(Scripted(1.0)).arm(1.2), PID()
    heights = 1.0 + 0.3 * np.random.default_rng(len(events)).random(len(events) + 1)
    for height, event in zip(heights, events, strict=False):
        bench.now_ns += 100_000_000
        measured = bench.at(height, bench.now_ns, bench.now_ns)
        reference.step(measured.observation)
        BETWEEN[event](bench)
    bench.loop.replace(Scripted(RuntimeError("broken")))
    tick = bench.measure(heights[-1])
    assert tick.mode is Mode.FALLBACK
    assert tick.command == np.clip(reference.step(tick.observation)[0], -10.0, 10.0)


@pytest.mark.parametrize("wrong", [RuntimeError("lost"), float("nan")])
def test_a_failed_fallback_is_disabled_until_a_reset(wrong: float | Exception) -> None:
    loop = blimp_loop(Scripted(1.0), AltitudeNodeConfig(), Scripted(2.0, wrong, 2.0))
    bench = Bench()
    bench.loop, bench.blimp = loop, loop.adapter
    bench.arm(1.0)
    for _ in range(4):
        assert bench.measure(1.0).mode is Mode.AUTO
    assert loop.reserve.fallback_failure.startswith("fallback ")
    loop.replace(Scripted(RuntimeError("broken")))
    tick = bench.measure(1.0)
    assert tick.mode is Mode.STOP
    assert tick.command == 0.0
    loop.reset()
    assert loop.reserve.fallback_failure == ""


def test_failure_of_controller_and_fallback_stops_the_motors() -> None:
    loop = blimp_loop(Scripted(1.0), AltitudeNodeConfig(), Scripted(RuntimeError("lost")))
    bench = Bench()
    bench.loop, bench.blimp = loop, loop.adapter
    bench.arm(1.0)
    loop.replace(Scripted(RuntimeError("broken")))
    tick = bench.measure(1.0)
    assert (tick.mode, tick.command) == (Mode.STOP, 0.0)
    assert "broken" in loop.modes.reason
    assert "lost" in loop.modes.reason


class TwoMotors(Scripted):
    """Controller with an output of the wrong shape."""

    def _step(self, observation: np.ndarray) -> np.ndarray:
        return np.ones(2)


def test_an_output_of_wrong_shape_is_a_failure() -> None:
    bench = Bench(TwoMotors(1.0)).arm(1.0)
    tick = bench.measure(1.0)
    assert tick.mode is Mode.FALLBACK
    assert np.isnan(tick.output)
    assert "returned shape (2,), expected (1,)" in bench.loop.modes.reason


def test_a_fallback_of_another_vehicle_or_period_is_refused() -> None:
    with pytest.raises(InterfaceMismatchError, match="altitude controller"):
        blimp_loop(PID(), AltitudeNodeConfig(), NetworkController(network()))
    with pytest.raises(ControlPeriodError, match="load both for one period"):
        blimp_loop(PID(), AltitudeNodeConfig(), PID(PIDConfig(control_period_s=0.05)))
