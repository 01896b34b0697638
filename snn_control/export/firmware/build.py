"""Programs of the firmware: for the board mps2-an386, and for this machine."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from snn_control.export.bare_metal.board import COMPILER, MPS2_AN386, STRICT, link
from snn_control.export.c.adapter import HEADER, adapter_header
from snn_control.export.c.build import FLAGS, find_compiler
from snn_control.export.tools import find_tool, run_tool

__all__ = ["RESOURCES", "build_for_board", "build_native"]

RESOURCES = Path(__file__).resolve().parent / "resources"
_LOOP = ("loop.c", "frames.c")


def build_native(export: Path, prefix: str, program: Path, flags: tuple[str, ...] = ()) -> None:
    """Build the firmware as a process that reads standard input and writes standard output.

    Args:
        export: folder with the source of an export.
        prefix: prefix of its names.
        program: path of the executable.
        flags: further flags, such as `-DFIRMWARE_TIMEOUT_US=50000`.

    Raises:
        MissingCompilerError: there is no compiler.
        ParameterError: the compiler fails.
    """
    with tempfile.TemporaryDirectory() as scratch:
        (Path(scratch) / HEADER).write_text(adapter_header(prefix), "utf-8")
        sources, folders = _inputs(export, prefix, "port_posix.c", scratch)
        run_tool([*find_compiler(), *FLAGS, *flags, *folders, "-o", program.resolve(), *sources])


def build_for_board(export: Path, prefix: str, program: Path, flags: tuple[str, ...] = ()) -> None:
    """Build the firmware for the board mps2-an386; arguments and errors as `build_native`.

    Raises:
        MissingToolError: the cross compiler is not installed.
        ParameterError: the compiler fails, or the program does not fit.
    """
    compiler = [find_tool(COMPILER), *MPS2_AN386.flags]
    with tempfile.TemporaryDirectory() as scratch:
        (Path(scratch) / HEADER).write_text(adapter_header(prefix), "utf-8")
        sources, folders = _inputs(export, prefix, "port_mps2.c", scratch)
        objects = [Path(scratch) / f"{source.stem}.o" for source in sources]
        for source, made in zip(sources, objects, strict=True):
            run_tool([*compiler, *STRICT, *flags, *folders, "-c", "-o", made, source])
        linked = Path(scratch) / "firmware.elf"
        link(MPS2_AN386, objects, linked)
        shutil.move(linked, program)


def _inputs(export: Path, prefix: str, port: str, scratch: str) -> tuple[list[Path], list[str]]:
    """Return the sources and the flags of their folders, as absolute paths."""
    export = export.resolve()  # a relative one may look like an option
    sources = [export / f"{prefix}.c", *(RESOURCES / name for name in (*_LOOP, port))]
    return sources, [f"-I{folder}" for folder in (export, scratch, RESOURCES)]
