"""Fixtures: an export, its native firmware and its firmware for the board."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from snn_control.controllers import load
from snn_control.export.c.build import build_library
from snn_control.export.c.files import export_c
from snn_control.export.c.library import CLibrary
from snn_control.export.c.source import c_source
from snn_control.export.firmware.build import build_for_board, build_native
from tests.export.firmware.devices import Noise, Relay, clean, process, socket_port

PREFIX = "altitude"
SHA256 = "5a" * 32
X = np.random.default_rng(5).normal(0.0, 0.3, (400, 1)).astype(np.float32)
"""Inputs of a trace."""


@pytest.fixture(scope="session")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Export of the altitude controller."""
    folder = tmp_path_factory.mktemp("firmware of") / "export"
    export_c(load("blimp-altitude").to_program(), folder, PREFIX, model_sha256=SHA256)
    return folder


@pytest.fixture(scope="session")
def native(export: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Firmware for this machine, with sanitizers."""
    program = tmp_path_factory.mktemp("native") / "firmware"
    build_native(export, PREFIX, program, ("-fsanitize=address,undefined", "-fno-sanitize-recover"))
    return program


@pytest.fixture(scope="session")
def for_board(export: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Firmware for the board mps2-an386."""
    program = tmp_path_factory.mktemp("board") / "firmware.elf"
    build_for_board(export, PREFIX, program)
    return program


class Device:
    """Native firmware behind a loopback socket."""

    def __init__(self, relay: Relay, port: str) -> None:
        self.relay, self.port = relay, port


MakeDevice = Callable[..., Device]


@pytest.fixture
def make_device(native: Path) -> Iterator[MakeDevice]:
    with ExitStack() as opened:

        def make(to_device: Noise = clean, to_host: Noise = clean) -> Device:
            relay = Relay(opened.enter_context(process(native)), to_device, to_host)
            opened.callback(relay.close)
            return Device(relay, opened.enter_context(socket_port(relay)))

        yield make


@pytest.fixture
def device(make_device: MakeDevice) -> Device:
    return make_device()


@pytest.fixture(scope="session")
def expected(tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    """Outputs of the export in this process, shape (400, 1)."""
    program = load("blimp-altitude").to_program()
    source = c_source(program, "here", "float32")
    path = build_library(source, tmp_path_factory.mktemp("library"))
    library, outputs = CLibrary(path, "here", program, "float32"), []
    for row in X:
        library.inputs[:] = row
        assert library.step()
        outputs.append(library.outputs.copy())
    return np.array(outputs)
