"""Shipped thresholds of the blimp's monitors, and limits of its loop beside them."""

from __future__ import annotations

import json

from snn_control.loops.blimp.config import AltitudeNodeConfig
from snn_control.loops.blimp.estimator_config import EstimatorConfig
from snn_control.supervision.monitors.calibration import Thresholds
from snn_control.supervision.monitors.registry import MONITORS
from tests.paths import ROOT

PATH = ROOT / "configs" / "monitors" / "blimp.json"


def shipped() -> Thresholds:
    return Thresholds.from_document(json.loads(PATH.read_text("utf-8")), str(PATH))


def test_every_monitor_of_every_sensor_is_calibrated() -> None:
    thresholds = shipped()
    assert thresholds.hours >= 6.0
    assert thresholds.false_alarms_per_h <= 0.125
    for stream in ("lidar", "barometer", "accelerometer"):
        assert set(thresholds.of(stream, tuple(MONITORS))) == set(MONITORS)


def test_the_gates_close_beyond_nominal_operation() -> None:
    """Innovations at the calibrated threshold of one message keep the gates open."""
    thresholds, config = shipped(), EstimatorConfig()
    for stream in ("lidar", "barometer", "accelerometer"):
        gate, nis = getattr(config, stream), thresholds.values[stream]["nis"]
        assert gate.closing_sigma**2 > nis
    assert AltitudeNodeConfig().battery_jump_v > thresholds.values["battery"]["jump"]
