"""Attribution of contradictions, on a point mass with known truth."""

from __future__ import annotations

import math

import numpy as np
import pytest

from snn_control.errors import ParameterError
from snn_control.supervision.attribution import Dispute, DisputeConfig, Outcome
from snn_control.supervision.observer import Observer
from tests.supervision.point_mass import NOISE, PointMass

PERIOD_S, SD_M = 0.1, 0.006


def outcome(
    true_m_s2: float, measured_m_s2: float, seconds: float = 5.0, seed: int = 0
) -> tuple[Outcome, float]:
    """Return the outcome and its time, for a vehicle whose model expects no acceleration."""
    rng = np.random.default_rng(seed)
    observer = Observer(PointMass(), NOISE)
    observer.start(1.0, SD_M, 0.0, 0.0)
    dispute = Dispute(observer)
    z, v = 1.0, 0.0
    for k in range(1, round(seconds / PERIOD_S) + 1):
        z += PERIOD_S * (v + 0.5 * PERIOD_S * true_m_s2)
        v += PERIOD_S * true_m_s2
        observer.predict(PERIOD_S * k)
        dispute.accelerated(measured_m_s2 + 0.02 * rng.standard_normal())
        dispute.positioned(z + SD_M * rng.standard_normal(), SD_M)
        if dispute.outcome is not Outcome.OPEN:
            return dispute.outcome, PERIOD_S * k
    return dispute.outcome, math.inf


@pytest.mark.parametrize("acceleration", [-0.3, -0.12, 0.12, 0.3])
def test_motors_that_fail_are_told_from_an_accelerometer_that_is_wrong(acceleration: float) -> None:
    """The position follows the accelerometer, or the model."""
    for seed in range(10):
        failed, after_s = outcome(acceleration, acceleration, seed=seed)
        assert failed is Outcome.ACTUATORS
        assert after_s <= math.sqrt(2.0 * 0.05 / abs(acceleration)) + 0.4
        assert outcome(0.0, acceleration, seed=seed)[0] is Outcome.ACCELEROMETER


def test_a_contradiction_that_ends_has_no_outcome() -> None:
    for seed in range(10):
        ended, after_s = outcome(0.0, 0.0, seed=seed)
        assert ended is Outcome.NONE
        assert after_s == pytest.approx(3.1, abs=0.15)


def test_without_a_position_it_stays_open() -> None:
    observer = Observer(PointMass(), NOISE)
    observer.start(1.0, SD_M, 0.0, 0.0)
    dispute = Dispute(observer)
    for k in range(1, 40):
        observer.predict(PERIOD_S * k)
        dispute.accelerated(0.2)
        dispute.accelerated(math.nan)
    assert dispute.outcome is Outcome.OPEN
    assert dispute.gap_m == pytest.approx(0.5 * 0.2 * 3.9**2, rel=0.01)
    dispute.end()
    assert observer.branches == []


def test_invalid_limits_are_refused() -> None:
    with pytest.raises(ParameterError, match="a finite number above 0"):
        DisputeConfig(least_m=0.0)
