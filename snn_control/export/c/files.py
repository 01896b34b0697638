"""Files of an export to C, verified by replay."""

from __future__ import annotations

import json
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import snn_control
from snn_control.errors import ParameterError
from snn_control.export.c.build import FLAGS, build_library, find_compiler, write_source
from snn_control.export.c.library import CLibrary
from snn_control.export.c.native_program import NativeProgram
from snn_control.export.c.replay import (
    fnv1a,
    replay,
    replay_native,
    replay_program,
    trace_inputs,
    trace_orders,
)
from snn_control.export.c.source import CSource, c_source
from snn_control.network.program import Program

__all__ = ["Verification", "export_c"]


@dataclass(frozen=True)
class Verification:
    """Result of a replay beside the native engine."""

    n_ticks: int
    """Number of replayed ticks."""
    spike_mismatches: int
    """Spike counts that differ."""
    max_abs_error: float
    """Largest difference of a read-out."""
    hash: str
    """Hash of all outputs and spikes."""


def export_c(
    program: Program,
    folder: Path,
    prefix: str,
    precision: str = "float32",
    *,
    model_sha256: str = "",
    verify: bool = True,
) -> dict[str, Any]:
    """Write header, source, test program and manifest of a controller.

    Args:
        program: controller as plain data.
        folder: folder of the files; must not exist or be empty.
        prefix: C identifier, stem of the files.
        precision: `float32` or `float64`.
        model_sha256: hash of the model's document.
        verify: compile, and replay a trace beside the native engine; needs a C compiler.

    Returns:
        The content of `manifest.json`.

    Raises:
        ParameterError: a wrong argument, a folder with files, or a replay that differs.
        MissingCompilerError: no compiler for `verify`.
    """
    if folder.exists() and any(folder.iterdir()):
        raise ParameterError(f"{folder} is not empty; name another folder")
    source = c_source(program, prefix, precision, model_sha256)
    inputs = trace_inputs(program.usual, precision)
    verification, files = None, [f"{prefix}.h", f"{prefix}.c"]
    if verify:
        with tempfile.TemporaryDirectory() as scratch:
            verification, expected = _verified(program, source, inputs, Path(scratch))
    write_source(source, folder)
    if verification is not None:
        test = replay_program(prefix, precision, inputs, program.orders, expected)
        (folder / f"{prefix}_test.c").write_text(test, "utf-8")
        files.append(f"{prefix}_test.c")
        _run_test(folder, prefix)
    manifest: dict[str, Any] = {
        "name": prefix,
        "made_by": f"snn_control {snn_control.__version__}",
        "precision": precision,
        "model_sha256": model_sha256,
        "control_period_s": program.control_period_s,
        "inputs": list(program.observation_names),
        "outputs": list(program.action_names),
        "orders": [order.name for order in program.orders],
        "readouts": list(program.readout_names),
        "spiking_neurons": program.n_spiking,
        "files": files,
        "flags": list(FLAGS),
        "verification": None if verification is None else vars(verification),
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", "utf-8")
    return manifest


def _verified(
    program: Program, source: CSource, inputs: np.ndarray, scratch: Path
) -> tuple[Verification, int]:
    """Return the comparison with the native engine, and the hash of the library's results."""
    library = CLibrary(build_library(source, scratch), source.prefix, program, source.precision)
    orders = trace_orders(program.orders)
    mine = replay(library, inputs, orders)
    native = replay_native(NativeProgram(program, inputs.dtype), inputs, orders)
    mismatches = int((mine.spikes != native.spikes).sum())
    error = float(np.abs(mine.outputs - native.outputs).max(initial=0.0))
    if mismatches or error:
        raise ParameterError(
            f"the replay differs from the native engine in {mismatches} spike counts, outputs by "
            f"up to {error:g}: nothing is written"
        )
    expected = fnv1a(mine)
    return Verification(len(inputs), mismatches, error, f"{expected:016x}"), expected


def _run_test(folder: Path, prefix: str) -> None:
    """Compile and run the test program."""
    with tempfile.TemporaryDirectory() as scratch:
        program = Path(scratch) / "replay"
        sources = [str(folder / f"{prefix}{end}.c") for end in ("", "_test")]
        command = [*find_compiler(), *FLAGS, "-o", str(program), *sources]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if not done.returncode:
            done = subprocess.run([program], capture_output=True, text=True, check=False)
        if done.returncode:
            raise ParameterError(f"{prefix}_test.c fails: {done.stderr[-500:] or done.stdout}")
