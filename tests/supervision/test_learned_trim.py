"""Learned trim compared with the closed form of an exponential mean."""

from __future__ import annotations

import math

import pytest

from snn_control.errors import ParameterError
from snn_control.supervision.learned_trim import LearnedTrim


def test_it_approaches_the_mean_of_the_commands() -> None:
    trim = LearnedTrim(3.0, time_constant_s=15.0)
    for k in range(150):
        trim.update(3.5 + (-1) ** k, 0.1)
    assert trim.value == pytest.approx(3.0 + 0.5 * (1.0 - math.exp(-1.0)), abs=0.02)


def test_it_stays_within_its_reach_and_ignores_what_is_not_finite() -> None:
    trim = LearnedTrim(3.0, reach=0.5)
    for value in (10.0, math.nan, math.inf):
        for _ in range(1000):
            trim.update(value, 0.1)
    trim.update(0.0, -1.0)
    trim.update(0.0, math.nan)
    assert trim.value == 3.5
    trim.restart(2.0)
    assert (trim.start, trim.value) == (2.0, 2.0)
    for wrong in ((0.0, 1.0), (math.inf, 1.0), (1.0, -1.0)):
        with pytest.raises(ParameterError):
            LearnedTrim(3.0, *wrong)
