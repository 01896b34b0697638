"""Tutorial on a robot: its commands run, its hashes and units compared, both loops closed."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from snn_control.ros.bus.domains import free_domain
from snn_control.ros.bus.processes import local_bus
from tests.docs.guide_package import TUTORIALS, environment, write_files
from tests.docs.pages import blocks
from tests.needs import NEEDS_COMPILER, NEEDS_SERIAL, needs_tools
from tests.ros.conftest import NEEDS_ROS

needs_compiler = pytest.mark.skipif(shutil.which("cc") is None, reason=NEEDS_COMPILER)
PAGE = TUTORIALS / "onboard.md"
PORT = "127.0.0.1:5600"
COMMANDS = [
    line.strip() for block in blocks(PAGE, "sh") for line in block.replace("\\\n", " ").splitlines()
]


def command(*parts: str) -> str:
    """Return the first command of the page with these parts."""
    return next(line for line in COMMANDS if all(part in line for part in parts))


def arguments(line: str) -> list[str]:
    """Return the words of a command, with the Python and the checkout of the test."""
    python = [sys.executable]
    starts = {"python": python, "snn-control": [*python, "-m", "snn_control"]}
    first, *words = shlex.split(line)
    return [*starts.get(first, [first]), *words]


def run(line: str, folder: Path) -> str:
    """Run a command in a folder; return its output."""
    done = subprocess.run(
        arguments(line), capture_output=True, text=True, cwd=folder, env=environment(folder)
    )
    assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    return done.stdout


@contextmanager
def running(line: str, folder: Path, bus: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Start a command whose output goes to a file; interrupt it at the end."""
    with (folder / f"{len(list(folder.glob('*.log')))}.log").open("wb") as log:
        process = subprocess.Popen(
            arguments(line),
            cwd=folder,
            env={**environment(folder), **bus},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(timeout=10.0)
            finally:
                process.kill()


def logs(folder: Path) -> str:
    return "\n".join(path.read_text("utf-8") for path in sorted(folder.glob("*.log")))


def until_it_prints(pattern: str, folder: Path, timeout_s: float = 60.0) -> None:
    """Wait until a process has printed a pattern."""
    end_s = time.monotonic() + timeout_s
    while not re.search(pattern, logs(folder)):
        assert time.monotonic() < end_s, logs(folder)
        time.sleep(0.1)


def start(lines: list[str], folder: Path, mode: str, bus: Mapping[str, str]) -> ExitStack:
    """Start commands until the loop is in a mode; return the stack that ends them."""
    with ExitStack() as stack:
        for line in lines:
            stack.enter_context(running(line, folder, bus))
        until_it_prints(rf"\d m, command [+-][1-9.]+\d*, {mode}\b", folder)
        return stack.pop_all()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_files(PAGE, tmp_path)
    return tmp_path


@pytest.fixture
def bus() -> dict[str, str]:
    pytest.importorskip("rclpy", reason=NEEDS_ROS)
    return {k: v for k, v in local_bus(free_domain()).items() if k.startswith("ROS_")}


@needs_compiler
@pytest.mark.parametrize("out", ["blimp_c", "blimp_int8"])
def test_exports_have_the_hash_of_the_page(out: str, folder: Path) -> None:
    line = re.sub(r"--cores \S+", "", command("snn-control export", out))
    printed = re.search(r"hash (\w+)", run(line, folder))
    assert printed
    assert f"hash {printed[1]}\n" in PAGE.read_text("utf-8")
    if out == "blimp_int8":
        assert run(command("python -c", "put_units"), folder) in blocks(PAGE, "text")
        integers = json.loads((folder / out / "manifest.json").read_text())["integers"]
        node = command("serial_controller", "autostart")
        assert f"input_lsb:={integers['input_units'][0]} " in node
        assert f"output_lsb:={integers['output_units'][0]} " in node


@pytest.mark.slow
@needs_compiler
@needs_tools("aarch64-linux-gnu-gcc", "qemu-aarch64")
def test_the_node_holds_the_height_from_a_library(folder: Path, bus: dict[str, str]) -> None:
    run(command("export", "blimp_c"), folder)
    for build in ("mkdir", "aarch64-linux-gnu-gcc -std", "cc -std"):
        run(next(line for line in COMMANDS if line.startswith(build)), folder)
    assert (folder / "pi" / "libblimp_altitude.so").read_bytes()[
        18:20
    ] == b"\xb7\x00"  # machine EM_AARCH64
    node, watch = command("altitude_controller", "autostart"), command("python watch.py")
    with start([node, watch, command("blimp_simulator")], folder, "auto", bus):
        assert "mode auto: measurements are usable" in logs(folder)


@pytest.mark.slow
@needs_compiler
@needs_tools("arm-none-eabi-gcc", "qemu-system-arm")
def test_a_firmware_that_ends_and_returns(folder: Path, bus: dict[str, str]) -> None:
    for module in ("serial", "cobs"):
        pytest.importorskip(module, reason=NEEDS_SERIAL)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = f"127.0.0.1:{server.getsockname()[1]}"
    run(command("export", "blimp_int8"), folder)
    run(command("make -C", "mps2-an386"), folder)
    board = command("qemu-system-arm -machine").replace(PORT, port)
    node = command("serial_controller", "autostart").replace(PORT, port)
    watch = command("watch.py", "controller:=serial_controller")
    with running(board, folder, {}):
        stack = start([node, watch, command("blimp_simulator")], folder, "auto", bus)
    with stack:
        until_it_prints(r"command \S+, fallback", folder)
        with running(board, folder, {}):
            until_it_prints("firmware connected again", folder)
            until_it_prints(r"command \S+, fallback\n.*(?s:.*)command \S+, auto", folder)
    assert "firmware: restarts 1\n" in logs(folder)
