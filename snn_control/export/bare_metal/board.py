"""Boards with a Cortex-M core: sources and flags of their programs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from snn_control.errors import NoRoomError, ParameterError
from snn_control.export.tools import find_tool, run_tool

__all__ = [
    "COMPILER", "MICROBIT", "MPS2_AN385", "MPS2_AN386", "MPS2_AN500", "RUNTIME", "STRICT", "Board",
    "compile_memory", "link",
]  # fmt: skip

COMPILER = "arm-none-eabi-gcc"
RESOURCES = Path(__file__).resolve().parent / "resources"
STRICT = (
    "-std=c99", "-O2", "-ffp-contract=off", "-Wall", "-Wextra", "-Wconversion", "-Werror",
    "-ffunction-sections", "-fdata-sections", "-fno-asynchronous-unwind-tables",
)  # fmt: skip
"""Flags of the compiler for all sources."""
RUNTIME = ("-ffreestanding", "-fno-builtin", "-fno-tree-loop-distribute-patterns")
"""Further flags for the memory functions, which must not call themselves."""
_KIB, _MIB = 2**10, 2**20


@dataclass(frozen=True)
class Board:
    """Board as emulated by QEMU."""

    machine: str
    """Name in QEMU."""
    flags: tuple[str, ...]
    """Flags of the compiler that select the core."""
    flash_bytes: int = 4 * _MIB
    """Size of the flash, B."""
    ram_bytes: int = 4 * _MIB
    """Size of the RAM, B."""


MICROBIT = Board(
    "microbit", ("-mcpu=cortex-m0plus", "-mthumb", "-mfloat-abi=soft"), 256 * _KIB, 16 * _KIB
)
"""Cortex-M0, which has the instructions of a Cortex-M0+."""
MPS2_AN385 = Board("mps2-an385", ("-mcpu=cortex-m3", "-mthumb", "-mfloat-abi=soft"))
"""Cortex-M3."""
MPS2_AN386 = Board(
    "mps2-an386", ("-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16")
)
"""Cortex-M4 with a floating-point unit of single precision."""
MPS2_AN500 = Board(
    "mps2-an500", ("-mcpu=cortex-m7", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv5-d16")
)
"""Cortex-M7 with a floating-point unit of double precision."""


def link(board: Board, objects: Iterable[Path], program: Path, flags: Iterable[str] = ()) -> None:
    """Link objects that define `main` and `finish` with the start-up of a board.

    Args:
        board: board.
        objects: compiled sources.
        program: path of the ELF file.
        flags: further flags of the linker.

    Raises:
        MissingToolError: the compiler is not installed.
        NoRoomError: the program does not fit.
        ParameterError: a symbol is missing.
    """
    compiler = [find_tool(COMPILER), *board.flags]
    start = program.with_name("start.o")
    run_tool([*compiler, *STRICT, *RUNTIME, "-c", "-o", start, RESOURCES / "start.c"])
    runtime = [start, compile_memory(compiler, program.parent)]
    sizes = [f"-Wl,--defsym={key}={getattr(board, key)}" for key in ("flash_bytes", "ram_bytes")]
    script = ["-nostdlib", "-Wl,--gc-sections", *sizes, "-T", str(RESOURCES / "board.ld")]
    inputs: list[str | Path] = ["-o", program, *runtime, *objects, "-lgcc"]
    try:
        run_tool([*compiler, *script, *flags, *inputs])
    except ParameterError as exc:
        if "overflowed by" in str(exc):
            raise NoRoomError(f"the program does not fit {board.machine}: {exc}") from exc
        raise


def compile_memory(compiler: Sequence[str], folder: Path) -> Path:
    """Compile the memory functions; return the object in `folder`."""
    made = folder / "memory.o"
    run_tool([*compiler, *STRICT, *RUNTIME, "-c", "-o", made, RESOURCES / "memory.c"])
    return made
