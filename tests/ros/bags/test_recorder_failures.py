"""Recorder that is killed or whose disk refuses the bag."""

from __future__ import annotations

import resource
import shutil
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.ros.conftest import NEEDS_ROS, QUICK
from tests.runs.test_full_disk import on_a_small_disk

pytest.importorskip("rclpy", reason=NEEDS_ROS)
pytest.importorskip("rosbags", reason='needs rosbags: pip install "snn_control[logs]"')

from std_msgs.msg import Float64MultiArray, MultiArrayDimension

from snn_control.errors import DataWarning, RunError
from snn_control.ros.bags.ticks import read_ticks
from snn_control.ros.base.interface import qos
from snn_control.ros.bus.processes import Nodes
from snn_control.runs.atomic import PARTIAL
from tests.ros.bags.damaged_bags import NAMES
from tests.ros.peer import Peer

LOST_S = 2.0
"""Duration of messages that a killed recorder may lose, s."""


class Ticks:
    """Publisher of numbered ticks."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._publisher = peer.node.create_publisher(Float64MultiArray, "c/tick", qos("record"))
        self.sent_s: list[float] = []

    def publish(self, duration_s: float) -> None:
        """Publish 100 ticks a second for a duration, once the recorder listens."""
        self._peer.until(self._publisher.get_subscription_count)
        end_s = time.monotonic() + duration_s
        while time.monotonic() < end_s:
            message = Float64MultiArray()
            message.layout.dim = [MultiArrayDimension(label=",".join(NAMES))]
            message.data = [len(self.sent_s) + 1.0, *[0.0] * (len(NAMES) - 1)]
            self._publisher.publish(message)
            self.sent_s.append(time.monotonic())
            self._peer.spin(0.01)


def n_ticks(bag: Path) -> tuple[int, str]:
    """Return the number of readable ticks and the warning."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        ticks = read_ticks(bag)
    return len(ticks.fields["tick"]), "".join(str(w.message) for w in caught)


def test_a_killed_recorder_loses_at_most_two_seconds(
    nodes: Nodes, make_peer: Callable[..., Peer], tmp_path: Path
) -> None:
    ticks = Ticks(make_peer("recorder", topics=False))
    nodes.start("recorder", {"bag": str(tmp_path / "bag"), "topics": ["c/tick"]})
    ticks.publish(4.3)
    killed_s = time.monotonic()
    nodes.running["recorder"].kill()
    n_read, warning = n_ticks(tmp_path / "bag")
    n_safe = sum(sent_s < killed_s - LOST_S for sent_s in ticks.sent_s)
    assert n_safe > 100
    assert n_read >= n_safe
    assert f"{n_read} ticks were read" in warning
    assert "cut" in warning


def _limit_size(nodes: Nodes, folder: Path) -> None:
    process = nodes.running["recorder"].pid
    resource.prlimit(process, resource.RLIMIT_FSIZE, (16_000, 16_000))


def _remove(nodes: Nodes, folder: Path) -> None:
    shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("refuse", "reason"),
    [(_limit_size, "File too large"), (_remove, "the file was removed")],
    ids=["full", "removed"],
)
def test_a_refused_write_is_an_error_at_once(
    refuse: Callable[[Nodes, Path], None],
    reason: str,
    nodes: Nodes,
    make_peer: Callable[..., Peer],
    tmp_path: Path,
) -> None:
    peer = make_peer("recorder", topics=False)
    ticks = Ticks(peer)
    bag = tmp_path / "disk" / "bag"
    nodes.start("recorder", {"bag": str(bag), "topics": ["c/tick"], **QUICK})
    ticks.publish(0.5)
    refuse(nodes, bag.with_name(f"{PARTIAL}bag"))
    ticks.publish(2.5)
    peer.until(lambda: nodes.running["recorder"].poll() is not None)
    with pytest.warns(DataWarning, match=r"recorder died with code 3.*the others continue"):
        nodes.watch(0.1, recorder="recorder")
    with pytest.raises(RunError, match=r"recorder died with code 3"):
        nodes.finish("recorder")
    assert reason in (tmp_path / "nodes" / "recorder.log").read_text()
    level, message, _ = peer.status("bag")
    assert level == b"\2"
    assert reason in message
    assert not bag.exists()
    if refuse is _limit_size:
        n_read, warning = n_ticks(bag)
        assert n_read >= 20
        assert "cut" in warning


def test_a_temporary_folder_that_stays_is_no_failure(
    nodes: Nodes, make_peer: Callable[..., Peer], tmp_path: Path
) -> None:
    ticks, bag = Ticks(make_peer("recorder", topics=False)), tmp_path / "bag"
    nodes.start("recorder", {"bag": str(bag), "topics": ["c/tick"]})
    ticks.publish(0.5)
    (tmp_path / f"{PARTIAL}bag" / "notes.txt").write_text("mine")
    nodes.finish("recorder")
    log = (tmp_path / "nodes" / "recorder.log").read_text()
    assert f"{PARTIAL}bag stays: Directory not empty" in log
    assert "recording has ended" not in log
    n_read, warning = n_ticks(bag)
    assert n_read >= 20
    assert warning == ""


def test_a_full_disk_leaves_a_readable_bag(tmp_path: Path) -> None:
    printed = on_a_small_disk(
        tmp_path,
        """
import sys, warnings
from pathlib import Path
from snn_control.ros.bags.ticks import read_ticks
from snn_control.ros.bags.bag_writer import BagWriter
from tests.ros.bags.damaged_bags import write_ticks

writer = BagWriter(Path(sys.argv[1]) / "bag")
writer.open()
try:
    write_ticks(writer, 10**6)
except OSError as exc:
    print(exc.strerror)
writer.abort()
warnings.simplefilter("ignore")
print(len(read_ticks(Path(sys.argv[1]) / "bag").fields["tick"]))
""",
    )
    reason, n_read = printed.splitlines()
    assert reason == "No space left on device"
    assert int(n_read) > 1500
