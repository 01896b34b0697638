"""Files of an export to ONNX, verified in onnxruntime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from snn_control.engines.reference import ReferenceEngine
from snn_control.errors import ParameterError, require
from snn_control.export.c.replay import trace_inputs
from snn_control.export.manifest import common_entries, require_empty, write_export
from snn_control.export.onnx.builder import OPSET
from snn_control.export.onnx.model import OnnxModels, onnx_models
from snn_control.export.onnx.session import OnnxSession
from snn_control.export.run_program import ProgramTrace, deviation, run_program
from snn_control.network.program import Program

__all__ = ["TOLERANCES", "export_onnx"]

TOLERANCES = {"float32": 1e-6, "float64": 1e-12}
"""Largest difference of read-outs, as a fraction of the largest one, which counts as at least 1."""
REFERENCES = {"float32": "native", "float64": "reference"}
"""Engine beside which a precision is replayed."""


def export_onnx(
    program: Program,
    folder: Path,
    prefix: str,
    precision: str = "float32",
    *,
    model_sha256: str = "",
    verify: bool = True,
) -> dict[str, Any]:
    """Write a controller as ONNX models of a tick and of its start, and a manifest.

    Args:
        program: controller as plain data.
        folder: folder of the files; must not exist or be empty.
        prefix: name of the controller, stem of the files.
        precision: `float32` or `float64`.
        model_sha256: hash of the model's document.
        verify: replay a trace in onnxruntime beside an engine.

    Returns:
        The content of `manifest.json`.

    Raises:
        ParameterError: another precision, a folder with files, or a replay that differs.
        MissingExtraError: `onnx`, or `onnxruntime` for `verify`, is not installed.
        RunError: the folder cannot be written.
    """
    if precision not in TOLERANCES:
        raise ParameterError(f"precision is {precision!r}; expected one of {', '.join(TOLERANCES)}")
    require_empty(folder)
    program.require_sums("ONNX")
    models = onnx_models(program, prefix, precision, model_sha256)
    files = {f"{prefix}.onnx": models.tick}
    if models.start is not None:
        files[f"{prefix}_start.onnx"] = models.start
    verification = _verified(program, models, precision) if verify else None

    def fill(partial: Path) -> dict[str, Any]:
        for file, content in files.items():
            (partial / file).write_bytes(content)
        return common_entries(program, prefix, precision, model_sha256) | {
            "opset": OPSET,
            "states": [{"name": s.name, "shape": list(s.shape)} for s in models.states],
            "nodes": len(require("onnx", "onnx").load_from_string(models.tick).graph.node),
            "files": list(files),
            "verification": verification,
        }

    return write_export(folder, fill)


def _verified(program: Program, models: OnnxModels, precision: str) -> dict[str, Any]:
    """Return the comparison of onnxruntime with an engine.

    Raises:
        ParameterError: they differ.
    """
    inputs = trace_inputs(program.usual, precision)
    trace, reference = OnnxSession.of_models(models).run(inputs), REFERENCES[precision]
    difference = deviation(trace, _expected(program, inputs))
    difference.require_within(TOLERANCES[precision], reference)
    return difference.entry(len(inputs), reference, "onnxruntime")


def _expected(program: Program, inputs: np.ndarray) -> ProgramTrace:
    if inputs.dtype == np.float64:
        return run_program(program, ReferenceEngine, inputs)
    from snn_control.engines.native import NativeEngine

    return run_program(program, lambda network: NativeEngine(network, inputs.dtype), inputs)
