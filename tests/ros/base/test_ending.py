"""Ends of nodes: the stop command is the last one, and the process ends within its bounds."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.ros.conftest import NEEDS_ROS, MakeBus

pytest.importorskip("rclpy", reason=NEEDS_ROS)

from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from std_srvs.srv import Trigger

from snn_control.ros.bus.processes import Nodes, local_bus
from snn_control.ros.exit_codes import BUSY_S, CLOSE_S, INTERRUPTED, LEAVE_S, UNFINISHED
from snn_control.ros.launching import module_of
from tests.paths import ROOT
from tests.ros.peer import ACTIVE, INACTIVE, PERIOD_S, Peer

END_S = 1.0
SLACK_S = 0.3
"""Addition to the bounds of time for a busy machine, s."""
ARMED = {"arm_on_activate": True}


class Terminal:
    """Node on a separate terminal, as in an SSH session; context manager that kills it."""

    def __init__(self, node: str, parameters: Mapping[str, Any], domain: int) -> None:
        self._master, slave = pty.openpty()
        command = [sys.executable, "-m", module_of(node), "--ros-args", "-p", "autostart:=true"]
        for name, value in parameters.items():
            command += ["-p", f"{name}:={value}".lower()]
        self.process = subprocess.Popen(
            command, env=local_bus(domain), stdin=slave, stdout=slave, stderr=slave,
            start_new_session=True,
        )  # fmt: skip
        os.close(slave)

    def __enter__(self) -> subprocess.Popen[bytes]:
        return self.process

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        """Close the terminal: further output of the node is an error."""
        os.close(self._master)


def reach_auto(peers: list[Peer]) -> None:
    """Feed the nodes of all peers until their motors turn."""
    for peer in peers:
        peer.connected()
        peer.set_point(1.2)
    end_s = time.monotonic() + 30.0
    while not all(peer.commands and peer.commands[-1][1] for peer in peers):
        assert time.monotonic() < end_s
        for peer in peers:
            peer.measure()
            peer.spin(PERIOD_S / len(peers))


def test_any_signal_stops_the_motors(make_bus: MakeBus) -> None:
    """Nodes in operation; the first one on a terminal that is closed."""
    numbers = (signal.SIGHUP, signal.SIGQUIT, signal.SIGABRT, signal.SIGRTMIN)
    buses = [make_bus("pid_controller") for _ in numbers]
    peers = [peer for _, peer in buses]
    for nodes, _ in buses[1:]:
        nodes.start("pid_controller", ARMED)
    terminal = Terminal("pid_controller", ARMED, peers[0].context.get_domain_id())
    with terminal as on_terminal:
        processes = [on_terminal, *(nodes.running["pid_controller"] for nodes, _ in buses[1:])]
        reach_auto(peers)
        terminal.close()
        for number, process, peer in zip(numbers, processes, peers, strict=True):
            process.send_signal(number)
            assert process.wait(END_S + SLACK_S) == 0, number
            peer.spin(0.2)
            assert peer.commands[-1][1] == 0.0, number


def test_a_node_that_waits_for_its_sensor_ends_soon(make_bus: MakeBus) -> None:
    """On a terminal that is closed."""
    _, peer = make_bus("pid_controller")
    terminal = Terminal("pid_controller", {"probe_s": 10.0}, peer.context.get_domain_id())
    with terminal as process:
        peer.until(lambda: peer.node.count_subscribers("range"))
        terminal.close()
        began = time.monotonic()
        process.send_signal(signal.SIGHUP)
        assert process.wait(5.0) == INTERRUPTED + signal.SIGHUP
        assert time.monotonic() - began < END_S + SLACK_S
        peer.spin(0.2)
        assert not peer.commands


def test_a_controller_in_reserve_sends_nothing(nodes: Nodes, peer: Peer) -> None:
    """At its deactivation and its end, while another one commands the vehicle."""
    nodes.start("pid_controller", ARMED)
    nodes.start("altitude_controller", {"autostart": False})
    reach_auto([peer])
    assert peer.transition(Transition.TRANSITION_CONFIGURE)
    peer.until(lambda: peer.node.count_publishers("motor_command") == 2)
    peer.commands.clear()
    assert peer.transition(Transition.TRANSITION_ACTIVATE)
    assert peer.transition(Transition.TRANSITION_DEACTIVATE)
    assert peer.transition(Transition.TRANSITION_ACTIVATE)
    assert peer.state() == ACTIVE
    process = nodes.running.pop("altitude_controller")
    process.send_signal(signal.SIGTERM)
    peer.feed(0.5)
    assert process.wait(END_S) == 0
    peer.feed(0.3)
    assert len(peer.commands) > 3
    assert all(command != 0.0 for _, command in peer.commands)


def test_a_subscriber_that_does_not_answer_is_no_interrupted_callback(
    nodes: Nodes, peer: Peer, tmp_path: Path
) -> None:
    """Stop command of an inactive node whose acknowledgement takes the whole time."""
    nodes.start("recorder", {"bag": str(tmp_path / "bag"), "topics": ["motor_command"]})
    nodes.start("pid_controller", ARMED)
    peer.target = "pid_controller"
    reach_auto([peer])
    peer.until(lambda: peer.node.count_subscribers("motor_command") == 2)
    assert peer.transition(Transition.TRANSITION_DEACTIVATE)
    assert peer.state() == INACTIVE
    recorder = nodes.running.pop("recorder")
    recorder.send_signal(signal.SIGSTOP)
    try:
        process, began = nodes.running["pid_controller"], time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(5.0) == 0
        assert time.monotonic() - began > LEAVE_S
    finally:
        recorder.kill()
        recorder.wait()


SLOW_NODE = """
import os
import time

