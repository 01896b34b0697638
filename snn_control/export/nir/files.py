"""Files of an export to NIR, read back and replayed.

A controller is a folder: one NIR file a network, and `manifest.json` with the inputs that each
network receives and the read-outs that add up to the actions, which NIR has no words for.
"""

from __future__ import annotations

import hashlib
from io import BytesIO
from pathlib import Path
from typing import Any

from snn_control.engines.reference import ReferenceEngine
from snn_control.errors import ControlPeriodError, ModelFileError, ParameterError
from snn_control.export.c.names import identifiers
from snn_control.export.c.replay import trace_inputs
from snn_control.export.manifest import (
    common_entries,
    listed_file,
    read_manifest,
    require_empty,
    write_export,
)
from snn_control.export.nir.graph import nir_graph, nir_package, require_expressible
from snn_control.export.nir.read import read_nir
from snn_control.export.run_program import deviation, run_program
from snn_control.input_file import read_bytes
from snn_control.network.fields import Field
from snn_control.network.network import Network
from snn_control.network.program import Program
from snn_control.runs.atomic import write_bytes

__all__ = ["TOLERANCE", "export_nir", "read_nir_program", "write_nir"]

TOLERANCE = 1e-12
"""Largest difference of read-outs, as a fraction of the largest one, which counts as at least 1."""


def write_nir(network: Network, path: str | Path) -> None:
    """Write a network as a NIR file; an existing file is replaced as a whole.

    Raises:
        ParameterError: NIR cannot express a part; the message names it.
        MissingExtraError: the package `nir` is not installed.
        RunError: the file cannot be written.
    """
    content = BytesIO()
    nir_package().write(content, nir_graph(network))
    write_bytes(Path(path), content.getvalue())


def export_nir(
    program: Program,
    folder: Path,
    prefix: str,
    precision: str = "float64",
    *,
    model_sha256: str = "",
    verify: bool = True,
) -> dict[str, Any]:
    """Write a controller as NIR files and a manifest.

    Args:
        program: controller as plain data.
        folder: folder of the files; must not exist or be empty.
        prefix: name of the controller.
        precision: `float64`, that of the files.
        model_sha256: hash of the model's document.
        verify: read the files and replay a trace beside the reference engine.

    Returns:
        The content of `manifest.json`.

    Raises:
        ParameterError: a part that NIR cannot express, another precision, a folder with files, or a
            replay that differs.
        MissingExtraError: the package `nir` is not installed.
        RunError: the folder cannot be written.
    """
    if precision != "float64":
        raise ParameterError(f"precision is {precision!r}; NIR files have float64")
    require_empty(folder)
    program.require_sums("NIR")
    require_expressible(program.networks)
    nir_package()
    files = _file_names(program)

    def fill(partial: Path) -> dict[str, Any]:
        for file, network in zip(files, program.networks, strict=True):
            write_nir(network, partial / file)
        verification = _verified(program, partial, files) if verify else None
        return common_entries(program, prefix, precision, model_sha256) | {
            "networks": [
                {"file": file, "sha256": _sha256(partial / file), "feeds": list(feed)}
                for file, feed in zip(files, program.feeds, strict=True)
            ],
            "sums": [list(indices) for indices in program.sums],
            "files": files,
            "verification": verification,
        }

    return write_export(folder, fill)


def read_nir_program(folder: str | Path) -> Program:
    """Read the controller of a folder written by `export_nir`.

    Raises:
        ModelFileError: a file is missing or damaged; the message names it.
        MissingExtraError: the package `nir` is not installed.
    """
    root = read_manifest(folder)
    networks = root["networks"].items()
    try:
        return Program(
            tuple(item.text() for item in root["inputs"].items()),
            tuple(item.text() for item in root["outputs"].items()),
            root["control_period_s"].number(),
            tuple(_read_listed(folder, item) for item in networks),
            tuple(_indices(item["feeds"]) for item in networks),
            tuple(_indices(item) for item in root["sums"].items()),
        )
    except (ParameterError, ControlPeriodError) as exc:
        raise ModelFileError(f"{root.place}: {exc}") from exc


def _file_names(program: Program) -> list[str]:
    names = [network.name for network in program.networks]
    if len(set(names)) < len(names):
        names = [f"{name} {k}" for k, name in enumerate(names)]
    return [f"{stem}.nir" for stem in identifiers(names).values()]


def _read_listed(folder: str | Path, item: Field) -> Network:
    """Read a file of a manifest; its hash is checked before the HDF5 library opens it."""
    path = listed_file(folder, item["file"])
    if _sha256(path) != item["sha256"].text():
        raise ModelFileError(f"{path}: damaged, its hash differs from that of the manifest")
    return read_nir(path)


def _sha256(path: Path) -> str:
    return hashlib.sha256(read_bytes(path, ModelFileError)).hexdigest()


def _indices(field: Field) -> tuple[int, ...]:
    return tuple(item.integer(0, 1_000_000) for item in field.items())


def _verified(program: Program, folder: Path, files: list[str]) -> dict[str, Any]:
    """Return the comparison of the files with the networks.

    Raises:
        ParameterError: they differ.
    """
    read = Program(
        program.observation_names, program.action_names, program.control_period_s,
        tuple(read_nir(folder / file) for file in files), program.feeds, program.sums,
    )  # fmt: skip
    inputs = trace_inputs(program.usual, "float64")
    difference = deviation(
        run_program(read, ReferenceEngine, inputs), run_program(program, ReferenceEngine, inputs)
    )
    difference.require_within(TOLERANCE, "reference")
    return difference.entry(len(inputs), "reference", "the files, read back")
