"""Altitude loop: arming, setpoint, battery, manual commands and arbitrary sequences of events."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snn_control.controllers import load
from snn_control.loops.blimp.config import AltitudeNodeConfig
from snn_control.supervision.modes import CONTROLLER_MODES, Mode
from tests.loops.blimp.harness import Bench, Scripted

TRIM = 3.1


def test_motors_stay_off_before_the_first_measurement() -> None:
    bench = Bench().arm()
    assert set(bench.silence(30.0)) == {0.0}
    bench.measure(math.nan)
    assert set(bench.silence(5.0)) == {0.0}
    assert bench.measure(0.5).mode is Mode.AUTO


def test_the_setpoint_starts_at_the_height_and_is_limited_and_ramped() -> None:
    bench = Bench(set_point_rate_m_s=0.5, set_point_high_m=2.0).arm(None)
    first = bench.measure(0.7)
    assert first.observation == pytest.approx([0.0])
    assert not bench.setpoint(5.0)
    errors = [float(bench.measure(0.7).observation[0]) for _ in range(40)]
    np.testing.assert_allclose(np.diff(errors[:20]), 0.05, atol=1e-9)
    assert errors[-1] == pytest.approx(1.3)
    assert not bench.setpoint(math.nan)
    assert bench.measure(0.7).observation[0] == pytest.approx(1.3)


def test_arming_an_armed_blimp_resets_nothing() -> None:
    bench, alone = Bench().arm(1.2), load("blimp-altitude")
    for height in np.linspace(1.0, 1.3, 20).tolist():
        tick = bench.measure(height)
        assert tick.output == float(alone.step(np.array([1.2 - height]))[0])
        bench.loop.arm(bench.now_s)
        assert bench.loop.resets == tick.resets


def test_arming_again_starts_from_the_initial_state() -> None:
    bench = Bench(Scripted(9.0), slew_per_s=10.0, set_point_rate_m_s=0.5).arm(2.0)
    for _ in range(5):
        bench.measure(1.0)
    assert bench.disarm() == 0.0
    bench.now_ns += 40 * 10**9
    bench.arm(None)
    tick = bench.measure(0.5)
    assert tick.command == pytest.approx(1.0), "from motors off, at the slew rate"
    assert (tick.dt_s, tick.missed) == (0.1, 0)
    assert tick.observation == pytest.approx([0.05]), "from the present height"
    assert bench.measure(0.5).missed == 0


def test_the_setpoint_does_not_jump_after_a_gap_or_manual() -> None:
    bench = Bench(set_point_rate_m_s=0.1).arm(3.0)
    bench.measure(1.0)
    bench.silence(8.0)
    assert bench.measure(1.0).observation[0] == pytest.approx(0.01 + 0.13)
    bench.override(True)
    bench.silence(0.4)
    bench.measure(2.0)
    bench.override(False)
    assert bench.measure(2.0).observation[0] == pytest.approx(0.01)


def test_landing_never_climbs() -> None:
    bench = Bench(land_height_m=1.5, battery_critical_s=0.0).arm(0.8)
    bench.measure(0.8)
    bench.battery(3.0)
    assert bench.loop.landing
    assert bench.measure(0.8).observation == pytest.approx([0.0])


def test_a_critical_battery_lands_until_disarmed_and_does_not_arm() -> None:
    bench = Bench(battery_critical_s=1.0, land_height_m=0.4).arm(1.5)
    bench.measure(1.5)
    bench.battery(3.0)
    bench.measure(1.5, periods=2)
    bench.battery(3.0)
    assert not bench.loop.landing
    for _ in range(12):
        bench.measure(1.5)
        bench.battery(3.0)
    assert bench.loop.landing
    assert bench.measure(1.5).observation[0] == pytest.approx(-1.1)
    bench.setpoint(2.0)
    assert bench.measure(1.5).observation[0] == pytest.approx(-1.1)
    assert bench.disarm() == 0.0
    bench.loop.arm(bench.now_s)
    assert bench.loop.modes.mode is Mode.DISARMED
    assert "battery" in bench.loop.modes.reason
    bench.battery(4.0)
    bench.loop.arm(bench.now_s)
    tick = bench.measure(1.5)
    assert tick.mode is Mode.AUTO
    assert tick.observation == pytest.approx([0.5]), "the landing has ended"


def test_silence_after_a_critical_voltage_lands() -> None:
    bench = Bench(battery_critical_s=1.0).arm(1.5)
    bench.measure(1.5)
    bench.battery(3.0)
    bench.silence(0.9)
    assert not bench.loop.landing
    bench.silence(0.2)
    assert bench.loop.landing


def test_a_critical_battery_on_the_ground_disarms() -> None:
    bench = Bench(battery_critical_s=1.0).arm(1.5)
    bench.battery(3.0)
    assert set(bench.silence(1.5)) == {0.0, None}
    assert bench.loop.modes.mode is Mode.DISARMED
    assert "3.00 V" in bench.loop.modes.reason
    assert bench.measure(0.1).command is None


def test_a_controller_that_uses_the_voltage_holds_without_it() -> None:
    controller = Scripted(4.0)
    controller.observation_names = ("battery_v", "height_error_m")  # type: ignore[assignment]
    bench = Bench(controller).arm(1.5)
    tick = bench.measure(1.0)
    assert (tick.mode, tick.command) == (Mode.HOLD, 0.0)
    assert "voltage" in bench.loop.modes.reason
    bench.battery(math.nan)
    assert bench.measure(1.0).mode is Mode.HOLD
    bench.battery(3.9)
    assert bench.measure(1.0).observation == pytest.approx([3.9, 0.5])
    bench.battery(math.nan)
    assert bench.measure(1.0).observation[0] == 3.9


def test_manual_commands_are_gated_and_time_out() -> None:
    bench = Bench(Scripted(1.0)).arm()
    assert bench.manual(5.0) is None
    bench.measure(1.0)
    bench.override(True)
    assert bench.manual(50.0) == 10.0
    assert bench.manual(math.nan) is None
    assert bench.measure(1.0).command is None
    assert set(bench.silence(0.35)) == {None}
    assert bench.silence(0.2)[-1] == 10.0, "held until measurements are usable again"
    assert [bench.measure(1.0).command for _ in range(3)] == [10.0, 10.0, 1.0]


def test_manual_mode_waits_the_whole_timeout_for_a_first_command() -> None:
    bench = Bench(Scripted(1.0)).arm()
    bench.manual(5.0)
    for _ in range(20):
        bench.measure(1.0)
    bench.override(True)
    bench.silence(0.45)
    assert bench.loop.modes.mode is Mode.MANUAL
    bench.silence(0.1)
    assert bench.loop.modes.mode is Mode.HOLD


def test_manual_zero_commands_keep_trim_off_on_the_ground() -> None:
    bench = Bench().arm()
    bench.override(True)
    for _ in range(10):
        assert bench.manual(0.0) == 0.0
        assert set(bench.silence(0.1)) == {None}
    assert set(bench.silence(5.0)) == {None, 0.0}
    bench.override(True)
    assert bench.manual(5.0) == 5.0
    assert bench.silence(2.5)[-1] == TRIM, "the motors turned: the blimp may be in the air"


ACTIONS = st.sampled_from(
    ["measure"] * 4
    + ["bad", "stamp", "burst", "silence", "setpoint", "battery", "manual", "override"]
    + ["arm", "disarm", "reset", "replace", "trim"]
)


ANY = st.one_of(st.floats(-15, 15), st.floats(allow_nan=True, allow_infinity=True))


SCRIPT = st.lists(st.one_of(ANY, st.just(RuntimeError("broken"))), min_size=1, max_size=20)


def act(bench: Bench, action: str, value: float) -> list[float | None]:
    """Apply one action to the loop; return the commands that it sends."""
    loop, now_s, finite = bench.loop, bench.now_s, math.isfinite(value)
    match action:
        case "measure":
            return [bench.measure(abs(value) % 12 if finite else 1.0).command]
        case "burst":
            return [bench.measure(1.0, periods=0.1).command for _ in range(3)]
        case "bad":
            return [bench.measure(value).command]
        case "stamp":
            shift_ns = round(value * 1e9) if abs(value) < 1e3 else -(10**12)
            return [bench.measure(1.0, stamp_ns=bench.now_ns + shift_ns).command]
        case "silence":
            return bench.silence(min(abs(value), 11.0) if finite else 1.0)
        case "setpoint":
            bench.setpoint(value)
        case "battery":
            bench.battery(value)
        case "manual":
            return [bench.manual(value)]
        case "override":
            bench.override(value > 0)
        case "arm":
            loop.arm(now_s)
        case "disarm":
            return [bench.disarm()]
        case "reset":
            loop.reset()
        case "replace":
            loop.replace(Scripted(value))
        case "trim":
            trim = min(max(value, -4.0), 6.0) if finite else TRIM
            bench.configure(trim_command=trim)
    return []


@settings(max_examples=150, deadline=None)
@given(
    script=SCRIPT,
    slew=st.sampled_from([0.0, 0.5, 50.0]),
    actions=st.lists(st.tuples(ACTIONS, ANY), max_size=40),
)
def test_commands_stay_within_limits_for_any_actions(
    script: list[float | Exception], slew: float, actions: list[tuple[str, float]]
) -> None:
    bench = Bench(Scripted(*script), command_low=-4.0, command_high=6.0, slew_per_s=slew)
    loop, moved = bench.loop, False
    bench.arm()
    for action, value in actions:
        was_manual = loop.modes.manual
        sent = [command for command in act(bench, action, value) if command is not None]
        assert all(-4.0 <= command <= 6.0 for command in sent), "this excludes NaN"
        mode = loop.modes.mode
        moved |= mode in CONTROLLER_MODES or (was_manual and action == "manual" and value != 0)
        moved &= loop.modes.armed
        assert loop.modes.armed == (mode is not Mode.DISARMED)
        assert mode is not Mode.AUTO or not loop.modes.failure
        if not moved:
            assert set(sent) <= {0.0}
    stopped = loop.modes.mode in (Mode.DISARMED, Mode.STOP) or loop.modes.waiting
    final = [command for command in bench.silence(2.5) if command is not None]
    if stopped:
        assert set(final) <= {0.0}
    elif not slew:
        assert final[-1] in (bench.config.trim_command, 0.0)


# Reports of limited inputs, and refused parameters.


@pytest.mark.parametrize("height_m", [-3.0, 0.0, 1e9, math.nextafter(3.0, 4.0)])
def test_a_setpoint_outside_its_limits_is_reported_until_the_next_one(height_m: float) -> None:
    bench = Bench().arm(1.0)
    assert bench.blimp.setpoint_limit == ""
    assert not bench.setpoint(height_m)
    used = 3.0 if height_m > 1.0 else 0.3
    assert f"{height_m:g} m is not between" in bench.blimp.setpoint_limit
    assert bench.blimp.setpoint_limit.endswith(f"{used:g} m is used")
    assert bench.setpoint(1.5)
    assert bench.blimp.setpoint_limit == ""


@pytest.mark.parametrize(
    ("trim", "refused"), [(10.0, True), (0.0, True), (-3.1, True), (3.0, False), (4.0, False)]
)
def test_a_trim_that_moves_the_blimp_is_refused_in_operation(trim: float, refused: bool) -> None:
    bench = Bench(Scripted(3.1), range_gate_m=0.25).arm(1.0)
    for k in range(20):
        bench.measure(1.0 + 0.01 * (k % 2))
    config = AltitudeNodeConfig(**(vars(bench.config) | {"trim_command": trim}))
    objection = bench.blimp.objection(config)
    assert ("does not keep the height" in objection) == refused
    assert bench.blimp.objection(bench.config) == ""
