"""Programs that replay an export on a core, and the sizes of the controller in them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from snn_control.export.bare_metal.board import RUNTIME, STRICT, Board, compile_memory, link
from snn_control.export.c.adapter import HEADER, adapter_header
from snn_control.export.cores.core import Core
from snn_control.export.tools import find_tool, run_tool

__all__ = ["Image", "build_image"]

RESOURCES = Path(__file__).resolve().parent / "resources"
STORED = (".text", ".rodata", ".data", ".ARM.exidx", ".ARM.extab")
"""Sections of code, constants and initial values."""
VARIABLES = (".data", ".bss")
"""Sections of static variables."""


class Image(NamedTuple):
    """Program on a core."""

    path: Path
    """ELF file."""
    step: int
    """Address of the controller's step."""
    caller: tuple[int, int]
    """First address of the function that calls the step, and the one after its last."""
    flash_bytes: int
    """Code, constants and initial values of the controller alone, B."""
    static_bytes: int
    """Static variables of the controller alone, B."""


def build_image(core: Core, board: Board | None, export: Path, prefix: str, scratch: Path) -> Image:
    """Compile the files of an export, unchanged, with a measurement of the stack.

    Args:
        core: core.
        board: one of its boards.
        export: folder of the export.
        prefix: prefix of its names.
        scratch: folder of the objects.

    Raises:
        MissingToolError: the compiler is not installed.
        NoRoomError: the program does not fit the board.
        ParameterError: the program does not compile.
    """
    compiler = [find_tool(core.compiler), *(board.flags if board else ("-fno-pie", "-no-pie"))]
    (scratch / HEADER).write_text(adapter_header(prefix), "utf-8")
    folders = [f"-I{export}", f"-I{scratch}"]
    if board is not None:
        folders.append(f"-isystem{RESOURCES / 'include'}")
    sources = [export / f"{prefix}.c", export / f"{prefix}_test.c", RESOURCES / "measured_step.c"]
    if board is not None:
        sources.append(RESOURCES / "semihosting.c")
    objects = [scratch / f"{source.stem}.o" for source in sources]
    for source, made in zip(sources, objects, strict=True):
        extra = RUNTIME if source.stem == "semihosting" else ()
        run_tool([*compiler, *STRICT, *extra, *folders, "-c", "-o", made, source])
    program, wrap = scratch / "replay.elf", f"-Wl,--wrap={prefix}_step"
    if board is None:
        run_tool([*compiler, "-static", wrap, "-o", program, *objects])
    else:
        link(board, objects, program, [wrap])
    symbols = _symbols(compiler, program)
    caller, length = symbols[f"__wrap_{prefix}_step"]
    return Image(
        program, symbols[f"{prefix}_step"][0], (caller, caller + length),
        *_sizes(compiler, objects[0], prefix),
    )  # fmt: skip


def _sizes(compiler: Sequence[str], controller: Path, prefix: str) -> tuple[int, int]:
    """Return flash and static variables of a controller with the functions that it calls, B."""
    alone, memory = controller.with_name("alone.elf"), compile_memory(compiler, controller.parent)
    roots = [f"-Wl,-u,{prefix}_{name}" for name in ("init", "spikes", "model_sha256")]
    flags = ["-nostdlib", "-static", "-Wl,--gc-sections", f"-Wl,-e,{prefix}_step", *roots]
    run_tool([*compiler, *flags, "-o", alone, controller, memory, "-lgcc"])
    rows = [
        line.split() for line in run_tool([_beside(compiler, "size"), "-A", alone]).splitlines()
    ]
    sections = {row[0]: int(row[1]) for row in rows if len(row) == 3 and row[0] != "section"}
    return (
        sum(size for name, size in sections.items() if name.startswith(STORED)),
        sum(size for name, size in sections.items() if name.startswith(VARIABLES)),
    )


def _symbols(compiler: Sequence[str], program: Path) -> dict[str, tuple[int, int]]:
    """Return address and size of each symbol that has both."""
    lines = run_tool([_beside(compiler, "nm"), "-S", program]).splitlines()
    rows = [line.split() for line in lines]
    return {row[3]: (int(row[0], 16) & ~1, int(row[1], 16)) for row in rows if len(row) == 4}


def _beside(compiler: Sequence[str], tool: str) -> str:
    """Return the path of a tool that belongs to a compiler."""
    return run_tool([compiler[0], f"-print-prog-name={tool}"]).strip()
