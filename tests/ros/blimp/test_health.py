"""Health of the altitude node: reports of the supervision."""

from __future__ import annotations

import pytest

from tests.ros.conftest import NEEDS_ROS

pytest.importorskip("rclpy", reason=NEEDS_ROS)

from snn_control.controllers import PID
from snn_control.ros.base.controller_health import ControllerHealth
from snn_control.ros.base.diagnostics import ERROR
from snn_control.ros.blimp.health import AltitudeStatus
from tests.loops.blimp.harness import Bench


def test_a_failure_of_the_supervision_is_an_error_with_its_cause() -> None:
    bench, health = Bench(PID(), range_gate_m=0.25).arm(), ControllerHealth(AltitudeStatus())  # type: ignore[arg-type]
    health.watch(bench.loop)
    bench.measure(1.0)
    bench.blimp.estimator.on_range = lambda *_: 1 / 0  # type: ignore[assignment, return-value, union-attr]
    bench.measure(1.01)
    status = health.mode_status()
    assert status.level == ERROR
    assert "ZeroDivisionError" in status.message
    assert health.tasks()["inputs"]().values["bad values"] == 0
