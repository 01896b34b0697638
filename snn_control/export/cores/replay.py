"""Replay of an export on emulated cores, with the sizes and instructions of each."""

from __future__ import annotations

import dataclasses
import json
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from snn_control.errors import MissingToolError, NoRoomError, ParameterError, UnknownNameError
from snn_control.export.bare_metal.board import Board
from snn_control.export.c.names import check_prefix
from snn_control.export.cores.core import CORES, Core, CoreResult
from snn_control.export.cores.emulation import build_plugin, emulate
from snn_control.export.cores.image import Image, build_image
from snn_control.export.tools import missing_packages

__all__ = ["check_cores", "replay_on_cores"]


def check_cores(names: Sequence[str]) -> None:
    """Check that the compilers and emulators of cores are installed.

    Raises:
        UnknownNameError: no core has a name.
        MissingToolError: with the Debian packages.
    """
    for name in names:
        if name not in CORES:
            raise UnknownNameError("core", name, CORES)
    if packages := missing_packages([tool for name in names for tool in CORES[name].tools]):
        raise MissingToolError(
            f"a replay on {', '.join(names)} needs compilers and QEMU (Debian and Ubuntu: "
            f"`apt-get install {' '.join(packages)}`)"
        )


def replay_on_cores(folder: Path, names: Sequence[str] = tuple(CORES)) -> list[CoreResult]:
    """Replay a verified export on cores, and write the results to `cores` in its manifest.

    Args:
        folder: folder of the export.
        names: names of `CORES`.

    Raises:
        UnknownNameError: no core has a name.
        MissingToolError: a compiler or an emulator is not installed.
        ParameterError: the folder is not a verified export, or a program does not compile, does not
            fit its boards or fails.
    """
    check_cores(names)
    manifest = _verified_manifest(folder)
    prefix, expected = manifest["name"], manifest["verification"]["hash"]
    with tempfile.TemporaryDirectory() as scratch:
        plugin = build_plugin(Path(scratch))
        results = [_replay(folder, prefix, expected, name, plugin) for name in names]
    manifest["cores"] = [dataclasses.asdict(result) for result in results]
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", "utf-8")
    return results


def _verified_manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text("utf-8"))
        name, _ = str(manifest["name"]), manifest["verification"]["hash"]
    except (OSError, ValueError, TypeError, KeyError) as exc:
        raise ParameterError(f"{folder}: no verified export; export it with --verify") from exc
    if not (folder / f"{check_prefix(name)}_test.c").is_file():
        raise ParameterError(f"{folder}: no test program; export it in the plain layout")
    return manifest


def _fitting_image(
    core: Core, export: Path, prefix: str, scratch: Path
) -> tuple[Board | None, Image]:
    """Return the program for the first board that it fits, and the board."""
    for board in core.boards[:-1]:
        with suppress(NoRoomError):
            return board, build_image(core, board, export, prefix, scratch)
    return core.boards[-1], build_image(core, core.boards[-1], export, prefix, scratch)


def _replay(folder: Path, prefix: str, expected: str, name: str, plugin: Path) -> CoreResult:
    core = CORES[name]
    with tempfile.TemporaryDirectory() as scratch:
        board, image = _fitting_image(core, folder.resolve(), prefix, Path(scratch))
        ran = emulate(core, board, image, plugin)
    n_ticks, first, total, largest, later = ran.instructions or (None,) * 5
    return CoreResult(
        core=name,
        machine=board.machine if board else "",
        equal=ran.hash == expected,
        hash=ran.hash,
        instructions_first=first,
        instructions_mean=total / n_ticks if total and n_ticks else None,
        instructions_later=later,
        instructions_max=largest,
        flash_bytes=image.flash_bytes,
        state_bytes=ran.state_bytes,
        stack_bytes=ran.stack_bytes,
        ram_bytes=image.static_bytes + ran.state_bytes + ran.stack_bytes,
    )