import numba

from snn_control.ros.base.run_node import run_node
from snn_control.ros.blimp.node import AltitudeNode
from snn_control.ros.blimp.pid_controller import Config, PidSource

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

    def __init__(self, *, stop, **options):
        super().__init__("slow_controller", Slow(), **options)
        self.stop = stop

    def process(self, *arguments):
        super().process(*arguments)
        if arguments[0].value == 2.0 and BUSY == "tick":
            work()
        if arguments[0].value == 2.0 and BUSY == "finish":
            self.stop()

    def deactivate(self):
        if BUSY == "deactivate":
            work()
        if self.ending:
            time.sleep(60.0)


if __name__ == "__main__":
    raise SystemExit(run_node(SlowController))
"""
"""A PID whose chosen callback compiles kernels for many seconds, and whose end hangs."""


class Hang(NamedTuple):
    """A callback or an end that does not return."""

    busy: str
    executor: str = "events"
    number: int = signal.SIGTERM
    on_terminal: bool = False
    code: int = INTERRUPTED + signal.SIGTERM
    within_s: float = LEAVE_S + BUSY_S + END_S


HANGS = (
    Hang("reload"),
    Hang("reload", "multi"),
    Hang("tick", on_terminal=True),
    Hang("deactivate"),
    Hang("end", within_s=CLOSE_S + END_S),
    Hang("finish", number=0, code=UNFINISHED, within_s=CLOSE_S + END_S),
)


def test_a_hanging_node_stops_its_motors_and_ends(
    make_bus: MakeBus, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Signals repeat; the stop command is the last one, though measurements still arrive."""
    (tmp_path / "other_robot").mkdir()
    (tmp_path / "other_robot" / "slow_controller.py").write_text(SLOW_NODE, "utf-8")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(ROOT)]))
    with ExitStack() as stack:
        terminals, started = [], []
        for hang in HANGS:
            monkeypatch.setenv("BUSY", hang.busy)
            nodes, peer = make_bus("slow_controller")
            parameters = {**ARMED, "executor": hang.executor}
            if hang.on_terminal:
                domain = peer.context.get_domain_id()
                terminals.append(Terminal("other_robot.slow_controller", parameters, domain))
                process = stack.enter_context(terminals[-1])
            else:
                nodes.start("other_robot.slow_controller", parameters)
                process = nodes.running["slow_controller"]
            started.append((hang, process, peer))
        reach_auto([peer for _, _, peer in started])
        for terminal in terminals:
            terminal.close()
        check_hangs(started)


def check_hangs(started: list[tuple[Hang, subprocess.Popen[bytes], Peer]]) -> None:
    began = time.monotonic()
    ended: dict[Hang, float] = {}
    for hang, _, peer in started:
        make_busy(peer, hang.busy)
        peer.spin(0.05)
    while len(ended) < len(started):
        assert time.monotonic() - began < CLOSE_S + 2 * END_S
        for hang, process, peer in started:
            if hang not in ended and process.poll() is not None:
                ended[hang] = time.monotonic() - began
            if hang.number:
                process.send_signal(hang.number)
            peer.measure()
            peer.spin(0.01)
    for hang, process, peer in started:
        assert process.returncode == hang.code, hang
        assert ended[hang] < hang.within_s + SLACK_S, hang
        peer.spin(0.1)
        stops = [at for at, command in peer.commands if at > began and command == 0.0]
        assert min(stops) - began < END_S + SLACK_S, hang
        after = [command for at, command in peer.commands if at >= min(stops)]
        assert set(after) == {0.0}, hang


def make_busy(peer: Peer, busy: str) -> None:
    """Start the callback that does not return, if any."""
    if busy == "reload":
        peer.client(Trigger, "reload").call_async(Trigger.Request())
    elif busy in ("tick", "finish"):
        peer.measure(2.0)
    elif busy == "deactivate":
        request = ChangeState.Request()
        request.transition.id = Transition.TRANSITION_DEACTIVATE
        peer.client(ChangeState, "change_state").call_async(request)
