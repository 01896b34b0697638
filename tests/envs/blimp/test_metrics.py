"""Metrics against closed forms and the published figures of the recorded flights."""

import numpy as np
import pytest

from snn_control.envs.blimp.flight_log import read_flight_log
from snn_control.envs.blimp.metrics import altitude_metrics, step_figures
from snn_control.errors import ParameterError


def test_metrics_of_a_closed_form_response():
    """Ramps of 2 s, overshoot of 0.1 m for 1 s after the step up, 0.02 m above before step 2."""
    t = np.round(np.arange(0.0, 60.0, 0.1), 3)
    reference = np.where((t >= 20) & (t < 40), 1.0, 0.5)
    height = np.interp(t, [20, 22, 30, 30.01, 40, 42], [0.5, 1.0, 1.0, 1.02, 1.02, 0.5])
    height[(t >= 22) & (t < 23)] += 0.1
    m = altitude_metrics(t, reference, height)
    assert m["overshoot_up_m"] == pytest.approx(0.1)
    assert m["overshoot_down_m"] == 0.0
    assert m["overshoot_m"] == pytest.approx(0.05)
    assert m["hold_rmse_m"] == pytest.approx(0.02 / np.sqrt(2), rel=0.02)
    assert m["hold_bias_m"] == pytest.approx(0.01, rel=0.02)
    assert m["steady_state_error_m"] == pytest.approx(0.02 / 3, rel=0.02)
    assert m["steady_state_offset_m"] == pytest.approx(0.02 / 3, rel=0.02)
    assert m["rise_time_s"] == pytest.approx(1.6, abs=0.11)


def test_metrics_without_a_jump():
    t = np.arange(0.0, 30.0, 0.1)
    m = altitude_metrics(t, np.full(t.size, 1.0), np.full(t.size, 0.97))
    assert m["overshoot_m"] == 0.0
    for name in ("rmse_m", "hold_rmse_m", "steady_state_error_m", "steady_state_offset_m"):
        assert m[name] == pytest.approx(0.03), name


@pytest.mark.parametrize("start_s", [0.0, 3.0, 47.0])
def test_without_a_jump_the_hold_window_begins_after_10_s(start_s: float):
    t = start_s + np.arange(0.0, 30.0, 0.5)
    height = np.where(t < start_s + 10.0, 0.9, 1.03)
    m = altitude_metrics(t, np.full(t.size, 1.0), height)
    assert m["hold_rmse_m"] == m["step_rmse_m"] == pytest.approx(0.03)
    assert m["hold_bias_m"] == pytest.approx(0.03)
    assert m["rmse_m"] == pytest.approx(np.sqrt((20 * 0.1**2 + 40 * 0.03**2) / 60))


@pytest.mark.parametrize("jump_m", [0.5, -0.5])
@pytest.mark.parametrize(
    ("after_s", "overshoot_m"), [(0.5, 0.1), (9.9, 0.1), (9.95, 0.0), (15.0, 0.0)]
)
def test_an_excess_counts_as_overshoot_until_9_9_s_after_a_jump(
    jump_m: float, after_s: float, overshoot_m: float
):
    t = np.arange(0.0, 60.0, 0.05)
    reference = np.where(t >= 20.0, 1.0 + jump_m, 1.0)
    height = np.interp(t, [20.0, 20.2], [1.0, 1.0 + jump_m])
    height[abs(t - 20.0 - after_s) < 0.02] += 0.1 * np.sign(jump_m)
    m = altitude_metrics(t, reference, height)
    up, down = (overshoot_m, 0.0) if jump_m > 0 else (0.0, overshoot_m)
    assert (m["overshoot_m"], m["overshoot_up_m"], m["overshoot_down_m"]) == pytest.approx(
        (overshoot_m, up, down)
    )


@pytest.mark.parametrize(
    ("t", "h"), [([0.0], [1.0]), ([0, 1], [1, np.nan]), ([1, 0], [1, 1]), ([0, 1, 2], [1, 1])]
)
def test_invalid_arrays_are_errors(t, h):
    with pytest.raises(ParameterError):
        step_figures(t, h)


# Flight: step RMSE, RMSE, steady-state errors, overshoots, hold RMSE, hold bias (cm), rise (s).
FLIGHTS = {
    "snn_2023-09-05-19-15-58": (12.96, 11.77, (3.84, 8.00), (4, 29), 6.60, -3.73, 2.5),
    "snn_2023-09-05-19-36-56": (12.20, 11.34, (3.33, 1.91), (3, 28), 4.77, -3.24, 2.6),
    "snn_2023-09-05-19-52-35": (12.22, 11.33, (4.61, 3.61), (0, 30), 4.93, -3.11, 2.8),
    "pid_2023-09-04-10-21-14": (9.86, 9.23, (0.63, 0.86), (11, 11), 2.13, 0.59, 1.9),
    "pid_2023-09-04-10-40-00": (9.52, 9.11, (0.84, 0.20), (13, 10), 1.34, 0.40, 1.9),
    "pid_2023-09-04-11-06-22": (10.06, 9.60, (0.17, 0.70), (14, 9), 1.44, 0.25, 2.0),
}


@pytest.mark.parametrize("flight", FLIGHTS)
def test_metrics_of_the_recorded_flights(flights, flight):
    log = read_flight_log(flights / f"{flight}.csv")
    step_rmse, rmse, steady, overshoot, hold, bias, rise = FLIGHTS[flight]
    s = step_figures(log.time_s, log.error_m)
    m = altitude_metrics(log.time_s, log.error_m, np.zeros(log.time_s.size))
    assert 100 * m["step_rmse_m"] == pytest.approx(step_rmse, abs=0.02)
    assert 100 * m["rmse_m"] == pytest.approx(rmse, abs=0.02)
    assert 100 * s.steady_state_error_m[:2] == pytest.approx(steady, abs=0.05)
    assert 100 * s.overshoot_m == pytest.approx(overshoot, abs=0.5)
    assert 100 * s.hold_rmse_m[0] == pytest.approx(hold, abs=0.02)
    assert 100 * s.hold_bias_m[0] == pytest.approx(bias, abs=0.02)
    assert s.rise_time_s[0] == pytest.approx(rise, abs=0.051)
