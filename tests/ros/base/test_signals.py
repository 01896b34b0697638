"""Signals: every one that ends a process makes the outputs safe first, and soon."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.ros.conftest import NEEDS_ROS, MakeBus

pytest.importorskip("rclpy", reason=NEEDS_ROS)

from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from std_srvs.srv import Trigger

from snn_control.ros.base.signals import ending_signals
from snn_control.ros.bus.processes import Nodes, free_domain, local_bus
from snn_control.ros.exit_codes import BUSY_S, INTERRUPTED, LEAVE_S
from snn_control.ros.nodes import NODES
from tests.paths import ROOT
from tests.ros.peer import Peer

NAMES = [node.name for node in NODES]
INTERPRETER = {signal.SIGPIPE, signal.SIGXFSZ}
"""Signals that Python ignores from its start."""
FAULTS = {
    signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGSYS, signal.SIGTRAP,
}  # fmt: skip
"""Signals of a faulty instruction, which no handler can repair."""
WATCHED = """
import hashlib, os
from snn_control.ros.base.signals import watch_signals
watch_signals(lambda number: (print(number, flush=True), os._exit(0)))
print("ready", flush=True)
hashlib.pbkdf2_hmac("sha256", b"", b"", 10**9)  # does not return to the interpreter
"""
END_S = 1.0
SLACK_S = 0.3
"""Addition to the bounds of time for a busy machine, s."""


def ends_by_default(number: int) -> bool:
    """Return True if the kernel ends a process without handlers by a signal."""
    with subprocess.Popen(["sleep", "60"], preexec_fn=signal_defaults) as process:
        process.send_signal(number)
        try:
            return process.wait(0.02 if number in FAULTS | {signal.SIGKILL} else 0.1) == -number
        except subprocess.TimeoutExpired:
            process.kill()
            return False


def signal_defaults() -> None:
    for number in INTERPRETER:
        signal.signal(number, signal.SIG_DFL)


def test_every_signal_that_ends_a_process_is_handled() -> None:
    """Comparison with the kernel."""
    excluded = FAULTS | INTERPRETER | {signal.SIGKILL}
    expected = {n for n in signal.valid_signals() - excluded if ends_by_default(n)}
    assert set(ending_signals()) == expected
    assert {signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGRTMIN} <= expected


@pytest.fixture
def watched() -> Iterator[list[subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []
    yield started
    for process in started:
        process.kill()
        process.communicate()


def start_watched(*prefix: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [*prefix, sys.executable, "-c", WATCHED], cwd=ROOT, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGQUIT, signal.SIGINT, signal.SIGRTMAX])
def test_a_signal_is_handled_during_a_call_of_compiled_code(
    number: int, watched: list[subprocess.Popen[str]]
) -> None:
    watched.append(start_watched())
    watched[0].send_signal(number)
    output, _ = watched[0].communicate(timeout=5.0)
    assert output == f"{int(number)}\n"


def test_nohup_keeps_its_meaning(watched: list[subprocess.Popen[str]]) -> None:
    watched.append(start_watched("nohup"))
    watched[0].send_signal(signal.SIGHUP)
    with pytest.raises(subprocess.TimeoutExpired):
        watched[0].wait(0.3)
    watched[0].send_signal(signal.SIGTERM)
    assert watched[0].communicate(timeout=5.0)[0] == f"{int(signal.SIGTERM)}\n"


# Nodes.


def check_interrupted(nodes_and_signals: Mapping[str, int], after_s: float, folder: Path) -> None:
    """Start nodes with a cold cache, interrupt them after a time and check their ends."""
    with ExitStack() as stack:
        processes = {}
        for node in nodes_and_signals:
            cache = {"NUMBA_CACHE_DIR": str(folder / node / "cache")}
            nodes = stack.enter_context(Nodes(folder / node, local_bus(free_domain()) | cache))
            nodes.start(node, {"bag": str(folder / "bag")} if node == "recorder" else {})
            processes[node] = nodes.running[node]
        time.sleep(after_s)
        for node, process in processes.items():
            assert process.poll() is None, node
            number, began = nodes_and_signals[node], time.monotonic()
            process.send_signal(number)
            code = process.wait(20.0)
            assert time.monotonic() - began < END_S + SLACK_S, (node, code)
            assert code in (0, -number, INTERRUPTED + number), node


@pytest.mark.parametrize("first", [0, 1])
def test_nodes_that_load_end_soon(first: int, tmp_path: Path) -> None:
    """Controllers, simulators and recognisers compile their kernels at this time."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
    chosen = dict(zip(NAMES[first::2], numbers, strict=False))
    check_interrupted(chosen, 3.5, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("after_s", [0.1, 0.3, 0.5, 0.8, 1.1, 1.4, 1.7, 2.0, 3.0, 4.0, 6.0])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("node", NAMES)
def test_a_node_ends_soon_at_any_time_of_its_start(
    node: str, number: int, after_s: float, tmp_path: Path
) -> None:
    check_interrupted({node: number}, after_s, tmp_path)


def test_a_node_that_waits_for_its_sensor_ends_soon(nodes: Nodes) -> None:
    nodes.start("pid_controller", {"probe_s": 10.0})
    time.sleep(3.0)
    process, began = nodes.running["pid_controller"], time.monotonic()
    process.send_signal(signal.SIGHUP)
    assert process.wait(5.0) == INTERRUPTED + signal.SIGHUP
    assert time.monotonic() - began < END_S + SLACK_S


def test_any_signal_stops_the_motors(make_bus: MakeBus) -> None:
    numbers = (signal.SIGHUP, signal.SIGQUIT, signal.SIGABRT, signal.SIGRTMIN)
    started = [make_bus("pid_controller") for _ in numbers]
    for nodes, _ in started:
        nodes.start("pid_controller", {"arm_on_activate": True})
    for number, (nodes, peer) in zip(numbers, started, strict=True):
        reach_auto(peer)
        process = nodes.running["pid_controller"]
        assert peer.commands[-1][1] != 0.0
        process.send_signal(number)
        assert process.wait(END_S + SLACK_S) == 0, number
        peer.spin(0.3)
        assert peer.commands[-1][1] == 0.0, number


def reach_auto(peer: Peer) -> None:
    peer.connected()
    peer.set_point(1.2)
    peer.until(lambda: peer.measure() and peer.modes and peer.modes[-1][1] == "auto")
    peer.feed(0.5)


SLOW_NODE = """
import os

import numba

from snn_control.ros.base.run_node import run_node
from snn_control.ros.blimp.node import AltitudeNode
from snn_control.ros.pid_controller import Config, PidSource

BUSY = os.environ["BUSY"]


def work():
    for k in range(10**6):
        numba.njit(lambda x, k=k: sum([x + j for j in range(k)]))(k)


class Slow(PidSource):
    loads = 0

    def load(self, config):
        self.loads += 1
        if BUSY == "reload" and self.loads > 1:
            work()
        return super().load(config)


class SlowController(AltitudeNode):
    config_type = Config

    def __init__(self, **options):
        super().__init__("slow_controller", Slow(), **options)

    def process(self, *arguments):
        super().process(*arguments)
        if BUSY == "tick" and arguments[0].value == 2.0:
            work()

    def deactivate(self):
        if BUSY == "deactivate":
            work()


if __name__ == "__main__":
    raise SystemExit(run_node(SlowController))
"""
"""A PID whose chosen callback compiles kernels for many seconds."""
BUSY = [("reload", "events"), ("reload", "multi"), ("tick", "events"), ("deactivate", "events")]


def test_a_signal_during_a_callback_that_compiles_stops_the_motors(
    make_bus: MakeBus, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Signals repeat; the stop command is the last one, though measurements still arrive."""
    (tmp_path / "other_robot").mkdir()
    (tmp_path / "other_robot" / "slow_controller.py").write_text(SLOW_NODE, "utf-8")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(ROOT)]))
    started = []
    for busy, executor in BUSY:
        monkeypatch.setenv("BUSY", busy)
        nodes, peer = make_bus("slow_controller")
        nodes.start("other_robot.slow_controller", {"arm_on_activate": True, "executor": executor})
        started.append((busy, nodes.running["slow_controller"], peer))
    for busy, _, peer in started:
        reach_auto(peer)
        make_busy(peer, busy)
        peer.feed(0.3)
    signalled = time.monotonic()
    while any(process.poll() is None for _, process, _ in started):
        assert time.monotonic() - signalled < LEAVE_S + BUSY_S + END_S
        for _, process, peer in started:
            process.send_signal(signal.SIGTERM)
            peer.measure()
            peer.spin(0.02)
    for busy, process, peer in started:
        assert process.returncode == INTERRUPTED + signal.SIGTERM, busy
        peer.spin(0.3)
        stops = [at for at, command in peer.commands if at > signalled and command == 0.0]
        assert min(stops) - signalled < END_S + SLACK_S, busy
        after = [command for at, command in peer.commands if at >= min(stops)]
        assert set(after) == {0.0}, busy


def make_busy(peer: Peer, busy: str) -> None:
    """Start the callback that does not return."""
    if busy == "reload":
        peer.client(Trigger, "reload").call_async(Trigger.Request())
    elif busy == "tick":
        peer.measure(2.0)
    else:
        request = ChangeState.Request()
        request.transition.id = Transition.TRANSITION_DEACTIVATE
        peer.client(ChangeState, "change_state").call_async(request)
