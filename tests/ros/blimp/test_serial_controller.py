"""Node with a firmware, as a process on a real bus: commands, losses, reconnection, refusals."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.needs import NEEDS_SERIAL, needs_tools
from tests.ros.conftest import NEEDS_ROS, QUICK, MakeBus

pytest.importorskip("rclpy", reason=NEEDS_ROS)
pytest.importorskip("serial", reason=NEEDS_SERIAL)
pytest.importorskip("cobs", reason=NEEDS_SERIAL)

from std_msgs.msg import Float64MultiArray

from snn_control.controllers import load
from snn_control.engines.native import NativeEngine
from snn_control.export.firmware.link import FirmwareLink, LinkConfig
from snn_control.ros.base.interface import qos
from tests.export.firmware.devices import (
    Relay,
    Terminal,
    clean,
    emulated,
    noise,
    process,
    socket_port,
)
from tests.ros.firmware import board_firmware, native_firmware, running_firmware
from tests.ros.peer import ACTIVE, TIMEOUT_S, UNCONFIGURED, Peer
from tests.ros.stalls import Stalls

NODE = "serial_controller"
SAFE_S, RECONNECT_S = 0.2, 1.0
SLACK_S = 0.15
"""Addition to the time bounds for a busy machine, s."""
LONGEST_STALL_S, ATTEMPTS = 0.03, 5
"""Longest stall of the machine in a valid attempt, half the time of a request, s; attempts."""
RESTING = {"range_gate_m": 0.0, "envelope_m": 0.0}
"""Parameters for a peer whose ranges do not follow the commands."""


class Bench:
    """Node in mode auto with a firmware behind a pseudo-terminal."""

    def __init__(self, make_bus: MakeBus, folder: Path, relay: Any, **parameters: Any) -> None:
        self.relay, self.terminal = relay, Terminal(relay, folder / "tty")
        self.nodes, self.peer = make_bus(NODE)
        self.ticks: list[dict[str, float]] = []
        self.peer.listen(Float64MultiArray, f"{NODE}/tick", qos("record"), self._on_tick)
        settings = {"port": str(folder / "tty"), "arm_on_activate": True, **RESTING, **QUICK}
        self.nodes.start(NODE, {**settings, **parameters})
        self.peer.connected()
        self.peer.set_point(1.2)
        self.reach("auto", TIMEOUT_S)
        self.peer.feed(0.5)

    def _on_tick(self, message: Float64MultiArray) -> None:
        names = message.layout.dim[0].label.split(",")
        self.ticks.append(dict(zip(names, message.data, strict=True)))

    def reach(self, mode: str, timeout_s: float) -> float:
        """Feed the node until it is in a mode; return the time that it took, s."""
        started_s = time.monotonic()
        while not (self.peer.modes and self.peer.modes[-1][1] == mode):
            assert time.monotonic() - started_s < timeout_s, f"mode {mode} not reached"
            self.peer.feed(0.1)
        return self.peer.modes[-1][0] - started_s


def test_a_departed_controller_is_reset_if_requested(make_bus: MakeBus, tmp_path: Path) -> None:
    with running_firmware() as relay, process(native_firmware()) as another:
        bench = Bench(make_bus, tmp_path, relay, reset_if_departed=True)
        resets = bench.ticks[-1]["resets"]
        before, relay.device = relay.device, another
        bench.peer.feed(0.8)
        assert bench.ticks[-1]["resets"] == resets + 1
        assert bench.peer.modes[-1][1] == "auto"
        relay.device = before
        bench.terminal.close()


@pytest.fixture
def bench(make_bus: MakeBus, tmp_path: Path) -> Iterator[Bench]:
    with running_firmware() as relay:
        made = Bench(make_bus, tmp_path, relay)
        yield made
        made.terminal.close()


def test_commands_are_those_of_the_model(bench: Bench) -> None:
    bench.peer.feed(1.0, 1.1)
    bench.peer.feed(1.0, 1.3)
    bench.peer.until(lambda: len(bench.ticks) > 20)
    stepped = [tick for tick in bench.ticks if np.isfinite(tick["output"])]
    engines = [NativeEngine(n, np.float32) for n in load("blimp-altitude").networks]
    for tick in stepped:
        x = np.array([tick["height_error_m"]], np.float32)
        first, second = (engine.step(x)[0] for engine in engines)
        assert tick["output"] == float(np.float32(first + second))
    assert len(stepped) > 15


def test_after_a_loss_the_pid_takes_over_and_the_firmware_is_found_again(bench: Bench) -> None:
    """Silence, then a plug that is pulled and returns under another name."""
    peer, relay = bench.peer, bench.relay
    relay.passing = False
    lost_s = time.monotonic()
    bench.reach("fallback", TIMEOUT_S)
    assert peer.modes[-1][0] - lost_s < SAFE_S + SLACK_S
    assert "no answer at all" in peer.modes[-1][2]
    n_commands = len(peer.commands)
    peer.feed(0.5)
    assert len(peer.commands) > n_commands + 3
    peer.until(lambda: "lost" in peer.status("link")[1])
    relay.passing = True
    assert bench.reach("auto", TIMEOUT_S) < RECONNECT_S + SLACK_S
    bench.terminal.close()
    bench.reach("fallback", TIMEOUT_S)
    peer.feed(0.3)
    bench.terminal.open()
    opened_s = time.monotonic()
    bench.reach("auto", TIMEOUT_S)
    assert peer.modes[-1][0] - opened_s < RECONNECT_S + SLACK_S
    peer.until(lambda: peer.status("link")[2]["connections"] == "3")
    assert all(np.isfinite(command) for _, command in peer.commands)


def test_a_restart_of_the_firmware_is_reported(bench: Bench) -> None:
    peer = bench.peer
    with process(native_firmware()) as another:
        before, bench.relay.device = bench.relay.device, another
        peer.feed(0.5)
        peer.until(lambda: peer.status("link")[2]["restarts"] == "1")
        assert peer.modes[-1][1] == "auto"
        bench.relay.device = before


def test_noise_on_the_line_does_not_change_the_mode(bench: Bench) -> None:
    peer = bench.peer
    bench.relay.to_device, bench.relay.to_host = noise(1, 0.01, 0.01), noise(2, 0.01, 0.01)
    for _ in range(ATTEMPTS):
        n_modes = len(peer.modes)
        with Stalls() as stalls:
            peer.feed(3.0)
        if stalls.longest_s < LONGEST_STALL_S:
            break
        bench.reach("auto", TIMEOUT_S)
    else:
        pytest.skip("the machine stalls for longer than a request may take")
    bench.relay.to_device = bench.relay.to_host = clean
    assert len(peer.modes) == n_modes
    peer.until(lambda: int(peer.status("link")[2]["repetitions"]) > 5)


def test_deactivation_makes_the_firmware_safe(bench: Bench) -> None:
    assert bench.peer.transition(label="deactivate")
    assert bench.peer.commands[-1][1] == 0.0
    assert bench.peer.transition(label="cleanup")
    with FirmwareLink(LinkConfig(str(bench.terminal.link))) as link:
        info = link.connect(1.0)
    assert not info.driven
    assert info.outputs.tolist() == [0.0]


@pytest.mark.slow
@needs_tools("arm-none-eabi-gcc", "qemu-system-arm")
def test_a_board_in_qemu_is_lost_and_replaced(make_bus: MakeBus, tmp_path: Path) -> None:
    program = board_firmware(tmp_path)
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    with ExitStack() as opened:
        first = ExitStack()
        relay = Relay(first.enter_context(emulated(program, tmp_path / "a")))
        opened.callback(relay.close)
        bench = Bench(make_bus, tmp_path, relay)
        opened.callback(bench.terminal.close)
        bench.peer.feed(1.0, 1.1)
        relay.device = -1
        first.close()
        lost_s = time.monotonic()
        bench.reach("fallback", TIMEOUT_S)
        assert bench.peer.modes[-1][0] - lost_s < SAFE_S + SLACK_S
        relay.device = opened.enter_context(emulated(program, tmp_path / "b"))
        assert bench.reach("auto", TIMEOUT_S) < RECONNECT_S + SLACK_S


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"port": ""}, "no port"),
        ({"port": "/dev/no-such-port*"}, "no port /dev/no-such-port"),
        ({"port": "socket://192.0.2.1:1"}, "expected socket://127.0.0.1"),
        ({"model": "blimp-altitude-delay"}, "flash the export of that model"),
        ({"model": "pid"}, "has no file"),
        ({"model": "nothing"}, "has no file"),
        ({"deadline_s": 0.1}, "less than the firmware's period"),
        ({"retry_s": 0.08}, "retry_s"),
        ({"input_unit": 0.001}, "input_unit"),
    ],
)
def test_refused_configurations(
    parameters: dict[str, Any], message: str, refusing: Peer, port: str
) -> None:
    defaults = {"port": port, "model": "blimp-altitude", "deadline_s": 0.06, "retry_s": 0.005,
                "input_unit": 0.0}  # fmt: skip
    assert refusing.state() == UNCONFIGURED
    for name, value in (defaults | parameters).items():
        accepted, reason = refusing.set_parameter(name, value)
        assert accepted, reason
    refusing.diagnostics.clear()
    assert not refusing.transition(label="configure")
    refusing.until(lambda: refusing.diagnostics and message in refusing.status("node")[1])


@pytest.fixture(scope="module")
def port() -> Iterator[str]:
    with running_firmware() as relay, socket_port(relay) as address:
        yield address


@pytest.fixture(scope="module")
def refusing(make_shared_bus: MakeBus, port: str) -> Peer:
    """Peer of an unconfigured node."""
    nodes, peer = make_shared_bus(NODE, topics=False)
    nodes.start(NODE, {"port": port, "autostart": False, **QUICK})
    return peer


def test_it_is_configured_after_refusals(refusing: Peer, port: str) -> None:
    for name, value in {"port": port, "model": "blimp-altitude", "deadline_s": 0.06,
                        "retry_s": 0.005, "input_unit": 0.0}.items():  # fmt: skip
        refusing.set_parameter(name, value)
    assert refusing.transition(label="configure")
    assert refusing.transition(label="activate")
    assert refusing.state() == ACTIVE
