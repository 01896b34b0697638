"""The loop around a controller, against controllers that run without it."""

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
    controller, pid = Scripted(1.0, 1.0, 1.0, wrong, 2.0, 3.0), PID()
    bench = Bench(controller).arm(1.0)
    for k, height in enumerate(heights(50)):
        tick = bench.measure(height)
        expected = float(pid.step(np.array([1.0 - height]))[0])
        assert tick.mode is (Mode.AUTO if k < 3 else Mode.FALLBACK)
        assert tick.command == (1.0 if k < 3 else min(max(expected, -10.0), 10.0))
    assert tick.failed
    assert controller.script == [2.0, 3.0], "it is not called again"
    bench.loop.reset()
    assert bench.measure(1.0).command == 2.0
    assert bench.loop.modes.mode is Mode.AUTO


def test_silence_goes_to_trim_and_stops() -> None:
    bench = Bench().arm()
    held = [bench.measure(0.8).command for _ in range(5)][-1]
    sent = bench.silence(12.0)
    assert set(sent[:12]) <= {None, held}
    assert sent[20] == TRIM
    assert sent[-1] == 0.0


def test_a_repeated_stamp_is_no_measurement_and_no_alarm() -> None:
    bench = Bench().arm()
    bench.measure(1.0)
    stamp_ns = bench.now_ns
    for _ in range(5):
        tick = bench.measure(0.5, stamp_ns=stamp_ns)
        assert (tick.mode, tick.command) == (Mode.AUTO, None)
        assert math.isnan(tick.output)
    assert [bench.measure(0.5, stamp_ns=stamp_ns).mode for _ in range(2)] == [Mode.HOLD, Mode.TRIM]


class Scribbler(Scripted):
    """Writes into what it is given."""

    def _step(self, observation: np.ndarray) -> np.ndarray:
        observation[:] = 0.0
        return np.array([1.0])


def test_a_controller_cannot_change_what_is_recorded() -> None:
    bench = Bench(Scribbler()).arm(1.2)
    assert bench.measure(1.0).observation == pytest.approx([0.2])


def test_no_command_is_upward_above_the_ceiling() -> None:
    bench = Bench(Scripted(4.0), set_point_high_m=1.5).arm()
    assert bench.measure(1.9).command == 4.0
    bench.configure(ceiling_m=2.0)
    assert bench.measure(2.1).command == 0.0
    assert bench.blimp.over_ceiling == 1
    assert bench.measure(1.9).command == 4.0
    bench.loop.replace(Scripted(-3.0))
    assert bench.measure(2.1).command == -3.0


def test_above_the_ceiling_neither_the_held_command_nor_trim_is_upward() -> None:
    bench = Bench(Scripted(4.0)).arm(3.0)
    assert bench.measure(3.0).command == 4.0
    assert bench.measure(4.1).command == 0.0, "the default ceiling is above every set-point"
    assert set(bench.silence(9.0)) <= {None, 0.0}
    assert bench.loop.modes.mode is Mode.TRIM
    bench = Bench(Scripted(4.0)).arm(3.0)
    bench.measure(3.0)
    assert bench.silence(2.0)[-1] == TRIM


@pytest.mark.parametrize("ceiling_m", [3.0, 2.0, 12.0])
def test_a_ceiling_that_cannot_act_is_refused(ceiling_m: float) -> None:
    with pytest.raises(ParameterError, match="ceiling_m"):
        AltitudeNodeConfig(ceiling_m=ceiling_m)


def test_what_the_sensor_says_it_cannot_measure_is_not_flown() -> None:
    bench = Bench(Scripted(1.0)).arm()
    assert bench.measure(1.0).mode is Mode.AUTO
    now_ns = bench.now_ns + PERIOD_NS
    tick = bench.at(0.04, now_ns, now_ns, (0.05, 2.0))
    assert tick.mode is Mode.HOLD
    assert math.isnan(tick.output)
    assert "min_range" in bench.blimp.bad_value
    assert range_fault(0.04, 12.0) == range_fault(2.1, 12.0, (0.0, 0.0)) == ""
    assert "max_range" in range_fault(2.1, 12.0, (0.05, 2.0))


def test_a_clock_set_ahead_is_no_step_of_an_hour() -> None:
    bench = Bench(Scripted(1.0)).arm()
    bench.measure(1.0)
    hour_ns = 3600 * 10**9
    bench.now_ns += PERIOD_NS
    stamp_ns = bench.now_ns + hour_ns
    jumped = bench.at(1.0, stamp_ns, stamp_ns)
    assert (jumped.mode, jumped.dt_s, jumped.missed) == (Mode.HOLD, 0.1, 0)
    bench.now_ns += PERIOD_NS
    stamp_ns = bench.now_ns + hour_ns
    after = bench.at(1.0, stamp_ns, stamp_ns)
    assert (after.dt_s, after.missed, bench.loop.missed) == (0.1, 0, 0)


def test_a_controller_that_cannot_be_reset_does_not_arm() -> None:
    controller, pid = Stubborn(1.0), PID()
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
        bench.loop.replace(Stubborn(2.0))
    assert bench.loop.controller is controller
    bench.loop.replace(Scripted(2.0))
    assert bench.measure(0.7).command == 2.0


class Stubborn(Scripted):
    """Cannot be reset while it is stuck."""

    stuck = True

    def reset(self, seed: int | None = None) -> None:
        if self.stuck:
            raise RuntimeError("stuck")


@pytest.mark.parametrize("mode", ["hold", "trim", "stop", "manual", "disarmed"])
def test_replacing_or_resetting_moves_no_motor_in_any_mode(mode: str) -> None:
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
            bench.silence({"hold": 0.65, "trim": 1.0, "stop": 10.1}[mode])
    before = (bench.last, bench.watch())
    bench.loop.replace(Scripted(2.0))
    bench.loop.reset()
    assert bench.loop.modes.mode == mode
    assert (bench.last, bench.watch()) == before


def test_a_slew_rate_bounds_every_change_but_the_stop() -> None:
    bench = Bench(Scripted(9.0), slew_per_s=10.0).arm()
    bench.silence(3.0)
    flown = [bench.measure(0.9).command for _ in range(3)]
    assert flown == pytest.approx([1.0, 2.0, 3.0]), "not more for the time it waited"
    held = bench.last
    sent = [c for c in bench.silence(9.9) if c is not None]
    assert abs(np.diff([held, *sent])).max() <= 0.5 + 1e-9
    assert bench.silence(0.2)[-1] == 0.0


def test_a_trim_that_changes_in_flight_takes_effect() -> None:
    bench = Bench().arm()
    bench.measure(0.9)
    assert bench.silence(2.0)[-1] == TRIM
    bench.configure(trim_command=2.5)
    assert bench.silence(0.05) == [2.5]


def test_a_replaced_model_flies_from_its_first_state_and_nothing_drops() -> None:
    bench = Bench().arm(1.2)
    for height in heights(50):
        tick = bench.measure(height)
    before = tick.command
    bench.loop.replace(load("blimp-altitude"))
    assert bench.last == before
    fresh, resets = load("blimp-altitude"), bench.loop.resets
    assert resets == tick.resets + 1, "a replay resets its controller here"
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


def test_a_bad_value_is_no_missed_tick_and_time_goes_on_over_it() -> None:
    controller = Scripted(4.0)
    controller.observation_names = ("dt_s",)  # type: ignore[assignment]
    bench = Bench(controller).arm()
    bench.measure(1.0)
    bench.measure(1.0, periods=3)
    assert bench.measure(math.nan).missed == bench.loop.missed == 2, "of the gap before"
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
