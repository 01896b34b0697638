"""Altitude loop, compared with controllers that run without it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from snn_control.controllers import PID, load
from snn_control.errors import InterfaceMismatchError, ParameterError
from snn_control.loops.blimp.adapter import range_fault
from snn_control.loops.blimp.config import AltitudeNodeConfig
from snn_control.supervision.modes import Mode
from tests.loops.blimp.harness import PERIOD_NS, Bench, Scripted

TRIM = 3.1


def heights(n: int, seed: int = 0) -> np.ndarray:
    """Return ranges, rounded to float32 like those of a lidar."""
    walk = 1.0 + np.cumsum(np.random.default_rng(seed).normal(0, 0.01, n))
    return np.round(walk, 2).astype(np.float32).astype(float)


@pytest.mark.parametrize("name", ["blimp-altitude", "blimp-altitude-delay", "pid"])
def test_commands_equal_those_of_the_controller_alone(name: str) -> None:
    bench, reference = Bench(load(name)).arm(1.2), load(name)
    for height in heights(400):
        tick = bench.measure(height)
        expected = float(reference.step(np.array([1.2 - height]))[0])
        assert tick.mode is Mode.AUTO
        assert tick.output == expected
        assert tick.command == min(max(expected, -10.0), 10.0)
        assert tick.observation == np.array([1.2 - height])


def test_commands_equal_after_dropouts_and_resets() -> None:
    bench, reference = Bench().arm(1.2), load("blimp-altitude")
    rng = np.random.default_rng(2)
    resets, n_auto = 0, 0
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
            reference.reset()
            resets = tick.resets
        assert tick.output == float(reference.step(np.array([1.2 - height]))[0])
        if tick.mode is Mode.AUTO:
            n_auto += 1
            assert tick.command == min(max(tick.output, -10.0), 10.0)
    assert n_auto > 300


@pytest.mark.parametrize(
    ("range_m", "reason"),
    [
        (math.nan, "NaN"),
        (math.inf, "no return"),
        (-0.4, "negative"),
        (1234.0, "millimetres"),
        (0.0, "no height"),
        (-0.0, "no height"),
    ],
)
def test_an_unusable_range_holds_at_once(range_m: float, reason: str) -> None:
    bench = Bench().arm()
    held = [bench.measure(0.8).command for _ in range(5)][-1]
    tick = bench.measure(range_m)
    assert tick.mode is Mode.HOLD
    assert tick.command == held
    assert reason in bench.loop.modes.reason
    assert [bench.measure(0.8).mode for _ in range(3)] == [Mode.HOLD, Mode.HOLD, Mode.AUTO]


@pytest.mark.parametrize("wrong", [RuntimeError("broken"), math.nan, math.inf])
def test_a_failed_controller_is_replaced_by_a_pid_in_the_same_tick(
    wrong: float | Exception,
) -> None:
    controller, pid = Scripted(1.0, 1.0, 1.0, wrong, 2.0, 3.0), PID()
    bench = Bench(controller).arm(1.0)
    for k, height in enumerate(heights(50)):
        tick = bench.measure(height)
        expected = float(pid.step(np.array([1.0 - height]))[0])
        assert tick.mode is (Mode.AUTO if k < 3 else Mode.FALLBACK)
        assert tick.command == (1.0 if k < 3 else min(max(expected, -10.0), 10.0))
    assert tick.failed
    assert controller.script == [2.0, 3.0], "the controller is not called again"
    bench.loop.reset()
    assert bench.measure(1.0).command == 2.0
    assert bench.loop.modes.mode is Mode.AUTO


def test_silence_leads_to_trim_and_stop() -> None:
    bench = Bench().arm()
    held = [bench.measure(0.8).command for _ in range(5)][-1]
    sent = bench.silence(12.0)
    assert set(sent[:26]) <= {None, held}
    assert sent[35] == TRIM
    assert sent[-1] == 0.0


def test_a_repeated_stamp_is_ignored() -> None:
    bench = Bench().arm()
    bench.measure(1.0)
    stamp_ns = bench.now_ns
    for _ in range(12):
        tick = bench.measure(0.5, stamp_ns=stamp_ns)
        assert (tick.mode, tick.command) == (Mode.AUTO, None)
        assert math.isnan(tick.output)
    modes = [bench.measure(0.5, stamp_ns=stamp_ns).mode for _ in range(3)]
    assert modes == [Mode.HOLD, Mode.HOLD, Mode.TRIM]


class Overwriting(Scripted):
    """Controller that overwrites its observation."""

    def _step(self, observation: np.ndarray) -> np.ndarray:
        observation[:] = 0.0
        return np.array([1.0])


def test_a_controller_cannot_change_the_recorded_observation() -> None:
    bench = Bench(Overwriting()).arm(1.2)
    assert bench.measure(1.0).observation == pytest.approx([0.2])


def test_commands_above_the_ceiling_are_not_upward() -> None:
    bench = Bench(Scripted(4.0), set_point_high_m=1.5).arm()
    assert bench.measure(1.9).command == 4.0
    bench.configure(ceiling_m=2.0)
    assert bench.measure(2.1).command == 0.0
    assert bench.blimp.over_ceiling == 1
    assert bench.measure(1.9).command == 4.0
    bench.loop.replace(Scripted(-3.0))
    assert bench.measure(2.1).command == -3.0


@pytest.mark.parametrize("ceiling_m", [1.5, 2.0, 4.0])
def test_the_ceiling_is_the_greatest_height_of_an_upward_command(ceiling_m: float) -> None:
    """At the ceiling commands pass; above it those that are not upward, which do not count."""
    bench = Bench(Scripted(4.0), set_point_high_m=1.4).arm()
    bench.configure(ceiling_m=ceiling_m)
    above_m = math.nextafter(ceiling_m, math.inf)
    for height_m, upward in ((ceiling_m - 0.01, 1.0), (ceiling_m, 1.0), (above_m, 0.0)):
        bench.measure(height_m)
        before = bench.blimp.over_ceiling
        for command in (-4.0, -1e-9, 0.0):
            assert bench.blimp.limit(np.array([command])).tolist() == [command]
        assert bench.blimp.over_ceiling == before
        for command in (1e-9, 4.0):
            assert bench.blimp.limit(np.array([command])).tolist() == [upward * command]
        assert bench.blimp.over_ceiling == before + (0 if upward else 2)


def test_the_ceiling_holds_for_the_estimated_height() -> None:
    """A range that is stuck below the ceiling does not hide the climb."""
    bench = Bench(Scripted(9.0), range_gate_m=0.25, trim_command=9.0).arm(3.0)
    sent = [bench.measure(3.0 + 0.001 * (k % 2)).command for k in range(5)]
    assert sent == [9.0] * 5
    while bench.blimp.estimator.observer.position_m < 4.05:  # type: ignore[union-attr]
        sent.append(bench.measure(3.0).command)
    assert bench.loop.modes.mode is not Mode.AUTO
    assert [bench.measure(3.0).command for _ in range(3)] == [0.0] * 3


def test_held_command_and_trim_above_the_ceiling_are_not_upward() -> None:
    bench = Bench(Scripted(4.0)).arm(3.0)
    assert bench.measure(3.0).command == 4.0
    assert bench.measure(4.1).command == 0.0, "the default ceiling is above every setpoint"
    assert set(bench.silence(9.0)) <= {None, 0.0}
    assert bench.loop.modes.mode is Mode.TRIM
    bench = Bench(Scripted(4.0)).arm(3.0)
    bench.measure(3.0)
    assert bench.silence(2.0)[-1] == TRIM


@pytest.mark.parametrize("ceiling_m", [3.0, 2.0, 12.0])
def test_a_ceiling_outside_setpoint_and_range_limits_is_refused(ceiling_m: float) -> None:
    with pytest.raises(ParameterError, match="ceiling_m"):
        AltitudeNodeConfig(ceiling_m=ceiling_m)


def test_a_range_outside_the_sensor_limits_holds() -> None:
    bench = Bench(Scripted(1.0)).arm()
    assert bench.measure(1.0).mode is Mode.AUTO
    now_ns = bench.now_ns + PERIOD_NS
    tick = bench.at(0.04, now_ns, now_ns, (0.05, 2.0))
    assert tick.mode is Mode.HOLD
    assert math.isnan(tick.output)
    assert "min_range" in bench.blimp.bad_value
    assert range_fault(0.04, 12.0) == range_fault(2.1, 12.0, (0.0, 0.0)) == ""
    assert "max_range" in range_fault(2.1, 12.0, (0.05, 2.0))


def test_a_clock_set_ahead_does_not_enlarge_dt() -> None:
    bench = Bench(Scripted(1.0)).arm()
    bench.measure(1.0)
    hour_ns = 3600 * 10**9
    bench.now_ns += PERIOD_NS
    stamp_ns = bench.now_ns + hour_ns
    first = bench.at(1.0, stamp_ns, stamp_ns)
    assert (first.mode, first.dt_s, first.missed) == (Mode.HOLD, 0.1, 0)
    bench.now_ns += PERIOD_NS
    stamp_ns = bench.now_ns + hour_ns
    second = bench.at(1.0, stamp_ns, stamp_ns)
    assert (second.dt_s, second.missed, bench.loop.missed) == (0.1, 0, 0)


def test_arming_fails_if_the_controller_cannot_be_reset() -> None:
    controller, pid = FailingReset(1.0), PID()
    bench = Bench(controller)
    assert "stuck" in bench.arm().loop.modes.reason
    assert bench.loop.modes.mode is Mode.DISARMED
    controller.stuck = False
    bench.arm()
    assert bench.measure(0.7).command == 1.0
    controller.stuck = True
    bench.loop.reset()
    tick = bench.measure(0.7)
    assert tick.mode is Mode.FALLBACK
    assert tick.command == float(pid.step(np.array([1.0 - 0.7]))[0])
    with pytest.raises(RuntimeError, match="stuck"):
        bench.loop.replace(FailingReset(2.0))
    assert bench.loop.controller is controller
    bench.loop.replace(Scripted(2.0))
    assert bench.measure(0.7).command == 2.0


class FailingReset(Scripted):
    """Controller whose reset fails while it is stuck."""

    stuck = True

    def reset(self, seed: int | None = None) -> None:
        if self.stuck:
            raise RuntimeError("stuck")


@pytest.mark.parametrize("mode", ["hold", "trim", "stop", "manual", "disarmed"])
def test_replacing_or_resetting_keeps_the_command_in_any_mode(mode: str) -> None:
    bench = Bench(Scripted(6.0)).arm()
    for _ in range(4):
        bench.measure(0.9)
    match mode:
        case "manual":
            bench.override(True)
            bench.manual(5.0)
        case "disarmed":
            bench.disarm()
        case _:
            bench.silence({"hold": 1.4, "trim": 1.8, "stop": 10.1}[mode])
    before = (bench.last, bench.watch())
    bench.loop.replace(Scripted(2.0))
    bench.loop.reset()
    assert bench.loop.modes.mode == mode
    assert (bench.last, bench.watch()) == before


def test_the_slew_rate_limits_every_change_except_a_stop() -> None:
    bench = Bench(Scripted(9.0), slew_per_s=10.0).arm()
    bench.silence(3.0)
    commands = [bench.measure(0.9).command for _ in range(3)]
    assert commands == pytest.approx([1.0, 2.0, 3.0]), "the wait does not add to the slew"
    held = bench.last
    sent = [c for c in bench.silence(9.9) if c is not None]
    assert abs(np.diff([held, *sent])).max() <= 0.5 + 1e-9
    assert bench.silence(0.2)[-1] == 0.0


def test_a_trim_changed_in_operation_takes_effect() -> None:
    bench = Bench().arm()
    bench.measure(0.9)
    assert bench.silence(2.0)[-1] == TRIM
    bench.configure(trim_command=2.5)
    assert bench.silence(0.05) == [2.5]


def test_a_replaced_model_starts_in_its_initial_state() -> None:
    bench = Bench().arm(1.2)
    for height in heights(50):
        tick = bench.measure(height)
    before = tick.command
    bench.loop.replace(load("blimp-altitude"))
    assert bench.last == before
    fresh, resets = load("blimp-altitude"), bench.loop.resets
    assert resets == tick.resets + 1, "a replay resets its controller at this tick"
    for height in heights(20, seed=1):
        tick = bench.measure(height)
        assert tick.output == float(fresh.step(np.array([1.2 - height]))[0])
    with pytest.raises(InterfaceMismatchError):
        bench.loop.replace(OtherVehicle(1.0))
    assert bench.measure(1.0).mode is Mode.AUTO


class OtherVehicle(Scripted):
    """Controller with an observable that the blimp lacks."""

    observation_names = ("angle_rad",)


def test_a_controller_of_another_vehicle_or_period_is_refused() -> None:
    with pytest.raises(InterfaceMismatchError, match="angle_rad"):
        Bench(OtherVehicle(1.0))
    slow = Scripted(1.0)
    slow.control_period_s = 2.0
    with pytest.raises(ParameterError, match="set hold_s"):
        Bench(slow)


def test_missed_ticks_are_counted_and_bursts_are_not() -> None:
    bench = Bench().arm()
    bench.measure(1.0)
    assert bench.measure(1.0, periods=3).missed == 0, "they may still arrive in a burst"
    assert bench.measure(1.0).missed == 2
    bench.measure(1.0, periods=3)
    assert sum(bench.measure(1.0, periods=0.1).missed for _ in range(2)) == 0
    assert bench.measure(1.0).missed == 0


def test_a_bad_value_is_not_missed_and_dt_includes_its_time() -> None:
    controller = Scripted(4.0)
    controller.observation_names = ("dt_s",)  # type: ignore[assignment]
    bench = Bench(controller).arm()
    bench.measure(1.0)
    bench.measure(1.0, periods=3)
    assert bench.measure(math.nan).missed == bench.loop.missed == 2, "those of the gap before"
    tick = bench.measure(1.0)
    assert (tick.dt_s, *tick.observation) == pytest.approx((0.2, 0.2))
    assert bench.loop.missed == 2


def test_simulated_time_that_restarts_is_refused_once() -> None:
    bench = Bench().arm()
    bench.measure(1.0)
    bench.now_ns += PERIOD_NS
    tick = bench.at(1.0, 5 * 10**9, 5 * 10**9)
    assert tick.mode is Mode.HOLD
    for k in range(1, 4):
        bench.now_ns += PERIOD_NS
        stamp = 5 * 10**9 + k * PERIOD_NS
        tick = bench.at(1.0, stamp, stamp)
    assert tick.mode is Mode.AUTO
