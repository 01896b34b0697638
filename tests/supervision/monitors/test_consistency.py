"""Consistency monitor on scripted measurements of a point mass."""

from __future__ import annotations

import math

import pytest

from snn_control.errors import ParameterError
from snn_control.supervision.monitors.consistency import (
    CONTINUED_M,
    FORGET_S,
    ConsistencyConfig,
    ConsistencyMonitor,
)
from snn_control.supervision.observer import Observer
from tests.supervision.point_mass import PointMass

SD_M = 0.006


class MonitorBench:
    """Monitor of a vehicle at rest, at 10 Hz."""

    def __init__(self, **config: float) -> None:
        limits = ConsistencyConfig(**config)  # type: ignore[arg-type]
        self.monitor = ConsistencyMonitor(Observer(PointMass(damping_per_s=0.3)), limits)
        self.now_s, self._flip = 100.0, 0

    def judge(self, measured_m: float, after_s: float = 0.1) -> str:
        self.now_s += after_s
        return self.monitor.judge(measured_m, SD_M, self.now_s)

    def hover(self, n: int = 50, height_m: float = 1.0) -> list[str]:
        """Judge measurements that alternate by 1 cm."""
        self._flip = 1 - self._flip
        return [self.judge(height_m + 0.01 * ((k + self._flip) % 2)) for k in range(n)]


def hovering(**config: float) -> MonitorBench:
    bench = MonitorBench(**config)
    assert set(bench.hover()) == {""}
    return bench


@pytest.mark.parametrize(
    ("jump_m", "refused"), [(0.2, False), (-0.2, False), (0.3, True), (-0.3, True), (10.0, True)]
)
def test_a_jump_beyond_the_gate_is_refused(jump_m: float, refused: bool) -> None:
    bench = hovering(nis_max=1e6)
    fault = bench.judge(1.0 + jump_m)
    assert ("model predicts" in fault) == refused
    assert bench.monitor.reason == fault


def test_a_stuck_value_is_refused_when_the_model_has_moved_on() -> None:
    bench = hovering()
    bench.judge(1.0)
    bench.monitor.observer.send(0.5, bench.now_s)
    faults = [bench.judge(1.0) for _ in range(40)]
    first = next(k for k, fault in enumerate(faults, 1) if fault)
    assert abs(bench.monitor.observer.position_m - 1.0) > 0.25
    assert 8 < first < 25, "0.25 m at 0.5 m/s^2 take 1 s, after corrections for 0.8 s"
    assert "unchanged for" in faults[first - 1]
    assert all(faults[first:])


def test_a_value_repeated_too_long_is_stuck() -> None:
    bench = hovering(stuck_s=5.0)
    faults = [bench.judge(1.0) for _ in range(60)]
    first = next(k for k, fault in enumerate(faults) if fault)
    assert first == pytest.approx(51, abs=1)
    assert faults[first].startswith("stuck at 1 m for 5.")


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
        bench.monitor.observer.send(force, bench.now_s)
        speed += 0.1 * (force - 0.3 * speed)
        height += 0.1 * speed
        heights.append(round(height + 0.01 * (k % 2), 3))
        late = heights[max(k - 10, 0)] + 0.001 * (k % 3)
        fault = bench.judge(late)
        if fault:
            break
    assert "deviate" in fault
    assert abs(late - height) < 0.25


def test_trust_returns_after_consistent_measurements_in_a_row() -> None:
    bench = hovering()
    assert bench.judge(2.0)
    assert [bool(fault) for fault in bench.hover(6)] == [True, True, True, True, False, False]
    assert bench.monitor.reason == ""
    assert bench.judge(2.0), "again within 30 s: four times as many"
    assert [bool(fault) for fault in bench.hover(21)] == [True] * 19 + [False] * 2


def test_a_constant_offset_is_not_trusted_again() -> None:
    bench = hovering()
    assert all(bench.judge(1.5 + 0.01 * (k % 2)) for k in range(300))


def test_a_stuck_value_is_not_trusted_where_the_vehicle_passes_it() -> None:
    bench = hovering()
    bench.judge(1.0)
    bench.monitor.observer.send(0.5, bench.now_s)
    while not bench.judge(1.0):
        pass
    bench.monitor.observer.send(-0.4, bench.now_s)
    assert all(bench.judge(1.0) for _ in range(100))


@pytest.mark.parametrize(("change_m", "trusted"), [(0.01, True), (CONTINUED_M, True), (0.2, False)])
def test_a_value_that_goes_on_was_not_stuck(change_m: float, trusted: bool) -> None:
    bench = hovering()
    bench.judge(1.0)
    bench.monitor.observer.send(0.5, bench.now_s)
    while not bench.judge(1.0):
        pass
    bench.monitor.observer.send(0.0, bench.now_s)
    for k in range(8):
        fault = bench.judge(1.0 - change_m + 0.001 * k)
    assert (fault == "") == trusted


def test_after_a_silence_the_first_measurement_may_differ() -> None:
    bench = hovering()
    assert bench.judge(1.5, after_s=8.0) == ""
    assert bench.judge(2.5), "but not the next one"
    bench = hovering()
    assert bench.judge(9.0, after_s=8.0)


@pytest.mark.parametrize("jump_s", [FORGET_S + 1.0, 1e9, -FORGET_S - 1.0])
def test_a_jump_of_the_clock_starts_anew(jump_s: float) -> None:
    bench = hovering()
    assert bench.judge(3.0, after_s=jump_s) == ""
    assert bench.monitor.observer.position_m == pytest.approx(3.0)
    assert bench.judge(3.01) == ""


def test_restart_trusts_the_next_measurement() -> None:
    bench = hovering()
    assert bench.judge(2.0)
    bench.monitor.restart()
    assert bench.monitor.reason == ""
    assert bench.judge(2.0) == ""


@pytest.mark.parametrize(
    "wrong",
    [{"gate_m": 0.0}, {"gate_m": math.inf}, {"repeat_s": -1.0}, {"stuck_s": math.nan},
     {"nis_max": 0.0}, {"window": 0}, {"trust_ticks": 0}, {"again_s": 0.0}],
)  # fmt: skip
def test_limits_that_are_not_positive_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ParameterError, match="positive limits"):
        ConsistencyConfig(**wrong)  # type: ignore[arg-type]
