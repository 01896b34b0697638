"""Stability limit against eigenvalues of the linear model, and the monitor on known rates."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

from snn_control.errors import ParameterError
from snn_control.plasticity.stability import (
    HomeostatLoop,
    RateMonitor,
    largest_spread,
    relative_spread,
)


def growth(loop: HomeostatLoop, eta: float) -> float:
    """Return the largest real part of the eigenvalues of the linear model, 1/s."""
    model = np.array(
        [
            [-(1 - loop.loop_gain) / loop.tau_rate_s, 0, -loop.sensitivity / loop.tau_rate_s],
            [1 / loop.tau_filter_s, -1 / loop.tau_filter_s, 0],
            [0, eta, 0],
        ]
    )
    return float(np.linalg.eigvals(model).real.max())


def test_limit_is_that_of_the_eigenvalues() -> None:
    """Random loops at 1 % below and above the limit."""
    rng = np.random.default_rng(0)
    for _ in range(5000):
        loop = HomeostatLoop(
            sensitivity=10 ** rng.uniform(-1, 3),
            loop_gain=rng.choice([1.0 - 10 ** rng.uniform(-2, 0), -(10 ** rng.uniform(-2, 1))]),
            tau_rate_s=10 ** rng.uniform(-3, 0),
            tau_filter_s=10 ** rng.uniform(-2, 1),
        )
        assert growth(loop, 0.99 * loop.limit) < 0.0 < growth(loop, 1.01 * loop.limit)


@pytest.mark.parametrize(
    ("loop_gain", "smallest_s"), [(0.0, 0.019), (0.5, 0.074), (0.9, 1.4), (0.97, 9.5)]
)
def test_limit_in_numbers(loop_gain: float, smallest_s: float) -> None:
    loop = HomeostatLoop(1.0, loop_gain, 0.02, 0.5)
    assert 1.0 / loop.limit == pytest.approx(smallest_s, rel=0.03)


def test_without_a_filter_the_limit_is_that_of_overshoot() -> None:
    """Critical damping: both eigenvalues of the second-order model are equal."""
    loop = HomeostatLoop(40.0, 0.6, 0.03, 0.0)
    assert loop.limit == math.inf
    assert loop.accepted() == loop.largest_overdamped
    for factor, oscillates in ((0.99, False), (1.01, True)):
        eta = factor * loop.largest_overdamped
        model = np.array([[-0.4 / 0.03, -40.0 / 0.03], [eta, 0.0]])
        assert bool(np.iscomplexobj(np.linalg.eigvals(model))) == oscillates
    with pytest.raises(ParameterError, match="overshoot"):
        loop.require(1.01 * loop.largest_overdamped)


def test_too_fast_homeostasis_is_refused_with_the_accepted_number() -> None:
    loop = HomeostatLoop(60.0, 0.9, 0.03, 0.5)
    with pytest.raises(ParameterError, match=r"too fast for a loop gain of 0.9") as refusal:
        loop.require(0.21 * loop.limit)
    match = re.search(r"at most ([\d.e-]+),", str(refusal.value))
    assert match
    assert float(match[1]) == pytest.approx(loop.limit / 5.0, rel=1e-5)
    loop.require(loop.limit / 5.0)
    loop.require(0.0)
    loop.require(0.9 * loop.limit, factor=1.1)
    with pytest.raises(ParameterError, match="too fast"):
        loop.require(0.9 * loop.limit, factor=1.2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"loop_gain": 1.0}, "reduce its recurrent weights"),
        ({"loop_gain": math.nan}, "below 1"),
        ({"sensitivity": 0.0}, "sensitivity"),
        ({"tau_rate_s": -1.0}, "tau_rate_s"),
        ({"tau_filter_s": math.inf}, "tau_filter_s"),
    ],
)
def test_loops_out_of_range_are_refused(change: dict[str, float], message: str) -> None:
    values = {"sensitivity": 1.0, "loop_gain": 0.5, "tau_rate_s": 0.03, "tau_filter_s": 0.5}
    with pytest.raises(ParameterError, match=message):
        HomeostatLoop(**values | change)
    loop = HomeostatLoop(**values)
    for arguments in ((-1.0,), (math.nan,), (0.1, 0.5)):
        with pytest.raises(ParameterError, match="expected"):
            loop.require(*arguments)


def oscillation(amplitude: float, n: int = 60) -> list[float]:
    """Return a rate of mean 30 1/s with a sine of period 20 steps."""
    return list(30.0 * (1.0 + amplitude * np.sin(2 * np.pi * np.arange(n) / 20)))


def test_spread_of_a_sine_is_its_amplitude_over_root_two() -> None:
    assert relative_spread(oscillation(0.5)) == pytest.approx(0.5 / math.sqrt(2))
    assert largest_spread([oscillation(0.1), oscillation(0.4)], 20) == pytest.approx(
        0.4 / math.sqrt(2)
    )
    assert relative_spread([0.0, 0.0]) == math.inf
    for recordings in ([], [[1.0] * 5]):
        with pytest.raises(ParameterError, match="expected at least"):
            largest_spread(recordings, 20)


def test_a_growing_oscillation_is_reported_once() -> None:
    monitor = RateMonitor(20, 0.2)
    for rate in oscillation(0.2):
        assert not monitor.update(rate)
    assert monitor.spread == pytest.approx(0.2 / math.sqrt(2))
    assert monitor.reason == ""
    for rate in oscillation(0.6):
        monitor.update(rate)
    assert monitor.diverged
    reason = monitor.reason
    assert re.fullmatch(
        r"relative spread of the rate 0\.2\d*; expected at most 0.2: slow the .*", reason
    )
    for rate in oscillation(0.0):
        assert monitor.update(rate)
    assert monitor.reason == reason
    monitor.reset()
    assert not monitor.diverged
    assert math.isnan(monitor.spread)


@pytest.mark.parametrize("rates", [[0.0] * 20, [30.0, math.nan], [math.inf]])
def test_silence_and_non_numbers_are_divergence(rates: list[float]) -> None:
    monitor = RateMonitor(20, 0.2)
    assert [monitor.update(rate) for rate in rates][-1]
    assert monitor.reason


def test_monitors_out_of_range_are_refused() -> None:
    for arguments in ((1, 0.2), (20, 0.0), (20, math.nan)):
        with pytest.raises(ParameterError, match="expected"):
            RateMonitor(*arguments)
