"""Exports to ONNX by the command line: files, manifest, verification, refusals."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from snn_control.cli.main import main
from snn_control.controllers import load
from snn_control.engines.reference import ReferenceEngine
from snn_control.errors import MissingExtraError, ModelFileError, ParameterError
from snn_control.export.onnx import files
from snn_control.export.onnx.files import export_onnx
from snn_control.export.onnx.model import OnnxModels, onnx_models
from snn_control.export.onnx.session import OnnxSession
from snn_control.export.run_program import run_program
from snn_control.network.program import Program
from tests.needs import NEEDS_TEST

onnx = pytest.importorskip("onnx", reason=NEEDS_TEST)
pytest.importorskip("onnxruntime", reason=NEEDS_TEST)


@pytest.mark.parametrize(("precision", "tolerance"), [("float64", 1e-12), ("float32", 1e-5)])
def test_an_export_runs_in_onnxruntime(
    precision: str, tolerance: float, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    arguments = ["export", "blimp-altitude", "--to", "onnx", "--precision", precision]
    assert main([*arguments, "--out", str(out), "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["spike_mismatches"] == data["mismatches"] == 0
    assert data["max_abs_error"] <= tolerance
    assert {path.name for path in out.iterdir()} == {*data["files"], "manifest.json"}
    assert data["files"] == ["blimp_altitude.onnx", "blimp_altitude_start.onnx"]
    x = np.random.default_rng(5).normal(0.0, 0.5, (100, 1))
    expected = run_program(load("blimp-altitude").to_program(), ReferenceEngine, x)
    actions = OnnxSession.load(out).run(x).actions
    np.testing.assert_allclose(actions, expected.actions, rtol=0, atol=tolerance)


def test_a_controller_without_state_is_one_file(tmp_path: Path) -> None:
    program = Program.of_network(load("blimp-adaptive").networks[0])
    manifest = export_onnx(program, tmp_path / "out", "adaptive")
    assert manifest["files"] == ["adaptive.onnx"]
    assert manifest["states"] == []
    x = np.random.default_rng(5).normal(0.0, 0.5, (100, 2))
    expected = run_program(program, ReferenceEngine, x)
    trace = OnnxSession.load(tmp_path / "out").run(x)
    np.testing.assert_array_equal(trace.spikes, expected.spikes)


def test_models_that_differ_are_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def less(program: Program, *rest: str) -> OnnxModels:
        cut = [dataclasses.replace(n, connections=n.connections[:-1]) for n in program.networks]
        return onnx_models(dataclasses.replace(program, networks=tuple(cut)), *rest)

    monkeypatch.setattr(files, "onnx_models", less)
    with pytest.raises(ParameterError, match="differs from the native engine"):
        export_onnx(load("blimp-altitude").to_program(), tmp_path / "out", "altitude")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("package", ["onnx", "onnxruntime"])
def test_a_missing_package_is_named(
    package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    program = load("blimp-altitude").to_program()
    with pytest.raises(MissingExtraError, match=r'pip install "snn_control\[onnx\]"'):
        export_onnx(program, tmp_path / "out", "altitude")
    assert not list(tmp_path.iterdir())


def test_wrong_precisions_and_damaged_files_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", "blimp-altitude", "--to", "onnx", "--precision", "int8"]) == 2
    assert "this target has float32, float64" in " ".join(capsys.readouterr().err.split())
    out = tmp_path / "out"
    export_onnx(load("blimp-altitude").to_program(), out, "altitude", verify=False)
    with pytest.raises(ParameterError, match="is not empty"):
        export_onnx(load("blimp-altitude").to_program(), out, "altitude")
    content = (out / "altitude.onnx").read_bytes()
    for damaged in (b"", content[:100], b"x" * 50):
        (out / "altitude.onnx").write_bytes(damaged)
        with pytest.raises(ModelFileError):
            OnnxSession.load(out)
    (out / "altitude.onnx").unlink()
    with pytest.raises(ModelFileError, match="cannot be read"):
        OnnxSession.load(out)
