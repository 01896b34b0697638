"""Signals: every one that ends a process is handled, soon and at any time."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import cycle
from pathlib import Path

import pytest

from tests.ros.conftest import NEEDS_ROS, REPEATS, required_parameters

pytest.importorskip("rclpy", reason=NEEDS_ROS)

from snn_control.ros.base.signals import ending_signals
from snn_control.ros.bus.domains import free_domain
from snn_control.ros.bus.processes import Nodes, local_bus
from snn_control.ros.exit_codes import INTERRUPTED
from snn_control.ros.nodes import NODES
from tests.paths import ROOT

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


WITHOUT_KERNELS = (
    "pid_controller", "serial_controller", "recorder", "fault_relay", "corridor_simulator",
)  # fmt: skip
COMPILING = [n for n in NAMES if n not in WITHOUT_KERNELS]
"""Nodes that compile kernels at their start."""


@pytest.mark.flaky(reruns=REPEATS)
def test_nodes_that_compile_end_soon(tmp_path: Path) -> None:
    """Interrupt at the moment when the first kernel of many is in the cache."""
    numbers = cycle((signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT))
    with ExitStack() as stack:
        processes = start_cold(COMPILING, tmp_path, stack)
        end_s = time.monotonic() + 30.0
        while processes:
            assert time.monotonic() < end_s, f"no kernel compiled by {list(processes)}"
            for node, process in list(processes.items()):
                assert process.poll() is None, node
                if any((tmp_path / node / "cache").rglob("*.nbi")):
                    check_end(node, processes.pop(node), next(numbers))
            time.sleep(0.02)


@pytest.mark.slow
@pytest.mark.parametrize("after_s", [0.1, 0.3, 0.5, 0.8, 1.1, 1.4, 1.7, 2.0, 3.0, 4.0, 6.0])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("node", NAMES)
def test_a_node_ends_soon_at_any_time_of_its_start(
    node: str, number: int, after_s: float, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        processes = start_cold([node], tmp_path, stack)
        time.sleep(after_s)
        check_end(node, processes[node], number, before_main=-number)


def start_cold(
    names: list[str], folder: Path, stack: ExitStack
) -> dict[str, subprocess.Popen[bytes]]:
    """Start nodes with an empty cache of kernels."""
    processes = {}
    for node in names:
        cache = {"NUMBA_CACHE_DIR": str(folder / node / "cache")}
        nodes = stack.enter_context(Nodes(folder / node, local_bus(free_domain()) | cache))
        nodes.start(node, required_parameters(node, folder))
        processes[node] = nodes.running[node]
    return processes


def check_end(
    node: str, process: subprocess.Popen[bytes], number: int, before_main: int = 0
) -> None:
    began = time.monotonic()
    process.send_signal(number)
    code = process.wait(20.0)
    assert time.monotonic() - began < END_S + SLACK_S, (node, code)
    assert code in (0, before_main, INTERRUPTED + number), node
