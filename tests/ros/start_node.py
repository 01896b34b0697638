"""Check that a command starts a node: it becomes active and ends cleanly after an interrupt."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from snn_control.ros.bus.domains import free_domain
from snn_control.ros.bus.processes import local_bus
from tests.ros.conftest import NEEDS_ROS


def check_start(
    command: Sequence[str | Path],
    environment: Mapping[str, str],
    folder: Path,
    node: str = "altitude_controller",
) -> None:
    """Start a node by a command in a folder, on an isolated bus; skip the test without rclpy."""
    pytest.importorskip("rclpy", reason=NEEDS_ROS)
    from tests.ros.peer import ACTIVE, Peer

    domain = free_domain()
    bus = local_bus(domain)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
        peer = Peer(domain, node, topics=False)
    process = subprocess.Popen(
        [*command, "--ros-args", "-p", "autostart:=true"],
        cwd=folder,
        env={**environment, **{k: v for k, v in bus.items() if k.startswith("ROS_")}},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        try:
            peer.until(lambda: process.poll() is not None or peer.diagnostics, 60.0)
            assert process.poll() is None
            peer.until(lambda: peer.state() == ACTIVE)
        except AssertionError:
            process.kill()
            pytest.fail(process.communicate()[0])
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=5.0)
        assert process.returncode == 0, output
    finally:
        process.kill()
        peer.close()
