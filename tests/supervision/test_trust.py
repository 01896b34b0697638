"""Trust gate: closing and reopening on each kind of evidence."""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest

from snn_control.errors import ParameterError
from snn_control.supervision.monitors.monitor import Sample
from snn_control.supervision.observer import Innovation
from snn_control.supervision.trust import TrustConfig, TrustGate

LIDAR = TrustConfig(low=0.0, high=12.0, closing_floor=0.03, at_once=0.3)
SD_M = 0.01


class Stream:
    """Healthy lidar at 1 m with noise of 5 mm, in front of a gate."""

    def __init__(self, config: TrustConfig = LIDAR, seed: int = 0) -> None:
        self.gate, self._rng, self.now_s = TrustGate(config), np.random.default_rng(seed), 0.0

    def send(self, offset_m: float = 0.0, n: int = 1, **changes: float) -> str:
        """Deliver `n` messages; return the last reason."""
        for _ in range(n):
            self.now_s += 0.1
            value = changes.get("value", 1.0 + 0.005 * self._rng.normal() + offset_m)
            stamp_s = self.now_s - changes.get("late_s", 0.0)
            sd_m = changes.get("sd_m", SD_M)
            innovation = Innovation(value - 1.0, sd_m * sd_m)
            verdict = self.gate.judge(Sample(self.now_s, stamp_s, value, innovation))
        return verdict.reason

    def messages_until_trusted(self, offset_m: float = 0.0) -> int:
        for k in range(1, 100):
            self.send(offset_m)
            if self.gate.trusted:
                return k
        return 100


def test_a_healthy_stream_stays_trusted() -> None:
    for seed in range(20):
        stream = Stream(seed=seed)
        stream.send(n=500)
        assert stream.gate.trusted
        assert math.isnan(stream.gate.closed_s)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -0.1, 12.5])
def test_impossible_values_close_at_once(value: float) -> None:
    stream = Stream()
    stream.send(n=10)
    assert "outside 0 to 12" in stream.send(value=value)
    assert stream.gate.closed_s == pytest.approx(1.1)
    assert stream.messages_until_trusted() == 5


def test_a_large_jump_closes_at_once_and_a_small_one_at_the_second() -> None:
    stream = Stream()
    stream.send(n=10)
    assert "differs by 0.5" in stream.send(0.5)
    assert stream.messages_until_trusted() == 5
    assert "not confirmed" in stream.send(0.1)
    assert stream.gate.trusted
    assert stream.send() == ""
    stream.send(0.1)
    assert "sigma" in stream.send(0.1)
    assert not stream.gate.trusted


def test_differences_below_the_floor_are_no_contradiction() -> None:
    stream = Stream()
    stream.send(0.02, n=50, sd_m=0.003)
    assert stream.gate.trusted


def test_it_reopens_at_half_of_the_closing_limit() -> None:
    stream = Stream()
    stream.send(n=10)
    stream.send(0.5)
    assert stream.messages_until_trusted(offset_m=0.04) == 100  # 4 sigma
    assert stream.messages_until_trusted(offset_m=0.0) <= 6
    stream.send(0.5)
    stream.send(n=4)
    stream.send(0.5)
    assert stream.messages_until_trusted() == 5  # counted from the start


def test_a_repeated_value_does_not_correct_and_then_closes() -> None:
    stream = Stream()
    stream.send(n=10)
    fused, closed_after = [], 0
    for k in range(1, 40):
        stream.now_s += 0.1
        sample = Sample(stream.now_s, stream.now_s, 1.0, Innovation(0.0, SD_M * SD_M))
        fused.append(stream.gate.judge(sample).fuse)
        if not stream.gate.trusted and not closed_after:
            closed_after = k
    assert sum(fused) in (8, 9)  # the first is a new value
    assert closed_after in (23, 24)
    assert "stuck at 1 for" in stream.gate.reason
    assert stream.messages_until_trusted() == 5


def test_late_messages_close_and_silence_is_reported() -> None:
    stream = Stream()
    stream.send(n=10)
    assert not stream.gate.silent(stream.now_s + 0.3)
    assert stream.gate.silent(stream.now_s + 0.4)
    assert stream.gate.trusted
    assert "0.50 s old" in stream.send(late_s=0.5, n=6)
    assert stream.messages_until_trusted() == 5
    assert TrustGate(LIDAR).silent(0.0)


def test_a_quantised_healthy_sensor_is_trusted_again() -> None:
    stream = Stream()
    stream.send(n=10)
    stream.send(0.5)
    steps = [1.0, 1.0, 1.01, 1.01, 1.0, 1.01, 1.01, 1.01, 1.0, 1.01, 1.0, 1.01]
    trusted = []
    for value in steps:
        stream.send(value=value)
        trusted.append(stream.gate.trusted)
    assert trusted.index(True) <= 9


def test_copies_are_independent() -> None:
    stream = Stream()
    stream.send(n=10)
    twin = copy.deepcopy(stream.gate)
    stream.send(0.5)
    assert twin.trusted
    stream.gate.reset()
    assert stream.gate.trusted


@pytest.mark.parametrize(
    "change",
    [
        {"closing_sigma": 0.0}, {"reopen_sigma": 6.0}, {"at_once": 0.01}, {"in_a_row": 0},
        {"reopen_count": 0}, {"identical_s": 0.5}, {"max_age_s": math.nan}, {"silence_s": -1.0},
    ],
)  # fmt: skip
def test_invalid_limits_are_refused(change: dict[str, float]) -> None:
    settings = {"low": 0.0, "high": 12.0, "closing_floor": 0.03, "at_once": 0.3}
    with pytest.raises(ParameterError):
        TrustConfig(**settings | change)  # type: ignore[arg-type]


def test_after_late_messages_alone_the_same_value_reopens_but_not_a_stuck_one() -> None:
    stream = Stream()
    stream.send(n=10, value=1.0)
    stream.send(n=5, value=1.0, late_s=0.5)
    assert not stream.gate.trusted
    stream.send(n=5, value=1.0)
    assert stream.gate.trusted

    stuck = Stream()
    stuck.send(n=10)
    stuck.send(n=25, value=1.0)
    assert "stuck" in stuck.gate.reason
    stuck.send(n=5, value=1.0, late_s=0.5)
    stuck.send(n=20, value=1.0)
    assert not stuck.gate.trusted
