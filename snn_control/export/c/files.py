"""Files of an export to C, verified by replay."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from snn_control.engines.integer.description import described
from snn_control.engines.integer.engine import IntegerEngine
from snn_control.engines.integer.formats import InputFormat
from snn_control.engines.integer.program import IntegerProgram
from snn_control.errors import ParameterError
from snn_control.export.c.build import FLAGS, build_library, find_compiler, write_source
from snn_control.export.c.library import CLibrary
from snn_control.export.c.python_program import PythonProgram
from snn_control.export.c.replay import (
    Replay,
    fnv1a,
    replay,
    replay_program,
    replay_python,
    source_inputs,
    trace_orders,
)
from snn_control.export.c.source import CSource, c_source
from snn_control.export.manifest import common_entries, require_empty
from snn_control.network.program import Program

__all__ = ["Verification", "export_c"]


@dataclass(frozen=True)
class Verification:
    """Result of a replay beside the native engine, or the one in integers."""

    n_ticks: int
    """Number of replayed ticks."""
    spike_mismatches: int
    """Spike counts that differ."""
    max_abs_error: float
    """Largest difference of a read-out."""
    hash: str
    """Hash of all outputs and spikes."""
    reference: str
    """Engine of the comparison."""
    replayed: str = "the compiled library"
    """Code of the comparison."""


def export_c(
    program: Program,
    folder: Path,
    prefix: str,
    precision: str = "float32",
    *,
    model_sha256: str = "",
    verify: bool = True,
    inputs: Sequence[InputFormat] | None = None,
) -> dict[str, Any]:
    """Write header, source, test program and manifest of a controller.

    Args:
        program: controller as plain data.
        folder: folder of the files; must not exist or be empty.
        prefix: C identifier, stem of the files.
        precision: one of `source.PRECISIONS`.
        model_sha256: hash of the model's document.
        verify: compile, and replay a trace beside the engine; needs a C compiler.
        inputs: format of each entry of the observation, for integers; see `program_format`.

    Returns:
        The content of `manifest.json`.

    Raises:
        ParameterError: a wrong argument, a folder with files, or a replay that differs.
        MissingCompilerError: no compiler for `verify`.
    """
    require_empty(folder)
    source = c_source(program, prefix, precision, model_sha256, inputs)
    trace = source_inputs(source, program)
    verification, files = None, [f"{prefix}.h", f"{prefix}.c"]
    if verify:
        with tempfile.TemporaryDirectory() as scratch:
            verification, expected = _verified(program, source, trace, Path(scratch))
    write_source(source, folder)
    if verification is not None:
        test = replay_program(source, trace, program.orders, expected)
        (folder / f"{prefix}_test.c").write_text(test, "utf-8")
        files.append(f"{prefix}_test.c")
        _run_test(folder, prefix)
    manifest = common_entries(program, prefix, precision, model_sha256) | {
        "orders": [order.name for order in program.orders],
        "readouts": list(program.readout_names),
        "files": files,
        "flags": list(FLAGS),
        "integers": None if source.form is None else described(source.form),
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
    mine, engine = replay(library, inputs, orders), _engine(program, source, inputs, orders)
    mismatches = int((mine.spikes != engine.spikes).sum())
    error = float(np.abs(mine.outputs - engine.outputs.astype(float)).max(initial=0.0))
    if mismatches or error:
        raise ParameterError(
            f"the replay differs from the engine in {mismatches} spike counts, outputs by "
            f"up to {error:g}: nothing is written"
        )
    expected = fnv1a(mine)
    reference = "native" if source.form is None else "integer"
    return Verification(len(inputs), mismatches, error, f"{expected:016x}", reference), expected


def _engine(program: Program, source: CSource, inputs: np.ndarray, orders: np.ndarray) -> Replay:
    """Return the results of the native engine, or of the one in integers."""
    form = source.form
    if form is None:
        return replay_python(PythonProgram(program, inputs.dtype), inputs, orders)
    if program.shell is not None:
        engines = [IntegerEngine(each) for each in form.networks]
        return replay_python(PythonProgram(program, inputs.dtype, engines), inputs, orders)
    integers = IntegerProgram(form)
    ticks = [(integers.advance(row), integers.spikes) for row in inputs.astype(np.int64)]
    outputs, spikes = zip(*ticks, strict=True)
    return Replay(np.array(outputs), np.array(spikes).astype(np.uint16))


def _run_test(folder: Path, prefix: str) -> None:
    """Compile and run the test program."""
    with tempfile.TemporaryDirectory() as scratch:
        program = Path(scratch) / "replay"
        sources = [str(folder.resolve() / f"{prefix}{end}.c") for end in ("", "_test")]
        command = [*find_compiler(), *FLAGS, "-o", str(program), *sources]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if not done.returncode:
            done = subprocess.run([program], capture_output=True, text=True, check=False)
        if done.returncode:
            raise ParameterError(f"{prefix}_test.c fails: {done.stderr[-500:] or done.stdout}")
