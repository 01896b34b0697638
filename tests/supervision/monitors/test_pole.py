"""Pole of an autoregression compared with processes of known poles."""

from __future__ import annotations

import math

import numpy as np
import pytest

from snn_control.errors import ParameterError
from snn_control.supervision.monitors.pole import Pole


def process(modulus: float, period_steps: float, n: int, seed: int) -> np.ndarray:
    """Return an autoregression whose poles are a pair of the given modulus and period."""
    rng = np.random.default_rng(seed)
    p1, p2 = 2.0 * modulus * math.cos(2.0 * math.pi / period_steps), -modulus * modulus
    y = np.zeros(n + 200)
    for k in range(2, y.size):
        y[k] = p1 * y[k - 1] + p2 * y[k - 2] + rng.standard_normal()
    return y[200:]


@pytest.mark.parametrize("modulus", [0.6, 0.8, 0.95])
def test_the_modulus_is_that_of_the_process(modulus: float) -> None:
    moduli = []
    for seed in range(20):
        pole = Pole(window_s=200.0)
        for k, value in enumerate(process(modulus, 12.0, 400, seed)):
            pole.add(float(value), 0.5 * k)
        moduli.append(pole.modulus)
    assert np.mean(moduli) == pytest.approx(modulus, abs=0.03)


def test_a_line_is_subtracted() -> None:
    plain, tilted = Pole(), Pole()
    for k, value in enumerate(process(0.7, 10.0, 120, 1)):
        plain.add(float(value), 0.5 * k)
        tilted.add(float(value) + 3.0 + 0.2 * k, 0.5 * k)
    assert tilted.modulus == pytest.approx(plain.modulus, abs=1e-9)


def test_it_needs_half_a_window_and_varying_values() -> None:
    pole = Pole()
    for k in range(59):
        pole.add(math.sin(k), 0.5 * k)
    assert math.isnan(pole.modulus)
    pole.add(0.3, 29.5)
    assert math.isfinite(pole.modulus)
    pole.reset()
    for k in range(120):
        pole.add(0.0, 0.5 * k)
    assert math.isnan(pole.modulus)


def test_nan_and_a_clock_that_jumps_back_leave_it_usable() -> None:
    pole = Pole()
    for k in range(300):
        pole.add(math.nan if k % 7 == 0 else math.sin(0.3 * k), 0.1 * k)
    assert math.isfinite(pole.modulus) or math.isnan(pole.modulus)
    for k in range(700):
        pole.add(math.sin(0.3 * k), 0.1 * k - 500.0)
    assert pole.modulus > 0.9


def test_invalid_windows_are_refused() -> None:
    for window_s, step_s in ((1.0, 0.5), (math.inf, 0.5), (60.0, 0.0)):
        with pytest.raises(ParameterError, match="at least 8 steps"):
            Pole(window_s, step_s)
