"""Simplex: takeover and return of the baseline, and transitions without a step."""

from __future__ import annotations

import math

import numpy as np
import pytest

from snn_control.errors import ParameterError
from snn_control.supervision.simplex import Blend, Simplex, SimplexConfig

PERIOD_S = 0.1


def run(simplex: Simplex, deviations: np.ndarray, start_s: float = 0.0) -> list[str]:
    return [simplex.update(float(x), start_s + PERIOD_S * k) for k, x in enumerate(deviations)]


def first(reasons: list[str]) -> float:
    """Return the time of the first takeover, s; infinite without one."""
    return next((PERIOD_S * k for k, reason in enumerate(reasons) if reason), math.inf)


def test_a_deviation_that_lasts_hands_over_and_back() -> None:
    simplex = Simplex()
    course = np.concatenate([np.zeros(100), np.full(100, 0.7), np.full(200, 0.1)])
    reasons = run(simplex, course)
    assert first(reasons) == pytest.approx(10.0 + 8.0, abs=0.2)
    back = next(k for k in range(200, 400) if not reasons[k])
    assert PERIOD_S * back == pytest.approx(20.0 + 10.0, abs=0.2)
    assert simplex.switches == 1
    assert simplex.baseline_s == pytest.approx(12.0, abs=0.3)
    assert "beyond 0.6 for 8 s" in reasons[199]


def test_steps_of_the_setpoint_do_not_hand_over() -> None:
    """A deviation of 1 m that is corrected within 7 s."""
    step = np.linspace(1.0, 0.0, 70)
    assert first(run(Simplex(), np.tile(np.concatenate([step, np.zeros(80)]), 6))) == math.inf


def test_an_oscillation_that_grows_hands_over_before_the_envelope() -> None:
    t = PERIOD_S * np.arange(3000)
    noise = 0.002 * np.random.default_rng(0).standard_normal(t.size)
    growing = 0.01 * np.exp(t / 80.0) * np.sin(2.0 * math.pi * t / 8.0) + noise
    simplex = Simplex()
    reasons = run(simplex, growing)
    at_s = first(reasons)
    assert 60.0 <= at_s < t[np.abs(growing) > 0.3][0]
    assert "oscillates" in reasons[-1]
    assert simplex.switches == 1
    calm = run(simplex, np.zeros(500), 400.0)
    assert all(calm), "a warning lasts until the next reset"
    simplex.reset()
    assert simplex.update(0.0, 500.0) == ""
    assert simplex.switches == 1


def test_noise_and_damped_motion_do_not_hand_over() -> None:
    for seed in range(10):
        rng = np.random.default_rng(seed)
        y = np.zeros(6000)
        for k in range(2, y.size):
            y[k] = 1.6 * y[k - 1] - 0.65 * y[k - 2] + 0.01 * rng.standard_normal()
        assert first(run(Simplex(), y)) == math.inf


def test_values_that_are_not_finite_are_ignored() -> None:
    simplex = Simplex()
    for k in range(200):
        assert simplex.update(math.nan, PERIOD_S * k) == ""
        assert simplex.update(math.inf, PERIOD_S * k) == ""


def test_a_blend_starts_at_the_command_in_force_and_ends_at_the_new_one() -> None:
    blend, in_force = Blend(1.0), np.array([4.0])
    assert blend.passed(in_force, "controller", in_force, 0.0) == in_force
    new = np.array([-2.0])
    assert blend.passed(new, "baseline", in_force, 10.0) == pytest.approx(in_force)
    assert blend.passed(new, "baseline", in_force, 11.0) == pytest.approx(-2.0 + 6.0 / math.e)
    assert blend.passed(new, "baseline", in_force, 30.0) == pytest.approx(new)
    assert blend.passed(in_force, "controller", new, 31.0) == pytest.approx(new)


def test_without_a_time_constant_the_command_changes_at_once() -> None:
    blend, in_force = Blend(0.0), np.array([4.0])
    blend.passed(in_force, "controller", in_force, 0.0)
    assert blend.passed(np.array([1.0]), "baseline", in_force, 1.0) == np.array([1.0])


def test_invalid_limits_are_refused() -> None:
    for change in ({"envelope": 0.0}, {"out_s": math.inf}, {"pole_count": 0}):
        with pytest.raises(ParameterError, match="a finite number above 0"):
            SimplexConfig(**change)  # type: ignore[arg-type]
