"""The loop around a controller, event by event, against controllers that run without it."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from tests.ros.conftest import NEEDS_ROS

pytest.importorskip("rclpy", reason=NEEDS_ROS)

from snn_control.controllers import PID, Controller, load
from snn_control.errors import InterfaceMismatchError, ParameterError
from snn_control.ros.altitude_config import AltitudeNodeConfig
from snn_control.ros.altitude_loop import AltitudeLoop, Tick
from snn_control.supervision.modes import Mode

PERIOD_NS = 100_000_000
TRIM = 3.1


class Bench:
    """A loop on a clock of its own; stamps and clocks agree."""

    def __init__(self, controller: Controller | None = None, **config: object) -> None:
        self.config = AltitudeNodeConfig(**config)  # type: ignore[arg-type]
        self.loop = AltitudeLoop(controller or load("blimp-altitude"), PID(), self.config)
        self.now_ns = 10**12

    @property
    def now_s(self) -> float:
        return self.now_ns * 1e-9

    def arm(self, height_m: float | None = 1.0) -> Bench:
        if height_m is not None:
            self.loop.on_set_point(height_m, self.now_s)
        self.loop.arm(self.now_s)
        return self

    def measure(self, range_m: float, periods: float = 1.0, stamp_ns: int | None = None) -> Tick:
        self.now_ns += round(periods * PERIOD_NS)
        stamp = self.now_ns if stamp_ns is None else stamp_ns
        return self.loop.on_range(range_m, stamp, self.now_ns, self.now_s)

    def silence(self, seconds: float) -> list[float | None]:
        sent = []
        for _ in range(round(seconds / 0.05)):
            self.now_ns += 50_000_000
            sent.append(self.loop.watch(self.now_s))
        return sent


class Scripted(Controller):
    """Gives what it is told, and raises where that is an exception."""

    observation_names, action_names = ("height_error_m",), ("motor_command",)
    control_period_s = 0.1

    def __init__(self, *script: float | Exception) -> None:
        self.script = list(script)

    def reset(self, seed: int | None = None) -> None:
        pass

    def _step(self, observation: np.ndarray) -> np.ndarray:
        given = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(given, Exception):
            raise given
        return np.array([given])

    @property
    def readouts(self) -> dict[str, float]:
        return {}


def heights(n: int, seed: int = 0) -> np.ndarray:
    """Ranges as a lidar rounds them to float32."""
    walk = 1.0 + np.cumsum(np.random.default_rng(seed).normal(0, 0.01, n))
    return np.round(walk, 2).astype(np.float32).astype(float)


@pytest.mark.parametrize("name", ["blimp-altitude", "blimp-altitude-delay", "pid"])
def test_commands_are_those_of_the_controller_alone(name: str) -> None:
    bench, alone = Bench(load(name)).arm(1.2), load(name)
    for height in heights(400):
        tick = bench.measure(height)
        expected = float(alone.step(np.array([1.2 - height]))[0])
        assert tick.mode is Mode.AUTO
        assert tick.output == expected
        assert tick.command == min(max(expected, -10.0), 10.0)
        assert tick.observation == np.array([1.2 - height])


def test_after_drop_outs_and_resets_too() -> None:
    bench, alone = Bench().arm(1.2), load("blimp-altitude")
    rng = np.random.default_rng(2)
    resets, flown = 0, 0
    for k, height in enumerate(heights(600)):
        if k % 97 == 50:
            bench.silence(rng.uniform(0.2, 2.0))
        if k == 300:
            bench.loop.reset()
        bad = rng.random() < 0.05
        tick = bench.measure(math.nan if bad else height)
        assert math.isnan(tick.output) == bad
        if bad:
            continue
        if tick.resets != resets:
            alone.reset()
            resets = tick.resets
        assert tick.output == float(alone.step(np.array([1.2 - height]))[0])
        if tick.mode is Mode.AUTO:
            flown += 1
            assert tick.command == min(max(tick.output, -10.0), 10.0)
    assert flown > 300


@pytest.mark.parametrize(
    ("range_m", "said"),
    [(math.nan, "NaN"), (math.inf, "no return"), (-0.4, "negative"), (1234.0, "millimetres")],
)
def test_a_value_that_is_none_holds_at_once(range_m: float, said: str) -> None:
    bench = Bench().arm()
    held = [bench.measure(0.8).command for _ in range(5)][-1]
    tick = bench.measure(range_m)
    assert tick.mode is Mode.HOLD
    assert tick.command == held
    assert said in bench.loop.modes.reason
    assert [bench.measure(0.8).mode for _ in range(3)] == [Mode.HOLD, Mode.HOLD, Mode.AUTO]


@pytest.mark.parametrize("wrong", [RuntimeError("broken"), math.nan, math.inf])
def test_a_controller_that_fails_is_replaced_by_a_pid_in_the_same_tick(
    wrong: float | Exception,
) -> None:
    controller, pid = Scripted(1.0, 1.0, 1.0, wrong, 2.0), PID()
    bench = Bench(controller).arm(1.0)
    for k, height in enumerate(heights(50)):
        tick = bench.measure(height)
        expected = float(pid.step(np.array([1.0 - height]))[0])
        assert tick.mode is (Mode.AUTO if k < 3 else Mode.FALLBACK)
        assert tick.command == (1.0 if k < 3 else min(max(expected, -10.0), 10.0))
    assert tick.failed
    assert controller.script == [2.0], "it is not called again"
    bench.loop.reset()
    assert bench.measure(1.0).command == 2.0
    assert bench.loop.modes.mode is Mode.AUTO


def test_nothing_turns_before_a_first_measurement() -> None:
    bench = Bench().arm()
    assert set(bench.silence(30.0)) == {0.0}
    bench.measure(math.nan)
    assert set(bench.silence(5.0)) == {0.0}
    assert bench.measure(0.5).mode is Mode.AUTO


def test_silence_goes_to_trim_and_stops() -> None:
    bench = Bench().arm()
    held = [bench.measure(0.8).command for _ in range(5)][-1]
    sent = bench.silence(12.0)
    assert set(sent[:12]) <= {None, held}
    assert sent[20] == TRIM
    assert sent[-1] == 0.0


def test_the_set_point_is_limited_ramped_and_begins_where_the_craft_is() -> None:
    bench = Bench(set_point_rate_m_s=0.5, set_point_high_m=2.0).arm(None)
    first = bench.measure(0.7)
    assert first.observation == pytest.approx([0.0])
    assert not bench.loop.on_set_point(5.0, bench.now_s)
    errors = [float(bench.measure(0.7).observation[0]) for _ in range(40)]
    np.testing.assert_allclose(np.diff(errors[:20]), 0.05, atol=1e-9)
    assert errors[-1] == pytest.approx(1.3)
    assert not bench.loop.on_set_point(math.nan, bench.now_s)
    assert bench.measure(0.7).observation[0] == pytest.approx(1.3)


def test_no_command_is_upward_above_the_ceiling() -> None:
    bench = Bench(Scripted(4.0)).arm()
    assert bench.measure(1.9).command == 4.0
    bench.loop.config = dataclasses.replace(bench.config, ceiling_m=2.0)
    assert bench.measure(2.1).command == 0.0
    assert bench.loop.over_ceiling == 1
    assert bench.measure(1.9).command == 4.0


def test_a_critical_battery_lands_until_disarmed_and_does_not_arm() -> None:
    bench = Bench(battery_critical_s=1.0, land_height_m=0.4).arm(1.5)
    bench.measure(1.5)
    bench.loop.on_battery(3.0, bench.now_s)
    bench.measure(1.5, periods=2)
    bench.loop.on_battery(3.0, bench.now_s)
    assert not bench.loop.landing
    for _ in range(12):
        bench.measure(1.5)
        bench.loop.on_battery(3.0, bench.now_s)
    assert bench.loop.landing
    assert bench.measure(1.5).observation[0] == pytest.approx(-1.1)
    bench.loop.on_set_point(2.0, bench.now_s)
    assert bench.measure(1.5).observation[0] == pytest.approx(-1.1)
    assert bench.loop.disarm() == 0.0
    bench.loop.arm(bench.now_s)
    assert bench.loop.modes.mode is Mode.DISARMED
    assert "battery" in bench.loop.modes.reason
    bench.loop.on_battery(4.0, bench.now_s)
    bench.loop.arm(bench.now_s)
    assert bench.measure(1.5).mode is Mode.AUTO


def test_manual_commands_are_gated_and_time_out() -> None:
    bench = Bench(Scripted(1.0)).arm()
    assert bench.loop.on_manual(5.0, bench.now_s) is None
    bench.measure(1.0)
    bench.loop.override(True, bench.now_s)
    assert bench.loop.on_manual(50.0, bench.now_s) == 10.0
    assert bench.loop.on_manual(math.nan, bench.now_s) is None
    assert bench.measure(1.0).command is None
    assert set(bench.silence(0.35)) == {None}
    assert bench.silence(0.2)[-1] == 10.0, "held until measurements are good again"
    assert [bench.measure(1.0).command for _ in range(3)] == [10.0, 10.0, 1.0]


def test_a_replaced_model_flies_from_its_first_state_and_nothing_drops() -> None:
    bench = Bench().arm(1.2)
    for height in heights(50):
        before = bench.measure(height).command
    bench.loop.replace(load("blimp-altitude"))
    assert bench.loop.gate.last == before
    fresh = load("blimp-altitude")
    for height in heights(20, seed=1):
        tick = bench.measure(height)
        assert tick.output == float(fresh.step(np.array([1.2 - height]))[0])
    with pytest.raises(InterfaceMismatchError):
        bench.loop.replace(Foreign(1.0))
    assert bench.measure(1.0).mode is Mode.AUTO


class Foreign(Scripted):
    """Looks at something that no blimp has."""

    observation_names = ("angle_rad",)


def test_what_is_no_altitude_controller_is_refused() -> None:
    with pytest.raises(InterfaceMismatchError, match="angle_rad"):
        Bench(Foreign(1.0))
    slow = Scripted(1.0)
    slow.control_period_s = 1.0
    with pytest.raises(ParameterError, match="set hold_s"):
        Bench(slow)


def test_missed_ticks_are_counted_and_bursts_are_not() -> None:
    bench = Bench().arm()
    bench.measure(1.0)
    assert bench.measure(1.0, periods=3).missed == 0, "they may yet come as a burst"
    assert bench.measure(1.0).missed == 2
    bench.measure(1.0, periods=3)
    assert sum(bench.measure(1.0, periods=0.1).missed for _ in range(2)) == 0
    assert bench.measure(1.0).missed == 0


def test_simulated_time_that_restarts_is_refused_once() -> None:
    bench = Bench().arm()
    bench.measure(1.0)
    bench.now_ns += PERIOD_NS
    tick = bench.loop.on_range(1.0, 5 * 10**9, 5 * 10**9, bench.now_s)
    assert tick.mode is Mode.HOLD
    for k in range(1, 4):
        bench.now_ns += PERIOD_NS
        stamp = 5 * 10**9 + k * PERIOD_NS
        tick = bench.loop.on_range(1.0, stamp, stamp, bench.now_s)
    assert tick.mode is Mode.AUTO
