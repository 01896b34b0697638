"""Processes of nodes: their environment, and their ends."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from snn_control.errors import DataWarning, RunError, StartError
from snn_control.ros.bus.processes import END_TIMEOUT_S, Nodes, local_bus
from snn_control.ros.exit_codes import (
    BUSY_S,
    CLOSE_S,
    LEAVE_S,
    NO_MIDDLEWARE,
    UNUSABLE,
    WRITE_FAILED,
)


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


class Ended(subprocess.Popen[bytes]):
    """Process that has ended with a code, but for its first polls still runs."""

    def __init__(self, code: int, running_polls: int) -> None:
        super().__init__([sys.executable, "-c", f"raise SystemExit({code})"])
        self.wait()
        self.running_polls = running_polls

    def poll(self) -> int | None:
        """Return None at the first polls, then the code."""
        self.running_polls -= 1
        return None if self.running_polls >= 0 else super().poll()


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[Nodes]:
    (tmp_path / "recorder.log").touch()
    (tmp_path / "other.log").touch()
    with Nodes(tmp_path, {}) as opened:
        yield opened


@pytest.mark.parametrize("running_polls", range(4))
def test_a_recorder_may_fail_at_any_moment(running_polls: int, nodes: Nodes) -> None:
    """Also between two polls of one pass."""
    nodes.running["other"] = Ended(0, 10**6)
    nodes.running["recorder"] = Ended(WRITE_FAILED, running_polls)
    with pytest.warns(DataWarning, match="the others continue") as warned:
        nodes.watch(0.4, recorder="recorder")
    assert len(warned) == 1
    with pytest.raises(RunError, match=f"recorder died with code {WRITE_FAILED}"):
        nodes.watch(0.4)


def test_a_node_that_dies_beside_a_failed_recorder_is_an_error(nodes: Nodes) -> None:
    nodes.running["recorder"] = Ended(WRITE_FAILED, 0)
    nodes.running["other"] = Ended(1, 3)
    with (
        pytest.warns(DataWarning, match="the others continue"),
        pytest.raises(RunError, match="other died with code 1"),
    ):
        nodes.watch(10.0, recorder="recorder")


@pytest.mark.parametrize("code", [UNUSABLE, NO_MIDDLEWARE])
def test_unusable_arguments_or_environment_are_a_start_error(code: int, nodes: Nodes) -> None:
    nodes.running["other"] = Ended(code, 0)
    with pytest.raises(StartError):
        nodes.watch(1.0)


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGKILL])
def test_a_node_that_a_signal_killed_has_not_finished(number: int, nodes: Nodes) -> None:
    nodes.running["other"] = subprocess.Popen(["sh", "-c", f"kill -{int(number)} $$"])
    nodes.running["other"].wait()
    with pytest.raises(RunError, match=f"other died with code -{int(number)}"):
        nodes.finish("other")


def test_an_interrupted_node_has_finished(nodes: Nodes) -> None:
    """Also before its handlers are in place."""
    nodes.running["other"] = subprocess.Popen(["sleep", "60"])
    nodes.finish("other")
    assert not nodes.running


def test_nodes_have_time_for_their_own_bounds() -> None:
    """A node that exceeds them exits by itself, with its own code, before it is killed."""
    assert LEAVE_S + BUSY_S + CLOSE_S < END_TIMEOUT_S < 10.0
