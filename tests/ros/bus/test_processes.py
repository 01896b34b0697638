"""Environment of the processes of nodes."""

from __future__ import annotations

import pytest

from snn_control.ros.bus.processes import local_bus


def test_a_local_bus_reaches_no_other_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ROS_STATIC_PEERS", "ROS_DISCOVERY_SERVER", "FASTRTPS_DEFAULT_PROFILES_FILE"):
        monkeypatch.setenv(name, "robot:11811")
    monkeypatch.setenv("ROS_LOCALHOST_ONLY", "0")
    monkeypatch.setenv("ROS_DOMAIN_ID", "42")
    monkeypatch.setenv("KEPT", "yes")
    bus = local_bus(7)
    assert bus["ROS_DOMAIN_ID"] == "7"
    assert bus["ROS_AUTOMATIC_DISCOVERY_RANGE"] == "LOCALHOST"
    assert bus["KEPT"] == "yes"
    assert {name for name in bus if name.startswith(("ROS_", "FAST"))} == {
        "ROS_DOMAIN_ID",
        "ROS_AUTOMATIC_DISCOVERY_RANGE",
    }
