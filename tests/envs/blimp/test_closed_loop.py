"""PID in closed loop against independent results.

References: an independent simulation of an earlier fit of the same law (its constants below), and
the two recorded PID flights of the calibration of the plant.
"""

import numpy as np
import pytest

from snn_control.envs.blimp.metrics import altitude_metrics
from snn_control.envs.blimp.presets import PRESETS, blimp_parameters
from snn_control.envs.blimp.scenario import draw_scenario

EARLIER_FIT = {
    "thrust_gain_m_s2": 1.26,
    "motor_time_constant_s": 0.09,
    "transport_delay_s": 0.25,
    "linear_drag_per_s": 0.38,
    "quadratic_drag_per_m": 0.31,
}
SEEDS = range(10)


def mean_metrics(run_pid, preset, changes=None):
    metrics = []
    for seed in SEEDS:
        scenario = draw_scenario(blimp_parameters(preset, changes), seed)
        heights = run_pid(scenario)[:-1]
        time_s = np.arange(heights.size) * 0.01
        reference = np.repeat(scenario.reference_m, scenario.substeps)
        metrics.append(altitude_metrics(time_s, reference, heights))
    return {name: 100 * float(np.mean([m[name] for m in metrics])) for name in metrics[0]}


@pytest.mark.parametrize(
    ("preset", "hold_cm", "offset_cm", "up_cm", "down_cm"),
    [("clean", 1.42, 0.16, 6.3, 7.4), ("missed", 1.70, 0.33, 5.2, 6.5)],
)
def test_earlier_fit_matches_the_independent_simulation(
    run_pid, preset, hold_cm, offset_cm, up_cm, down_cm
):
    m = mean_metrics(run_pid, preset, EARLIER_FIT)
    assert m["hold_rmse_m"] == pytest.approx(hold_cm, abs=0.3)
    assert m["steady_state_offset_m"] == pytest.approx(offset_cm, abs=0.3)
    assert m["overshoot_up_m"] == pytest.approx(up_cm, abs=1.5)
    assert m["overshoot_down_m"] == pytest.approx(down_cm, abs=1.5)


def test_metrics_match_the_recorded_flights(run_pid):
    """Log values: hold 2.13, 1.34; overshoot 11, 13, 11, 10; rise 1.9 s; RMSE 9.86, 9.52 cm."""
    references = {"reference_heights_m": (0.5, 1.0)}
    m = mean_metrics(run_pid, "clean", references)
    assert 1.0 < m["hold_rmse_m"] < 2.2
    assert m["overshoot_up_m"] == pytest.approx(12.0, abs=2.0)
    assert m["overshoot_down_m"] == pytest.approx(10.5, abs=3.0)
    assert m["step_rmse_m"] == pytest.approx(9.7, abs=1.2)
    assert m["rise_time_s"] / 100 == pytest.approx(1.9, abs=0.4)


@pytest.mark.parametrize("preset", PRESETS)
def test_pid_holds_the_height_under_every_preset(run_pid, preset):
    m = mean_metrics(run_pid, preset)
    assert m["hold_rmse_m"] < 4.0
    assert m["overshoot_m"] < 12.0


def test_faults_increase_the_error(run_pid):
    hold = {p: mean_metrics(run_pid, p)["hold_rmse_m"] for p in PRESETS}
    assert hold["clean"] < hold["missed"] < hold["default"] < hold["stress"]
    assert hold["clean"] < hold["leak"]
