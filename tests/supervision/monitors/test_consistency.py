"""Consistency monitor on scripted measurements of a point mass."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from snn_control.errors import ParameterError
from snn_control.supervision.monitors.consistency import (
    BACK_S,
    CONTINUED_M,
    FORGET_S,
    ConsistencyConfig,
    ConsistencyMonitor,
)
from snn_control.supervision.observer import Observer
from tests.supervision.point_mass import NOISE, PointMass

SD_M = 0.006
LIMITS = ConsistencyConfig(gate_m=0.25, stuck_s=15.0)


class MonitorBench:
    """Monitor of a vehicle at rest, at 10 Hz."""

    def __init__(self, **config: float) -> None:
        observer = Observer(PointMass(damping_per_s=0.3), NOISE)
        self.monitor = ConsistencyMonitor(observer, replace(LIMITS, **config))
        self.now_s, self._flip = 100.0, 0

    @property
    def height_m(self) -> float:
        """Height by the model."""
        return self.monitor.observer.position_m

    def judge(self, measured_m: float, after_s: float = 0.1, **repeats: bool) -> str:
        self.now_s += after_s
        return self.monitor.judge(measured_m, SD_M, self.now_s, **repeats)

    def push(self, acceleration_m_s2: float) -> None:
        self.monitor.send(acceleration_m_s2, self.now_s)

    def hover(self, n: int = 50, height_m: float = 1.0) -> list[str]:
        """Judge measurements that alternate by 1 cm."""
        self._flip = 1 - self._flip
        return [self.judge(height_m + 0.01 * ((k + self._flip) % 2)) for k in range(n)]

    def refuse_stuck(self) -> None:
        """Push the vehicle while the value is repeated, until it is refused."""
        self.judge(1.0)
        self.push(0.5)
        while not self.judge(1.0):
            assert self.now_s < 200.0
        self.push(0.0)


def hovering(**config: float) -> MonitorBench:
    bench = MonitorBench(**config)
    assert set(bench.hover()) == {""}
    return bench


# Refusals.


@pytest.mark.parametrize(
    ("jump_m", "refused"), [(0.2, False), (-0.2, False), (0.3, True), (-0.3, True), (10.0, True)]
)
def test_a_jump_beyond_the_gate_is_refused(jump_m: float, refused: bool) -> None:
    bench = hovering(nis_max=1e6)
    fault = bench.judge(1.0 + jump_m)
    assert ("model predicts" in fault) == refused
    assert bench.monitor.reason == fault


@pytest.mark.parametrize(("after_s", "refused"), [(0.79, True), (0.81, False)])
def test_an_uncertain_prediction_widens_the_gate_only_after_a_silence(
    after_s: float, refused: bool
) -> None:
    """Start with a speed of 0 +- 0.2 m/s: three standard deviations of 0.16 m after 0.8 s."""
    bench = MonitorBench(nis_max=1e6)
    bench.judge(1.0)
    assert ("model predicts" in bench.judge(1.4, after_s)) == refused


def test_a_stuck_value_is_refused_when_the_model_has_moved_on() -> None:
    bench = hovering(nis_max=1e6)
    bench.judge(1.0)
    bench.push(0.5)
    faults = [bench.judge(1.0) for _ in range(40)]
    first = next(k for k, fault in enumerate(faults, 1) if fault)
    assert 8 < first < 25, "0.25 m at 0.5 m/s^2 take 1 s, after corrections for 0.8 s"
    assert "unchanged for" in faults[first - 1]
    assert all(faults[first:])


@pytest.mark.parametrize("noise_sd_m", [0.001, 0.005, 0.02])
def test_a_stuck_value_with_noise_is_refused_when_the_commands_must_move_it(
    noise_sd_m: float,
) -> None:
    for seed in range(5):
        bench, rng = hovering(), np.random.default_rng(seed)
        bench.push(0.5)
        faults = [bench.judge(1.0 + noise_sd_m * rng.normal()) for _ in range(60)]
        first = next(k for k, fault in enumerate(faults, 1) if fault)
        assert first < 35, "1.3 m by the model"


def test_an_unmodelled_acceleration_beyond_its_limit_is_refused() -> None:
    bench = hovering(nis_max=1e6, horizon_s=1e3, model_spread=1e3)
    bench.push(0.4)
    for k in range(400):
        fault = bench.judge(1.0 + 0.01 * (k % 2))
        if fault:
            break
    assert "does not follow the commands, by -0.2" in fault


def test_a_value_repeated_too_long_is_stuck() -> None:
    bench = hovering(stuck_s=5.0)
    faults = [bench.judge(1.0) for _ in range(60)]
    first = next(k for k, fault in enumerate(faults) if fault)
    assert first == pytest.approx(51, abs=1)
    assert faults[first].startswith("stuck at 1 m for 5.")


def test_where_values_repeat_they_are_not_stuck() -> None:
    bench = hovering(stuck_s=5.0)
    assert {bench.judge(1.0, repeats=True) for _ in range(200)} == {""}


def test_a_gap_is_no_evidence_of_a_stuck_sensor() -> None:
    bench = hovering(stuck_s=5.0)
    bench.judge(1.0)
    assert bench.judge(1.0, after_s=20.0) == ""
    assert [bench.judge(1.0) for _ in range(30)] == [""] * 30


def test_delayed_measurements_deviate_before_the_gate() -> None:
    bench = hovering()
    heights, speed, height = [], 0.0, 1.0
    for k in range(60):
        force = 0.15 * math.sin(k / 8)
        bench.push(force)
        speed += 0.1 * (force - 0.3 * speed)
        height += 0.1 * speed
        heights.append(round(height + 0.01 * (k % 2), 3))
        late = heights[max(k - 10, 0)] + 0.001 * (k % 3)
        fault = bench.judge(late)
        if fault:
            break
    assert "deviate" in fault
    assert abs(late - height) < 0.25


@pytest.mark.parametrize("window_s", [1.0, 2.0])
def test_the_average_counts_from_four_fifths_of_its_window_on(window_s: float) -> None:
    bench = MonitorBench(window_s=window_s, gate_m=10.0, unmodelled_max_m_s2=1e3)
    bench.judge(1.0)
    faults = [bench.judge(1.0 + 0.2 * (k % 2)) for k in range(30)]
    first = next(k for k, fault in enumerate(faults, 1) if fault)
    assert "deviate" in faults[first - 1]
    assert 0.1 * first == pytest.approx(0.8 * window_s, abs=0.101)


def test_the_oldest_prediction_is_half_to_one_horizon_old() -> None:
    bench = MonitorBench(horizon_s=2.0)
    bench.hover(11)
    ages_s = []
    for _ in range(60):
        bench.hover(1)
        branches = bench.monitor.observer.branches
        assert len(branches) <= 2
        ages_s.append(bench.now_s - branches[0].start_s)
    assert min(ages_s[10:]) == pytest.approx(1.0, abs=0.11)
    assert max(ages_s) == pytest.approx(2.0, abs=0.11)


@pytest.mark.parametrize("jump", [True, False])
def test_only_after_a_jump_the_corrections_before_it_were_right(jump: bool) -> None:
    """Push without effect on the vehicle: the filter stays with the values, the branch leaves."""
    bench = hovering(nis_max=1e6, unmodelled_max_m_s2=1e3, model_spread=1e3)
    bench.push(0.15)
    bench.hover(12)
    branch = bench.monitor.observer.branches[0]
    assert branch.position_m > bench.height_m + 0.05
    if jump:
        assert "model predicts" in bench.judge(5.0)
        assert bench.height_m < branch.position_m - 0.05
    else:
        bench.monitor.config = replace(bench.monitor.config, nis_max=1e-9)
        assert "deviate" in bench.judge(1.005)
        assert bench.height_m == branch.position_m
    assert bench.monitor.observer.branches == []


# Acceptance.


@pytest.mark.parametrize(("after_s", "required_s"), [(2.5, 2.0), (3.5, 0.5)])
def test_a_refusal_within_again_s_needs_four_times_the_duration(
    after_s: float, required_s: float
) -> None:
    bench = hovering(again_s=3.0, nis_max=1e6)
    assert bench.judge(2.0)
    assert bench.hover(20).index("") == pytest.approx(5, abs=1)
    accepted_s = bench.now_s - 1.4
    while bench.now_s < accepted_s + after_s:
        bench.hover(1)
    assert bench.judge(2.0)
    assert bench.hover(40).index("") == pytest.approx(10 * required_s, abs=1)


@pytest.mark.parametrize(("offset_m", "accepted"), [(0.1, True), (0.15, False), (-0.15, False)])
def test_a_refused_sensor_is_accepted_within_half_the_gate(offset_m: float, accepted: bool) -> None:
    bench = hovering(nis_max=1e6)
    assert bench.judge(2.0)
    assert (bench.hover(40, 1.0 + offset_m)[-1] == "") == accepted


def test_measurements_are_accepted_after_consistent_ones_in_a_row() -> None:
    bench = hovering()
    assert bench.judge(2.0)
    faults = bench.hover(20)
    first = faults.index("")
    assert first == pytest.approx(15, abs=3), "the jump stays in the average for 1 s, then 0.5 s"
    assert set(faults[first:]) == {""}
    assert bench.monitor.reason == ""
    assert bench.judge(2.0), "again within 30 s: four times as long"
    assert bench.hover(60).index("") == pytest.approx(30, abs=3)


def test_a_refusal_by_the_average_is_not_accepted_while_the_average_is_high() -> None:
    bench = hovering()
    faults = [bench.judge(1.0 + 0.08 * (k % 2)) for k in range(30)]
    first = next(k for k, fault in enumerate(faults) if fault)
    assert "deviate" in faults[first]
    assert all(faults[first : first + 12])


@pytest.mark.parametrize("offset_m", [0.3, 0.5, -0.5])
def test_a_constant_offset_is_not_accepted(offset_m: float) -> None:
    bench = hovering()
    assert all(bench.judge(1.0 + offset_m + 0.01 * (k % 2)) for k in range(80))


def test_a_stuck_value_is_not_accepted_where_the_vehicle_passes_it() -> None:
    bench = hovering()
    bench.refuse_stuck()
    bench.push(-0.4)
    assert all(bench.judge(1.0) for _ in range(100))
    assert bench.height_m < 0.0


def test_a_stuck_value_is_not_accepted_where_the_vehicle_stays_at_it() -> None:
    bench = hovering(stuck_s=1e3)
    bench.refuse_stuck()
    at_value, observer = 0, bench.monitor.observer
    for _ in range(200):
        error_m, damped = bench.height_m - 1.0, -0.9 * observer.speed_m_s
        bench.push(damped - 0.5 * error_m - observer.unmodelled_m_s2)
        assert bench.judge(1.0)
        at_value += abs(bench.height_m - 1.0) < 0.01
    assert at_value > 50
    faults = [bench.judge(1.2 + 0.01 * (k % 2)) for k in range(3)]
    assert all(faults), "and a jump is not consistent"


@pytest.mark.parametrize(("change_m", "right"), [(0.01, True), (CONTINUED_M, True), (0.2, False)])
def test_a_repeated_value_that_continues_was_not_stuck(change_m: float, right: bool) -> None:
    bench = hovering()
    bench.refuse_stuck()
    faults = [bench.judge(1.0 - change_m + 0.001 * k) for k in range(20)]
    assert (faults[-1] == "") == right


def test_after_a_silence_the_first_measurement_may_differ() -> None:
    for height_m in (1.5, 1.0):
        bench = hovering()
        bench.monitor.observer.model.send(0.002, bench.now_s)
        bench.judge(1.0)
        assert bench.judge(height_m, after_s=8.0) == "", "also if it equals the one before"
        assert bench.hover(5, height_m) == [""] * 5
    assert bench.judge(2.5), "but not the next one"
    bench = hovering()
    assert bench.judge(9.0, after_s=8.0)


# Restarts.


@pytest.mark.parametrize("jump_s", [FORGET_S + 1.0, 1e9, -BACK_S - 0.1, -30.0, -1e9])
def test_a_jump_of_the_clock_starts_again(jump_s: float) -> None:
    bench = hovering()
    assert bench.judge(3.0, after_s=jump_s) == ""
    assert bench.height_m == pytest.approx(3.0)
    assert bench.judge(3.01) == ""


def test_late_measurements_of_a_burst_are_compared_with_their_time() -> None:
    """The vehicle climbs; after a gap of 0.5 s the late measurements arrive together."""
    bench = hovering()
    bench.push(0.5)
    time_s, speed, height, faults = bench.now_s, 0.0, 1.0, []
    for k in range(60):
        time_s += 0.1
        for _ in range(10):
            speed += 0.01 * (0.5 - 0.3 * speed)
            height += 0.01 * speed
        if k % 10 == 9:
            bench.monitor.send(0.5, time_s + 0.5)
        faults.append(bench.monitor.judge(round(height, 2), SD_M, time_s))
    assert set(faults) == {""}


def test_restart_accepts_the_next_measurement_with_the_command_in_force() -> None:
    bench = hovering()
    assert bench.judge(2.0)
    bench.monitor.restart()
    bench.push(-1.0)
    assert bench.monitor.reason == ""
    assert bench.judge(2.0) == ""
    assert bench.judge(1.99, after_s=0.2) == ""
    assert bench.monitor.observer.speed_m_s < -0.05


@pytest.mark.parametrize("name", sorted(vars(LIMITS)))
@pytest.mark.parametrize("wrong", [0.0, -1.0, math.inf, math.nan])
def test_limits_that_are_not_positive_are_refused(name: str, wrong: float) -> None:
    with pytest.raises(ParameterError, match="positive"):
        replace(LIMITS, **{name: wrong})
