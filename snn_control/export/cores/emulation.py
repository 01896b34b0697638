"""Runs of programs in QEMU, with counted instructions where QEMU accepts plugins."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from snn_control.errors import ParameterError
from snn_control.export.bare_metal.board import Board
from snn_control.export.c.build import find_compiler
from snn_control.export.cores.core import Core
from snn_control.export.cores.image import Image
from snn_control.export.tools import find_tool, run_tool

__all__ = ["Emulation", "build_plugin", "emulate"]

PLUGIN = Path(__file__).resolve().parent / "resources" / "count.c"
LONGEST_S = 300.0
"""Longest run, s."""


class Emulation(NamedTuple):
    """Output of a program."""

    hash: str
    """Hash of all outputs and spikes."""
    state_bytes: int
    """Size of the state, B."""
    stack_bytes: int
    """Deepest stack of a tick, B."""
    instructions: tuple[int, int, int, int, int] | None
    """Number of ticks; instructions of the first tick, in total, at most, at most after the first.
    None without plugins."""


def build_plugin(scratch: Path) -> Path:
    """Compile the plugin that counts instructions; return the path of the library.

    Raises:
        MissingCompilerError: there is no compiler for this machine.
    """
    library = scratch / "libcount.so"
    run_tool([*find_compiler(), "-O2", "-shared", "-fPIC", "-o", library, PLUGIN])
    return library


def emulate(
    core: Core, board: Board | None, image: Image, plugin: Path, timeout_s: float = LONGEST_S
) -> Emulation:
    """Run a program until it ends.

    Args:
        core: core.
        board: board of the program.
        image: program.
        plugin: library of `build_plugin`.
        timeout_s: longest time, s.

    Raises:
        MissingToolError: the emulator is not installed.
        ParameterError: the program fails, or does not end in time.
    """
    values = {"step": image.step, "from": image.caller[0], "to": image.caller[1]}
    arguments = "".join(f",{name}={value:#x}" for name, value in values.items())
    counting = ["-plugin", f"{str(plugin).replace(',', ',,')}{arguments}"]
    code, text = _run(_command(core, board, image, counting), timeout_s)
    if code and "plugin" in text:
        code, text = _run(_command(core, board, image, []), timeout_s)
    hashes = re.findall(r"^([0-9a-f]{16})$", text, re.M)
    if code not in (0, 1) or not hashes:
        raise ParameterError(f"the replay on {core.title} ended with code {code}:\n{text[-500:]}")
    sizes = {
        name: int(value, 16) for name, value in re.findall(r"^(\w+) ([0-9a-f]{8})$", text, re.M)
    }
    counts = re.search(r"^instructions (\d+) (\d+) (\d+) (\d+) (\d+)$", text, re.M)
    return Emulation(
        hashes[-1], sizes["state"], sizes["stack"],
        None if counts is None else tuple(map(int, counts.groups())),  # type: ignore[arg-type]
    )  # fmt: skip


def _command(core: Core, board: Board | None, image: Image, counting: Sequence[str]) -> list[str]:
    emulator = find_tool(core.emulator)
    if board is None:
        return [emulator, *counting, str(image.path)]
    console = ["-display", "none", "-monitor", "none", "-serial", "none"]
    semihosting = ["-semihosting-config", "enable=on,target=native"]
    return [emulator, "-machine", board.machine, *console, *semihosting, *counting,
            "-kernel", str(image.path)]  # fmt: skip


def _run(command: Sequence[str], timeout_s: float) -> tuple[int, str]:
    """Return exit code and output of a process; it has ended in any case."""
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    process = subprocess.Popen(command, text=True, **pipes)  # type: ignore[call-overload]
    try:
        text, _ = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired as exc:
        raise ParameterError(f"{command[0]} had not ended after {timeout_s:g} s") from exc
    finally:
        process.kill()
        process.wait()
    return process.returncode, text
