"""Reaction of the altitude loop to faults of the lidar, in closed loop with the native plant."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from snn_control.envs.blimp.presets import blimp_parameters
from snn_control.envs.blimp.scenario import draw_scenario
from snn_control.supervision.modes import ModeConfig
from tests.loops.blimp.flight import Delay, Drift, Fault, Flight, Garbage, Offset, Stuck, Zero, fly

AT_S = 60.0
SEEDS = range(5)
FAULTS: dict[str, tuple[Callable[[int], Fault], str]] = {
    "stuck": (lambda _: Stuck(AT_S), "stuck at|unchanged for"),
    "half a metre up": (lambda _: Offset(AT_S, 0.5), "model predicts"),
    "half a metre down": (lambda _: Offset(AT_S, -0.5), "model predicts"),
    "10 m up": (lambda _: Offset(AT_S, 10.0), "model predicts"),
    "zero": (lambda _: Zero(AT_S), "range is 0"),
    "garbage": (lambda seed: Garbage(AT_S, seed), "model predicts"),
    "delayed by 1 s": (lambda _: Delay(AT_S, 1.0, stamped=True), "no usable|delayed"),
}


def hover(time_s: float) -> float:
    return 1.4


def climb(time_s: float) -> float:
    return 1.4 if time_s < AT_S + 2.0 else 2.0


def sink(time_s: float) -> float:
    return 1.4 if time_s < AT_S + 2.0 else 0.7


def departure(flight: Flight) -> tuple[float, str]:
    left = flight.left_auto(AT_S)
    assert left is not None, "the loop stays in mode auto"
    return left


@pytest.mark.parametrize("preset", ["default", "stress"])
@pytest.mark.parametrize("setpoint_m", [climb, sink])
@pytest.mark.parametrize("kind", FAULTS)
def test_the_loop_leaves_auto_before_a_faulty_range_harms(
    kind: str, setpoint_m: Callable[[float], float], preset: str
) -> None:
    make, reason = FAULTS[kind]
    for seed in SEEDS:
        flight = fly(preset, seed, AT_S + 40.0, make(seed), setpoint_m)
        left_s, why = departure(flight)
        assert any(part in why for part in reason.split("|")), why
        false_m = np.abs(flight.range_m - flight.height_m)
        wrong_s = flight.time_s[(false_m > 0.3) & (flight.time_s >= AT_S)]
        if wrong_s.size:
            assert left_s <= wrong_s[0] + 2.5
        error_m = abs(flight.height_m - flight.setpoint_m)[flight.at(left_s)]
        step_m = abs(setpoint_m(left_s) - setpoint_m(AT_S))
        assert error_m <= max(0.5, step_m + 0.05), "the step itself is not an effect of the fault"
        after = flight.time_s > left_s
        assert flight.height_m[after].max() < 4.5


@pytest.mark.parametrize(("preset", "error_m"), [("default", 0.75), ("stress", 1.0)])
def test_a_lidar_stuck_in_hover_is_refused_after_fifteen_seconds(
    preset: str, error_m: float
) -> None:
    for seed in SEEDS:
        flight = fly(preset, seed, AT_S + 30.0, Stuck(AT_S), hover)
        assert departure(flight)[0] <= AT_S + 15.5
        assert abs(flight.height_m - 1.4)[flight.at(departure(flight)[0])] < error_m


@pytest.mark.parametrize("preset", ["default", "stress"])
@pytest.mark.parametrize("setpoint_m", [hover, climb, sink])
def test_a_delay_with_the_stamps_of_the_arrival_is_noticed(
    setpoint_m: Callable[[float], float], preset: str
) -> None:
    for seed in SEEDS:
        flight = fly(preset, seed, AT_S + 40.0, Delay(AT_S, 1.0, stamped=False), setpoint_m)
        left_s, why = departure(flight)
        assert "deviate" in why
        assert abs(flight.height_m - flight.setpoint_m)[flight.at(left_s)] <= 1.0


def test_a_refused_range_is_trusted_again_when_it_is_right() -> None:
    class Passing(Offset):
        """Lidar over a table, for 2 s."""

        def fail(self, time_s: float, range_m: float) -> tuple[float, float]:
            if time_s > AT_S + 2.0:
                return range_m, 0.0
            return super().fail(time_s, range_m)

    for seed in SEEDS:
        flight = fly("default", seed, AT_S + 20.0, Passing(AT_S, -0.7), hover)
        back = [t for t, mode, _ in flight.modes if t > AT_S + 2.0 and mode == "auto"]
        assert AT_S + 2.4 <= back[0] <= AT_S + 4.5
        assert flight.modes[-1][1] == "auto"
        assert abs(flight.height_m - flight.setpoint_m)[-100:].max() < 0.15


def test_a_slow_drift_is_not_detected() -> None:
    flight = fly("default", 1, AT_S + 40.0, Drift(AT_S, 0.02), hover)
    assert flight.left_auto(AT_S) is None, "if it is now detected: say so in modes.md"


@pytest.mark.parametrize("preset", ["default", "stress", "missed", "clean"])
def test_a_healthy_range_is_not_refused(preset: str) -> None:
    for seed in range(20, 26):
        flight = fly(preset, seed, 300.0)
        refused = [why for _, _, why in flight.modes if "model" in why or "stuck" in why]
        assert not refused
        assert flight.left_auto(1.0) is None


def test_another_vehicle_of_the_range_is_not_refused() -> None:
    """Spread of 1: the whole range of gains, drags, delays and lags, with nominal parameters."""
    alarms = 0
    for seed in range(30, 42):
        flight = fly("default", seed, 300.0, changes={"spread": 1.0})
        alarms += sum("model" in why for _, _, why in flight.modes)
    assert alarms <= 1, "one in an hour"


def test_without_a_gate_a_stuck_lidar_is_followed() -> None:
    flight = fly("default", 1, AT_S + 40.0, Stuck(AT_S), climb, range_gate_m=0.0)
    assert flight.left_auto(AT_S) is None
    assert flight.height_m.max() > 10.0


@pytest.mark.parametrize(("preset", "holds_per_h"), [("default", 0.1), ("stress", 0.3)])
def test_healthy_gaps_rarely_reach_hold_and_never_trim(preset: str, holds_per_h: float) -> None:
    """24 h of the simulated timing; gaps reach 1.3 s where missed ticks follow a gap."""
    gaps_s = []
    for seed in range(288):
        ticks = draw_scenario(blimp_parameters(preset), 5000 + seed, 300.0).tick_step
        gaps_s.append(np.diff(ticks) * 0.01)
    gaps = np.concatenate(gaps_s)
    config = ModeConfig()
    assert (gaps >= config.hold_s).sum() <= holds_per_h * 24.0
    assert (gaps >= config.trim_s).sum() == 0
    assert (gaps >= 0.6).sum() > 30 * 24 * holds_per_h, "the limit of 0.6 s lay inside"
