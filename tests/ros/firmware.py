"""Native firmware of the altitude controller, for nodes."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path

import pytest

from snn_control.controllers.files import document_sha256, load
from snn_control.export.c.files import export_c
from snn_control.export.firmware.build import build_for_board, build_native
from tests.export.firmware.devices import Relay, process, socket_port
from tests.needs import NEEDS_COMPILER

MODEL = "blimp-altitude"
_opened = ExitStack()


@cache
def native_firmware() -> Path:
    """Return the program, built at the first call."""
    if not any(map(shutil.which, ("cc", "gcc", "clang"))):
        pytest.skip(NEEDS_COMPILER)
    folder = Path(_opened.enter_context(tempfile.TemporaryDirectory()))
    export(folder / "export")
    build_native(folder / "export", "altitude", folder / "firmware")
    return folder / "firmware"


def board_firmware(folder: Path) -> Path:
    """Return the program for the board mps2-an386, built in a folder."""
    export(folder / "export")
    build_for_board(folder / "export", "altitude", folder / "firmware.elf")
    return folder / "firmware.elf"


def export(folder: Path) -> None:
    """Export the model with its hash."""
    sha256 = document_sha256(MODEL)
    export_c(load(MODEL).to_program(), folder, "altitude", model_sha256=sha256)


@contextmanager
def running_firmware() -> Iterator[Relay]:
    """Start a firmware behind a relay."""
    with process(native_firmware()) as file:
        relay = Relay(file)
        try:
            yield relay
        finally:
            relay.close()


@cache
def firmware_port() -> str:
    """Return the loopback address of a firmware that all tests share, started at the first call."""
    return _opened.enter_context(socket_port(_opened.enter_context(running_firmware())))


def end_firmware() -> None:
    """End the shared firmware and remove the program."""
    firmware_port.cache_clear()
    native_firmware.cache_clear()
    _opened.close()
