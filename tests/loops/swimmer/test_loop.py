"""Swimmer loop, compared with circuits that run without it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snn_control.controllers import Swimmer, load
from snn_control.controllers.swimmer.homeostasis import Homeostasis
from snn_control.controllers.swimmer.trials import SwimmerTrials
from snn_control.errors import ConfigError, InterfaceMismatchError, ParameterError
from snn_control.loops.adapter import AdaptationRequests
from snn_control.loops.swimmer.config import SwimmerConfig
from snn_control.loops.swimmer.interface import head_command, joint_names
from snn_control.supervision.modes import Mode
from tests.loops.swimmer.harness import (
    N_JOINTS,
    NAMES,
    ScriptedSwimmer,
    SwimBench,
    angles,
    swim_loop,
    swimmer,
)


@pytest.mark.parametrize("name", ["swimmer-spiking", "swimmer-graded"])
def test_efforts_equal_those_of_the_circuit_alone(name: str) -> None:
    bench, alone = SwimBench(load(name)).arm(), load(name)  # type: ignore[arg-type]
    for measured in angles(300):
        tick = bench.measure(measured.tolist())
        expected = alone.step(measured)
        assert tick.mode is Mode.AUTO
        np.testing.assert_array_equal(tick.output, expected)
        np.testing.assert_array_equal(tick.command, expected)
        np.testing.assert_array_equal(tick.observation, measured)
        assert tick.orders == (1.0, 0.0, 0.0)


def test_ticks_without_a_step_have_all_entries() -> None:
    """Disarmed, and with a joint that cannot be read: their records have the orders."""
    bench = SwimBench()
    disarmed = bench.measure()
    bench.arm().loop.adaptation = AdaptationRequests(frozen=True)
    refused = bench.measure((math.nan,) * N_JOINTS)
    names = bench.loop.controller.order_names
    for tick, frozen in ((disarmed, 0.0), (refused, 1.0)):
        assert not tick.stepped
        assert dict(zip(names, tick.orders, strict=True))["frozen"] == frozen


def test_adaptation_can_be_frozen_and_resumed() -> None:
    network = load("swimmer-spiking").networks[0]  # type: ignore[attr-defined]
    adapting = Swimmer(network, homeostasis=Homeostasis(np.full(N_JOINTS - 1, 1.0), lag_rate=0.5))
    bench, gains = SwimBench(adapting).arm(), []
    for frozen in (False, True, False):
        bench.loop.adaptation = AdaptationRequests(frozen=frozen)
        for measured in angles(100):
            assert bench.measure(measured.tolist()).orders == (1.0, 0.0, float(frozen))
        gains.append(adapting.gains.copy())
    assert (gains[0][:-1] > 1.0).all()
    np.testing.assert_array_equal(gains[1], gains[0])
    assert (gains[2][:-1] > gains[1][:-1]).any()


def trying() -> Swimmer:
    controller = load("swimmer-spiking", trials=SwimmerTrials(healthy_m_s=0.1, start_s=0.5))
    assert isinstance(controller, Swimmer)
    return controller


def test_efforts_with_trials_equal_those_of_the_swimmer_alone() -> None:
    bench, alone = SwimBench(trying()).arm(), trying()
    for k, measured in enumerate(angles(600)):
        speed_m_s = 0.05 + 0.01 * math.sin(k / 5)
        bench.speed(speed_m_s)
        tick = bench.measure(measured.tolist())
        observation = np.append(measured, -speed_m_s)
        np.testing.assert_array_equal(tick.observation, observation)
        np.testing.assert_array_equal(tick.output, alone.step(observation))
    assert alone.search is not None
    assert len(alone.search.changes) > 1


def test_a_swimmer_swims_on_while_its_speed_is_missing() -> None:
    bench = SwimBench(trying()).arm()

    def observed() -> float:
        tick = bench.measure()
        assert (tick.mode, tick.usable) == (Mode.AUTO, True)
        return float(tick.observation[-1])

    assert math.isnan(observed())
    bench.speed(0.08)
    assert observed() == -0.08
    bench.speed(math.nan)
    assert observed() == -0.08
    assert bench.swimmer.bad_values == 1
    assert "odometry" in bench.swimmer.bad_value
    bench.speed(0.02, stamp_ns=bench.now_ns - 2 * 10**9)  # too old
    assert observed() == -0.08
    for _ in range(round(1.0 / 0.03)):
        last = observed()
    assert math.isnan(last)
    plain = SwimBench().arm()
    plain.speed(0.08)
    assert plain.measure().observation.size == N_JOINTS


def test_adaptation_stays_frozen_after_reset_and_reload() -> None:
    network = load("swimmer-spiking").networks[0]  # type: ignore[attr-defined]
    points = Homeostasis(np.full(N_JOINTS - 1, 1.0))
    bench = SwimBench(Swimmer(network, homeostasis=points)).arm()
    bench.loop.adaptation = AdaptationRequests(frozen=True)
    resets = {
        "reset": bench.loop.reset,
        "reload": lambda: bench.loop.replace(Swimmer(network, homeostasis=points)),
    }
    for reset in resets.values():
        reset()
        for measured in angles(50):
            assert bench.measure(measured.tolist()).orders[2] == 1.0
        np.testing.assert_array_equal(bench.loop.controller.gains, 1.0)  # type: ignore[attr-defined]


def test_joints_are_matched_by_name_in_any_order() -> None:
    bench, alone = SwimBench().arm(), swimmer()
    rng = np.random.default_rng(0)
    for measured in angles(100):
        joints = [*zip(NAMES, measured.tolist(), strict=True), ("wheel", math.nan)]
        rng.shuffle(joints)
        names, positions = zip(*joints, strict=True)
        tick = bench.measure([float(x) for x in positions], [str(name) for name in names])
        np.testing.assert_array_equal(tick.command, alone.step(measured))


WRONG = {
    "no names": ((), (), "lacks 'joint_0'"),
    "a missing name": (NAMES[:-1], (0.1,) * 4, "lacks 'joint_4'"),
    "other names": (("a", "b"), (0.1, 0.1), "lacks 'joint_0'. Known: a, b"),
    "a name twice": ((*NAMES, "joint_2"), (0.1,) * 6, "'joint_2' 2 times"),
    "short positions": (NAMES, (0.1,) * 4, "5 names and 4 positions"),
    "no positions": (NAMES, (), "5 names and 0 positions"),
    "NaN": (NAMES, (0.1, math.nan, 0.1, 0.1, 0.1), "joint_1 is nan"),
    "infinite": (NAMES, (0.1, 0.1, 0.1, 0.1, -math.inf), "joint_4 is -inf"),
    "degrees": (NAMES, (0.1, 0.1, 45.0, 0.1, 0.1), "degrees"),
}


@pytest.mark.parametrize("case", WRONG)
def test_unusable_joint_states_hold_at_once(case: str) -> None:
    names, positions, reason = WRONG[case]
    bench = SwimBench().arm()
    bench.measure((2.0,) * N_JOINTS, NAMES[::-1])
    held = bench.measure().command
    if case == "other names":  # of another body, after the first valid ones
        now_ns = bench.now_ns
        assert bench.joints(names, positions, now_ns, now_ns, bench.now_s) is None
        return
    tick = bench.measure(positions, names)
    assert tick.mode is Mode.HOLD
    assert reason in bench.loop.modes.reason
    np.testing.assert_array_equal(tick.command, held)
    assert bench.measure().mode is Mode.HOLD
    assert bench.measure().mode is Mode.AUTO
    assert bench.swimmer.bad_values == 1


def test_wrong_names_are_reported_while_waiting() -> None:
    bench = SwimBench(joint_names=("a", "b", "c", "d", "e")).arm()
    names, zeros = [f"joint_{k}" for k in range(N_JOINTS)], [0.0] * N_JOINTS
    for k in range(5):
        ahead_ns = round(1e9 * (10.0 + 0.03 * k + 0.05))
        assert bench.joints(names, zeros, ahead_ns, ahead_ns, 10.0 + 0.03 * k) is None
    assert bench.loop.modes.mode is Mode.HOLD
    assert "lacks 'a'" in bench.loop.modes.reason
    assert "set joint_names" in bench.loop.modes.reason
    assert bench.loop.ticks == 0, "the stamps of another body do not count"
    assert bench.swimmer.bad_values == 5


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("a", "b"), "2 names, the model 5 joints"),
        (("a", "b", "c", "d", "a"), "each joint once"),
        (("a", "b", "c", "d", ""), "each joint once"),
    ],
)
def test_names_that_do_not_fit_the_model_are_refused(names: tuple[str, ...], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        swim_loop(swimmer(), SwimmerConfig(joint_names=names))


def test_other_controllers_and_wrong_times_are_refused() -> None:
    assert joint_names(("",), 3) == ("joint_0", "joint_1", "joint_2")
    with pytest.raises(InterfaceMismatchError, match="name a model of a swimmer"):
        swim_loop(load("pid"), SwimmerConfig())
    with pytest.raises(InterfaceMismatchError, match="name a model of a swimmer"):
        SwimBench().loop.replace(load("pid"))
    with pytest.raises(ParameterError, match=r"period is 0\.03 s"):
        swim_loop(swimmer(), SwimmerConfig(hold_s=0.02))
    with pytest.raises(ParameterError, match=r"hold_s 0\.3 is above stop_s 0\.1"):
        SwimmerConfig(hold_s=0.3)


@pytest.mark.parametrize("wrong", [RuntimeError("broken"), math.nan, math.inf])
def test_a_failed_circuit_stops_until_a_reset(wrong: float | Exception) -> None:
    bench = SwimBench(ScriptedSwimmer(0.5, 0.5, wrong, 0.25)).arm()
    for _ in range(2):
        assert (bench.measure().command == 0.5).all()  # type: ignore[union-attr]
    for _ in range(5):
        tick = bench.measure()
        assert tick.mode is Mode.STOP
        assert tick.failed
        assert (tick.command == 0.0).all()  # type: ignore[union-attr]
    assert "controller" in bench.loop.modes.reason
    bench.loop.reset()
    modes = [bench.measure().mode for _ in range(3)]
    assert modes[-1] is Mode.AUTO
    assert (bench.measure().command == 0.25).all()  # type: ignore[union-attr]


def test_silence_leads_to_hold_and_then_to_zero_efforts() -> None:
    bench = SwimBench(ScriptedSwimmer(0.5)).arm()
    bench.measure()
    sent = bench.silence(1.0)
    assert sent[:2] == [None, None]
    assert all((s == 0.5).all() for s in sent[2:4] if s is not None)
    assert sent[3] is not None
    assert all((s == 0.0).all() for s in sent[5:] if s is not None)
    assert bench.loop.modes.mode is Mode.STOP
    assert [bench.measure().mode for _ in range(2)] == [Mode.STOP, Mode.AUTO]


def test_efforts_are_zero_before_the_first_joint_states() -> None:
    bench = SwimBench(ScriptedSwimmer(0.5))
    assert bench.measure().command is None
    bench.arm()
    assert all((s == 0.0).all() for s in bench.silence(2.0) if s is not None)
    assert bench.loop.modes.mode is Mode.HOLD
    assert (bench.measure().command == 0.5).all()  # type: ignore[union-attr]
    assert (bench.loop.disarm() == 0.0).all()
    assert bench.measure().command is None


def test_efforts_are_limited_and_slewed() -> None:
    bench = SwimBench(ScriptedSwimmer(0.9), effort_limit=0.6, slew_per_s=10.0).arm()
    sent = [float(bench.measure().command[0]) for _ in range(4)]  # type: ignore[index]
    assert sent == pytest.approx([0.3, 0.6, 0.6, 0.6])
    assert bench.loop.gate.passed == 4
    assert sum(bench.loop.gate.counts.values()) == 4


# Velocities.


@pytest.mark.parametrize(
    ("forward_m_s", "left_rad_s", "speed", "turn"),
    [
        (0.1, 0.0, 1.0, 0.0),
        (0.05, 0.0, 0.5, 0.0),
        (5.0, 0.0, 1.0, 0.0),
        (-0.1, 0.0, 0.0, 0.0),
        (0.1, 0.2, 1.0, -0.1),
        (0.1, -0.2, 1.0, 0.1),
        (0.1, 9.0, 1.0, -0.15),
    ],
)
def test_velocities_set_speed_and_turn(
    forward_m_s: float, left_rad_s: float, speed: float, turn: float
) -> None:
    assert head_command(forward_m_s, left_rad_s, 0.1, 2.0, 0.15) == pytest.approx((speed, turn))
    bench, alone = SwimBench().arm(), swimmer()
    assert bench.velocity(forward_m_s, left_rad_s)
    for measured in angles(10):
        alone.command(speed, turn)
        tick = bench.measure(measured.tolist())
        assert tick.orders == pytest.approx((speed, turn, 0.0))
        np.testing.assert_allclose(tick.output, alone.step(measured), atol=1e-9)


def test_lost_velocities_mean_rest_and_are_reported() -> None:
    bench = SwimBench(cruise_speed=0.75).arm()
    assert bench.measure().orders[:2] == (0.75, 0.0)
    bench.velocity(0.1, 0.0)
    orders = [bench.measure().orders[:2] for _ in range(20)]
    assert orders[:16] == [(1.0, 0.0)] * 16
    assert orders[17:] == [(0.0, 0.0)] * 3
    assert bench.swimmer.lost(bench.now_s)
    assert not bench.velocity(math.nan, 0.0)
    assert bench.measure().orders[:2] == (0.0, 0.0), "an unusable velocity is ignored"
    assert bench.swimmer.bad_values == 1
    bench.velocity(0.05, 0.0)
    assert bench.measure().orders[:2] == (0.5, 0.0)


ANY = st.one_of(st.floats(-4, 4), st.floats(allow_nan=True, allow_infinity=True))
ACTIONS = st.sampled_from(
    ["measure"] * 4 + ["bad", "stamp", "silence", "velocity", "arm", "disarm", "reset", "replace"]
)


@settings(max_examples=60, deadline=None)
@given(
    script=st.lists(st.one_of(ANY, st.just(RuntimeError("broken"))), min_size=1, max_size=20),
    actions=st.lists(st.tuples(ACTIONS, ANY), max_size=30),
)
def test_efforts_stay_within_limits_for_any_actions(
    script: list[float | Exception], actions: list[tuple[str, float]]
) -> None:
    bench = SwimBench(ScriptedSwimmer(*script), effort_limit=0.5).arm()
    for action, value in actions:
        for effort in act(bench, action, value):
            assert effort is None or (np.abs(effort) <= 0.5).all(), "this excludes NaN"
        modes = bench.loop.modes
        assert modes.armed == (modes.mode is not Mode.DISARMED)
        assert modes.mode in (Mode.DISARMED, Mode.AUTO, Mode.HOLD, Mode.STOP)
        assert modes.mode is not Mode.AUTO or not modes.failure
    for effort in bench.silence(1.0)[6:]:
        assert effort is None or (effort == 0.0).all()


def act(bench: SwimBench, action: str, value: float) -> list[np.ndarray | None]:
    """Apply one action to the loop; return the commands that it sends."""
    finite = math.isfinite(value)
    match action:
        case "measure":
            return [bench.measure((min(max(value, -3), 3) if finite else 0.1,) * 5).command]
        case "bad":
            return [bench.measure((value,) * 4).command]
        case "stamp":
            shift_ns = round(value * 1e9) if finite and abs(value) < 1e3 else -(10**12)
            return [bench.measure(stamp_ns=bench.now_ns + shift_ns).command]
        case "silence":
            return bench.silence(min(abs(value), 1.0) if finite else 0.5)
        case "velocity":
            bench.velocity(value, value)
        case "arm":
            bench.loop.arm(bench.now_s)
        case "disarm":
            return [bench.loop.disarm()]
        case "reset":
            bench.loop.reset()
        case "replace":
            bench.loop.replace(ScriptedSwimmer(value))
    return []


# Implausible angles, and reports of limited velocities.


def test_a_joint_that_jumps_is_refused_until_its_angle_is_within_reach() -> None:
    bench = SwimBench(joint_speed_max_rad_s=20.0).arm()
    assert bench.measure([0.1] * N_JOINTS).mode is Mode.AUTO
    jumped = [0.1, 0.1, 0.8, 0.1, 0.1]
    tick = bench.measure(jumped)
    assert (tick.mode, tick.usable, tick.stepped) == (Mode.HOLD, False, False)
    assert "joint_2 moved by 0.70 rad in 0.030 s" in bench.loop.modes.reason
    assert bench.measure(jumped).usable, "0.7 rad in 0.06 s are within reach"


def test_joints_may_be_moved_while_disarmed() -> None:
    bench = SwimBench(joint_speed_max_rad_s=20.0)
    assert bench.measure([0.1] * N_JOINTS).usable
    assert bench.measure([2.1] * N_JOINTS).usable
    bench.arm()
    assert bench.measure([-1.1] * N_JOINTS).mode is Mode.AUTO


@pytest.mark.parametrize(
    ("forward_m_s", "left_rad_s", "reason"),
    [(-0.1, 0.0, "only swims forward"), (0.2, 0.0, "is limited"), (0.05, 1.0, "is limited"),
     (0.05, -1.0, "is limited"), (0.1, 0.3, ""), (0.0, -0.3, "")],
)  # fmt: skip
def test_a_velocity_outside_the_limits_is_reported(
    forward_m_s: float, left_rad_s: float, reason: str
) -> None:
    bench = SwimBench()
    assert bench.swimmer.on_cmd_vel(forward_m_s, left_rad_s, bench.now_s)
    assert reason in bench.swimmer.velocity_limit
    assert bool(reason) == bool(bench.swimmer.velocity_limit)
