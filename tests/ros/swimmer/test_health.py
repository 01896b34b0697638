"""Health of the swimmer node: reports of a silent network."""

from __future__ import annotations

import pytest

from tests.ros.conftest import NEEDS_ROS

pytest.importorskip("rclpy", reason=NEEDS_ROS)

from snn_control.controllers import load
from snn_control.ros.base.controller_health import ControllerHealth
from snn_control.ros.swimmer.health import SwimmerStatus
from tests.loops.swimmer.harness import SwimBench


@pytest.mark.parametrize(
    ("name", "message"),
    [("swimmer-graded", "no spiking network"), ("swimmer-spiking", "the network is silent")],
)
def test_only_a_spiking_network_is_reported_as_silent(name: str, message: str) -> None:
    bench, health = SwimBench(load(name)).arm(), ControllerHealth(SwimmerStatus())  # type: ignore[arg-type]
    health.watch(bench.loop)
    bench.measure()
    assert health.tasks()["network"]().message == message
    assert health.tasks()["inputs"]().values["bad values"] == 0
    assert health.tasks()["commands"]().values["largest effort"] <= 1.0


def test_a_network_at_rest_is_not_reported_as_silent() -> None:
    bench, health = SwimBench().arm(), ControllerHealth(SwimmerStatus())
    health.watch(bench.loop)
    assert bench.velocity(0.0, 0.0)
    bench.measure()
    assert health.tasks()["network"]().message != "the network is silent"
