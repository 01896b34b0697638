"""Guide to motors: its files, with outputs to a folder like that of sysfs and to loopback."""

from __future__ import annotations

import importlib
import math
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from snn_control.ros.bus.domains import free_domain
from snn_control.ros.bus.processes import local_bus
from tests.docs.guide_package import write_files
from tests.docs.pages import DOCS
from tests.ros.conftest import NEEDS_ROS

PAGE = DOCS / "how-to" / "drive_motors.md"
NEEDS_MAVLINK = "needs pymavlink: pip install pymavlink"
FILES = ("pulses", "outputs", "motor_bridge")
REST = ["1500000", "1000000"]
TIMEOUT_S = 0.3


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("drive_motors")
    write_files(PAGE, path)
    return path


@pytest.fixture
def module(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], ModuleType]]:
    monkeypatch.syspath_prepend(str(folder))
    yield importlib.import_module
    for name in FILES:
        sys.modules.pop(name, None)


class Chip:
    """Folder of a PWM chip, whose channels appear when their number is written to `export`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        os.mkfifo(folder / "export")

    def serve(self, n: int) -> threading.Thread:
        """Create the channels that the next `n` exports name."""
        thread = threading.Thread(target=self._export, args=(n,), daemon=True)
        thread.start()
        return thread

    def _export(self, n: int) -> None:
        for _ in range(n):
            channel = self.folder / f"pwm{(self.folder / 'export').read_text()}"
            channel.mkdir()
            for name in ("period", "duty_cycle", "enable"):
                (channel / name).write_text("0\n")

    def read(self, name: str) -> list[str]:
        return [path.read_text() for path in sorted(self.folder.glob(f"pwm*/{name}"))]


@pytest.fixture
def chip(tmp_path: Path) -> Iterator[Chip]:
    chip = Chip(tmp_path)
    thread = chip.serve(2)
    yield chip
    if thread.is_alive():
        for channel in (8, 9):
            (tmp_path / "export").write_text(str(channel))
    thread.join(timeout=5.0)


@pytest.mark.parametrize(
    ("fraction", "motor_us", "with_servo_us"),
    [
        (0.0, 1500, [1500, 1000]),
        (0.5, 1750, [1750, 1000]),
        (1.0, 2000, [2000, 1000]),
        (7.0, 2000, [2000, 1000]),
        (-0.5, 1250, [1750, 2000]),
        (-7.0, 1000, [2000, 2000]),
        (math.nan, 1500, [1500, 1000]),
        (-math.inf, 1500, [1500, 1000]),
    ],
)
def test_pulses(module, fraction: float, motor_us: int, with_servo_us: list[int]) -> None:
    pulses = module("pulses").Pulses()
    assert pulses.at(fraction, servo=False) == [motor_us]
    assert pulses.at(fraction, servo=True) == with_servo_us


def test_a_motor_is_reversed_by_its_ends(module) -> None:
    reversed_motor = module("pulses").Pulses(full_us=1100, reverse_us=1900)
    assert reversed_motor.at(1.0, servo=False) == [1100]
    assert reversed_motor.at(-0.5, servo=False) == [1700]


@pytest.mark.parametrize("width_us", [499, 2501, -1500])
def test_a_pulse_out_of_range_is_refused(module, width_us: int) -> None:
    with pytest.raises(ValueError, match="full_us is"):
        module("pulses").Pulses(full_us=width_us)


def test_pwm_exports_and_enables_channels(module, chip: Chip) -> None:
    output = module("outputs").PwmOutput(str(chip.folder), [0, 1], [1500, 1000])
    assert chip.read("period") == ["20000000"] * 2
    assert chip.read("duty_cycle") == REST
    assert chip.read("enable") == ["1"] * 2
    output.write([1750, 2000])
    output.close()
    assert chip.read("duty_cycle") == ["1750000", "2000000"]


def test_pwm_shortens_a_pulse_above_the_new_period_first(module, chip: Chip) -> None:
    outputs = module("outputs")
    outputs.PwmOutput(str(chip.folder), [0, 1], [1500, 1500])
    outputs.PwmOutput(str(chip.folder), [0, 1], [500, 500], period_us=1000)
    assert chip.read("duty_cycle") == ["500000"] * 2
    assert chip.read("period") == ["1000000"] * 2


def test_pwm_without_a_chip_is_an_error(module, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="export"):
        module("outputs").PwmOutput(str(tmp_path / "pwmchip0"), [0], [1500])


@pytest.fixture
def autopilot() -> Iterator[Any]:
    """Receiver of MAVLink on a free loopback port."""
    mavutil = pytest.importorskip("pymavlink.mavutil", reason=NEEDS_MAVLINK)
    receiver = mavutil.mavlink_connection("udpin:127.0.0.1:0")
    yield receiver
    receiver.close()


def override(autopilot) -> list[int]:
    message = autopilot.recv_match(type="RC_CHANNELS_OVERRIDE", blocking=True, timeout=5.0)
    assert message.target_system == 1
    assert message.get_srcSystem() == 255
    return [getattr(message, f"chan{k}_raw") for k in range(1, 9)]


def address(autopilot) -> str:
    return f"udpout:127.0.0.1:{autopilot.port.getsockname()[1]}"


def test_mavlink_overrides_its_channels_alone(module, autopilot) -> None:
    output = module("outputs").MavlinkOutput(address(autopilot), [7, 3], [1500, 1000])
    assert override(autopilot) == [65535, 65535, 1000, 65535, 65535, 65535, 1500, 65535]
    output.write([1800, 2000])
    assert override(autopilot) == [65535, 65535, 2000, 65535, 65535, 65535, 1800, 65535]
    output.close()


def test_mavlink_sends_heartbeats(module, autopilot) -> None:
    output = module("outputs").MavlinkOutput(address(autopilot), [1], [1500])
    for _ in range(5):
        output.write([1500])
    output.close()
    assert autopilot.recv_match(type="HEARTBEAT", blocking=True, timeout=5.0).type == 18
    assert autopilot.recv_match(type="HEARTBEAT", blocking=True, timeout=0.2) is None


@pytest.mark.parametrize("channel", [0, 9])
def test_mavlink_has_eight_channels(module, channel: int) -> None:
    with pytest.raises(ValueError, match="not 1 to 8"):
        module("outputs").MavlinkOutput("udpout:127.0.0.1:1", [channel], [1500])


class Bus:
    """Publisher of commands on an isolated domain, with a bridge on its executor if one is made."""

    def __init__(self) -> None:
        import rclpy
        from rclpy.context import Context
        from rclpy.executors import SingleThreadedExecutor
        from std_msgs.msg import Float64

        self._message = Float64
        self._context = Context()
        self.domain = free_domain()
        rclpy.init(context=self._context, domain_id=self.domain)
        self._nodes = [rclpy.create_node("peer", context=self._context)]
        self._publisher = self._nodes[0].create_publisher(Float64, "motor_command", 1)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self._nodes[0])

    def bridge(self, bridge_class: type, parameters: dict[str, Any]) -> Any:
        """Return a bridge, once it receives commands."""
        from rclpy.parameter import Parameter

        overrides = [Parameter(name, value=value) for name, value in parameters.items()]
        bridge = bridge_class(context=self._context, parameter_overrides=overrides)
        self._nodes.append(bridge)
        self._executor.add_node(bridge)
        self.connected()
        return bridge

    def connected(self) -> None:
        self.until(self._publisher.get_subscription_count, 20.0)

    def command(self, value: float) -> None:
        self._publisher.publish(self._message(data=value))

    def until(self, reached: Callable[[], object], timeout_s: float = 10.0) -> None:
        end_s = time.monotonic() + timeout_s
        while not reached():
            assert time.monotonic() < end_s, "timeout"
            self._executor.spin_once(timeout_sec=0.02)

    def close(self) -> None:
        import rclpy

        for node in self._nodes:
            node.destroy_node()
        self._executor.shutdown()
        rclpy.try_shutdown(context=self._context)


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bus]:
    pytest.importorskip("rclpy", reason=NEEDS_ROS)
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    bus = Bus()
    yield bus
    bus.close()


@pytest.fixture
def make_bridge(module, bus: Bus) -> Callable[..., Any]:
    return lambda **parameters: bus.bridge(module("motor_bridge").MotorBridge, parameters)


def test_the_bridge_rests_at_start_at_a_stale_command_and_at_stop(
    make_bridge, bus: Bus, chip: Chip
) -> None:
    bridge = make_bridge(address=str(chip.folder), timeout_s=TIMEOUT_S)
    assert chip.read("duty_cycle") == REST
    bus.command(-5.0)
    bus.until(lambda: chip.read("duty_cycle") == ["1750000", "2000000"])
    sent_s = time.monotonic()
    bus.until(lambda: chip.read("duty_cycle") == REST)
    assert TIMEOUT_S - 0.1 < time.monotonic() - sent_s < 5.0
    bus.command(10.0)
    bus.until(lambda: chip.read("duty_cycle") == ["2000000", "1000000"])
    bridge.stop()
    assert chip.read("duty_cycle") == REST


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_the_bridge_rests_at_a_command_that_is_not_finite(
    make_bridge, bus: Bus, chip: Chip, bad: float
) -> None:
    make_bridge(address=str(chip.folder), timeout_s=60.0)
    bus.command(4.0)
    bus.until(lambda: chip.read("duty_cycle") == ["1700000", "1000000"])
    bus.command(bad)
    bus.until(lambda: chip.read("duty_cycle") == REST)


def test_the_bridge_limits_the_command(make_bridge, bus: Bus, chip: Chip) -> None:
    make_bridge(address=str(chip.folder), limit=0.4, timeout_s=60.0)
    bus.command(1e9)
    bus.until(lambda: chip.read("duty_cycle") == ["1700000", "1000000"])


def test_the_bridge_repeats_a_mavlink_override(make_bridge, bus: Bus, autopilot) -> None:
    make_bridge(output="mavlink", address=address(autopilot), channels=[2], timeout_s=60.0)
    assert override(autopilot)[1] == 1500
    bus.command(-10.0)
    seen: list[int] = []

    def receive() -> bool:
        while message := autopilot.recv_match(type="RC_CHANNELS_OVERRIDE"):
            seen.append(message.chan2_raw)
        return seen.count(1000) >= 3

    bus.until(receive)
    assert set(seen) <= {1500, 1000}


@pytest.mark.parametrize(
    "parameters",
    [
        {"output": "can"},
        {"channels": [0, 1, 2]},
        {"limit": 0.0},
        {"limit": 1.5},
        {"full_command": 0.0},
        {"timeout_s": math.nan},
        {"repeat_s": -1.0},
        {"full_us": 3000},
    ],
    ids=str,
)
def test_the_bridge_refuses_a_parameter_before_it_opens_the_output(
    make_bridge, tmp_path: Path, parameters: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match=r"one of|positive|full_us"):
        make_bridge(address=str(tmp_path / "absent"), **parameters)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_puts_the_motor_at_rest(folder: Path, bus: Bus, chip: Chip, number: int) -> None:
    process = subprocess.Popen(
        [sys.executable, "motor_bridge.py", "--ros-args",
         "-p", f"address:={chip.folder}", "-p", "timeout_s:=60.0"],
        cwd=folder,
        env=local_bus(bus.domain),
    )  # fmt: skip
    try:
        bus.connected()
        bus.command(10.0)
        bus.until(lambda: chip.read("duty_cycle") == ["2000000", "1000000"])
        process.send_signal(number)
        assert process.wait(timeout=10.0) == 0
    finally:
        process.kill()
        process.wait()
    assert chip.read("duty_cycle") == REST
