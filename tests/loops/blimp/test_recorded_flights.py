"""Recorded flights of a real blimp through the estimate of the height: no false alarm."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from snn_control.envs.blimp.flight_log import FlightLog, read_flight_log
from snn_control.loops.blimp.estimator import HeightEstimator
from tests.paths import BLIMP_LOGS, NO_LOGS

FLIGHTS = sorted(BLIMP_LOGS.glob("*.csv"))
pytestmark = pytest.mark.skipif(not FLIGHTS, reason=NO_LOGS)


def commands(log: FlightLog) -> np.ndarray:
    """Return the motor commands: logged, or the sum of the outputs of the networks."""
    if log.path.stem.startswith("snn"):
        columns = log.columns
        sums = columns["snn_pd_motor_units"] + columns["snn_i_motor_units"]
        return np.clip(sums, -10.0, 10.0)
    return np.clip(log.command, -10.0, 10.0)


def measured_m(log: FlightLog) -> np.ndarray:
    """Return the heights that the controller received.

    Where its error is logged, the height column differs by up to 17 cm; at the second step the
    reference switches 0.8 s before the error.
    """
    if "err_logged_m" not in log.columns:
        return log.height_m
    error_m = log.columns["err_logged_m"]
    before = np.searchsorted(log.time_s, log.time_s - 0.8)
    early = np.abs(log.reference_m - log.height_m - error_m) > 0.25
    return np.where(early, log.reference_m[before], log.reference_m) - error_m


@pytest.mark.parametrize("path", FLIGHTS, ids=lambda path: path.stem)
def test_a_healthy_flight_raises_no_alarm(path: Path) -> None:
    """Lidar with steps of 1 cm as the only sensor."""
    log, estimator = read_flight_log(path), HeightEstimator()
    errors_m = []
    rows = zip(log.time_s, measured_m(log), commands(log), strict=True)
    for time_s, height_m, command in rows:
        verdict = estimator.on_range(float(height_m), float(time_s), float(time_s))
        assert verdict.reason == "", f"{time_s:.1f} s: {verdict.reason}"
        estimator.sent(float(command), float(time_s))
        errors_m.append(estimator.observer.position_m - height_m)
    assert estimator.gates["lidar"].closings == 0
    assert estimator.actuator_faults == 0
    assert np.sqrt(np.mean(np.square(errors_m))) < 0.02
