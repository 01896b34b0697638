"""Failures inside the supervision: the vehicle continues without it, and the cause is published."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from snn_control.controllers import load
from snn_control.loops.blimp.adapter import BlimpAdapter
from snn_control.loops.blimp.config import AltitudeNodeConfig
from snn_control.loops.blimp.loop import altitude_loop
from snn_control.loops.control_loop import ControlLoop, Tick
from snn_control.supervision.modes import CONTROLLER_MODES, Mode

PERIOD_S = 0.1


class Hover:
    """Loop with three sensors that measure a blimp at rest."""

    def __init__(self) -> None:
        self.loop: ControlLoop[BlimpAdapter] = altitude_loop(
            load("blimp-altitude"), AltitudeNodeConfig()
        )
        self.now_s, self._rng = 1000.0, np.random.default_rng(0)
        self.arm()
        for _ in range(30):
            self.step()

    def arm(self) -> None:
        self.loop.adapter.on_setpoint(1.0, self.now_s)
        self.loop.arm(self.now_s)

    def step(self, lidar: bool = True, wrong_m: float = 0.0) -> Tick | None:
        """Advance one control period; without the lidar only the watch acts."""
        self.now_s += PERIOD_S
        now_ns, tick = round(self.now_s * 1e9), None
        noise = self._rng.normal(size=3) * (0.005, 0.05, 0.02)
        self.loop.sense("accelerometer", noise[2], now_ns, now_ns, self.now_s)
        self.loop.sense("barometer", 4.0 + noise[1], now_ns, now_ns, self.now_s)
        if lidar:
            reading = self.loop.adapter.read(1.0 + wrong_m + noise[0])
            tick = self.loop.tick(reading, now_ns, now_ns, self.now_s)
            self.loop.keep_ready()
            return tick
        for _ in range(2):
            tick = self.loop.coast(self.now_s, now_ns) or tick
            self.loop.watch(self.now_s, now_ns)
        return tick


def broken(*_: Any) -> Any:
    raise ZeroDivisionError("a monitor failed")


@pytest.mark.parametrize(
    "method",
    ["on_range", "on_acceleration", "on_barometer", "sent"],
)
def test_without_the_estimate_the_controller_acts_on_the_range(method: str) -> None:
    hover = Hover()
    setattr(hover.loop.adapter.estimator, method, broken)
    for k in range(20):
        tick = hover.step()
        assert tick is not None
        assert tick.command is not None
        assert tick.usable or not k
        assert np.isfinite(tick.command).all()
    assert hover.loop.modes.mode is Mode.AUTO
    assert hover.loop.adapter.estimator is None
    assert "a monitor failed" in hover.loop.estimate_failure
    assert tick is not None
    assert all(map(math.isnan, tick.supervised))


def test_the_next_arming_starts_a_new_estimate() -> None:
    hover = Hover()
    hover.loop.adapter.estimator.on_range = broken  # type: ignore[union-attr, method-assign]
    hover.step()
    assert hover.loop.estimate_failure
    hover.loop.disarm()
    hover.arm()
    for _ in range(10):
        hover.step()
    assert hover.loop.estimate_failure == ""
    assert hover.loop.adapter.estimates


def test_an_estimate_that_fails_without_a_range_leads_to_trim_and_stop() -> None:
    hover = Hover()
    hover.loop.adapter.estimator.estimate = broken  # type: ignore[union-attr, method-assign]
    seen = set()
    for _ in range(120):
        hover.step(lidar=False)
        seen.add(hover.loop.modes.mode)
        assert np.isfinite(hover.loop.gate.last).all()
    assert seen == {Mode.AUTO, Mode.HOLD, Mode.TRIM, Mode.STOP}
    assert hover.loop.gate.last[0] == 0.0
    assert "a monitor failed" in hover.loop.estimate_failure


@pytest.mark.parametrize("part", ["simplex", "_blend"])
def test_a_failed_retreat_returns_to_the_controller_and_keeps_the_estimate(part: str) -> None:
    hover = Hover()
    reserve = hover.loop.reserve
    hover.loop.modes.retreat_for("test")
    assert hover.loop.modes.mode is Mode.FALLBACK
    setattr(getattr(reserve, part), "update" if part == "simplex" else "passed", broken)
    steps = []
    fallback_step = reserve.fallback.step  # type: ignore[union-attr]
    reserve.fallback.step = lambda x: steps.append(1) or fallback_step(x)  # type: ignore
    for _ in range(3):
        tick = hover.step()
        assert tick is not None
        assert tick.command is not None
        assert hover.loop.modes.mode is Mode.AUTO
    assert "a monitor failed" in reserve.retreat_failure
    assert hover.loop.estimate_failure == ""
    assert hover.loop.adapter.estimates
    assert len(steps) <= 3


def test_a_range_that_was_not_trusted_stays_refused_without_the_estimate() -> None:
    hover = Hover()
    for _ in range(3):
        hover.step(wrong_m=1.5)
    assert hover.loop.modes.mode is Mode.COAST
    hover.loop.adapter.estimator.on_barometer = broken  # type: ignore[union-attr, method-assign]
    for k in range(30):
        tick = hover.step(wrong_m=1.5)
        assert tick is not None
        assert not tick.usable
        assert tick.command is not None, k
    assert hover.loop.modes.mode is Mode.TRIM


def test_manual_control_ends_with_a_new_estimate_and_survives_a_failing_restart() -> None:
    hover = Hover()
    hover.loop.adapter.estimator.on_range = broken  # type: ignore[union-attr, method-assign]
    hover.step()
    assert hover.loop.estimate_failure
    hover.loop.override(True, hover.now_s)
    hover.loop.override(False, hover.now_s)
    assert hover.loop.estimate_failure == ""
    hover.loop.adapter.estimator.restart = broken  # type: ignore[union-attr, method-assign]
    hover.loop.override(True, hover.now_s)
    hover.loop.override(False, hover.now_s)
    assert hover.loop.modes.mode is Mode.HOLD
    assert "a monitor failed" in hover.loop.estimate_failure
    for _ in range(5):
        hover.step()
    assert hover.loop.modes.mode is Mode.AUTO


def test_an_adapter_that_fails_counts_as_unusable_measurements() -> None:
    hover = Hover()
    hover.loop.adapter.observe = broken  # type: ignore[assignment, method-assign]
    tick = hover.step()
    assert tick is not None
    assert not tick.usable
    assert hover.loop.modes.mode is Mode.HOLD
    assert "a monitor failed" in hover.loop.modes.reason


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("entry", ["position", "speed", "covariance", "unmodelled", "bias"])
def test_an_estimate_that_is_not_finite_starts_again(entry: str, value: float) -> None:
    hover = Hover()
    observer = hover.loop.adapter.estimator.observer  # type: ignore[union-attr]
    match entry:
        case "position":
            observer._track.position_m = value
        case "speed":
            observer._track.speed_m_s = value
        case "covariance":
            observer._covariance = (value, *observer._covariance[1:])
        case "unmodelled":
            observer.unmodelled_m_s2 = value
        case "bias":
            observer.position_bias_m = value
    for _ in range(25):
        tick = hover.step()
        assert hover.loop.modes.mode in CONTROLLER_MODES
        assert np.isfinite(hover.loop.gate.last).all()
    assert hover.loop.modes.mode is Mode.AUTO
    estimator = hover.loop.adapter.estimator
    assert estimator is not None
    assert estimator.observer.position_m == pytest.approx(1.0, abs=0.02)
    assert tick is not None
    assert np.isfinite(tick.supervised).all()
    assert estimator.gates["lidar"].trusted
