"""Step response figures against the closed form of a second-order system."""

import numpy as np
import pytest

from snn_control.report.step_response import step_responses
from tests.report.run_folder import step_of_second_order


@pytest.mark.parametrize("damping", [0.3, 0.5, 0.7])
@pytest.mark.parametrize("size", [0.5, -0.5])
def test_overshoot_and_settling_of_a_second_order_system(damping, size):
    frequency, t = 0.6, np.arange(0, 90, 0.01)
    reference = np.where(t < 10, 1.0, 1.0 + size)
    height = 1.0 + size * step_of_second_order(t - 10, damping, frequency)
    (step,) = step_responses(t, height, reference)
    root = np.sqrt(1 - damping**2)
    overshoot = np.exp(-np.pi * damping / root)
    assert step.overshoot_m == pytest.approx(abs(size) * overshoot, rel=1e-3)
    assert step.peak_time_s == pytest.approx(10 + np.pi / (frequency * root), abs=0.02)
    envelope_s = -np.log(0.05 / abs(size) * root) / (damping * frequency)
    assert 0 < step.settling_time_s <= envelope_s
    assert step.steady_state_error_m < 1e-3


def test_a_constant_offset_is_steady_state_error_and_never_settles():
    t = np.arange(0, 60, 0.1)
    reference = np.where(t < 5, 0.5, 1.0)
    (step,) = step_responses(t, reference - 0.07, reference)
    assert step.overshoot_m == 0
    assert np.isnan(step.settling_time_s)
    assert step.steady_state_error_m == pytest.approx(0.07)


def test_a_constant_reference_has_no_steps():
    assert step_responses(np.arange(3.0), np.ones(3), np.ones(3)) == []
