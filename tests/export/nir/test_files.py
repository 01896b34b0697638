"""Exports to NIR by the command line: files, manifest, verification, refusals."""

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
from snn_control.export.nir import files
from snn_control.export.nir.files import export_nir, read_nir_program, write_nir
from snn_control.export.run_program import run_program
from snn_control.network import Network
from snn_control.network.program import Program
from tests.needs import NEEDS_TEST

pytest.importorskip("nir", reason=NEEDS_TEST)


@pytest.mark.parametrize("model", ["blimp-altitude", "blimp-altitude-delay"])
def test_an_export_comes_back_as_the_controller(
    model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["export", model, "--to", "nir", "--out", str(out), "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["spike_mismatches"] == data["mismatches"] == 0
    assert data["max_abs_error"] <= 1e-12
    assert {path.name for path in out.iterdir()} == {"pd.nir", "i.nir", "manifest.json"}
    assert data["verification"]["n_ticks"] == 400
    controller, program = load(model, engine=ReferenceEngine), read_nir_program(out)
    x = np.random.default_rng(5).normal(0.0, 0.5, (300, 1))
    trace = run_program(program, ReferenceEngine, x)
    actions = np.array([controller.step(row) for row in x])
    np.testing.assert_allclose(trace.actions, actions, rtol=0, atol=1e-12)
    assert trace.spikes.sum() > 1000


def test_the_last_line_is_the_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    arguments = ["export", "blimp-altitude", "--to", "nir", "--out", str(out)]
    assert main(arguments) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "0 spikes differ from the reference engine" in lines[-2]
    assert lines[-1] == str(out)
    before = {path: path.read_bytes() for path in out.iterdir()}
    assert main(arguments) == 1
    assert "is not empty" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in out.iterdir()} == before
    assert main([*arguments[:-1], str(tmp_path / "b"), "--no-verify"]) == 0
    assert "not verified" in capsys.readouterr().out


def test_refused_models_leave_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "out")
    assert main(["export", "blimp-published-lif", "--to", "nir", "--out", out]) == 1
    message = capsys.readouterr().err
    assert "soft reset of population 'encode' of network 'pd'" in " ".join(message.split())
    assert main(["export", "blimp-altitude", "--to", "nir", "--precision", "float32"]) == 2
    assert "this target has float64" in " ".join(capsys.readouterr().err.split())
    assert not list(tmp_path.iterdir())


def test_a_file_that_differs_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files without the last connection of a network: the replay detects it."""

    def write_less(network: Network, path: Path) -> None:
        write_nir(dataclasses.replace(network, connections=network.connections[:-1]), path)

    monkeypatch.setattr(files, "write_nir", write_less)
    program = load("blimp-altitude").to_program()
    with pytest.raises(ParameterError, match="differs from the reference engine"):
        export_nir(program, tmp_path / "out", "altitude")
    assert not list(tmp_path.iterdir())


def test_names_of_networks_lead_to_no_other_folder(tmp_path: Path) -> None:
    first = dataclasses.replace(load("blimp-altitude").networks[1], name="../../a")
    program = Program.of_network(first)
    twice = Program(
        program.observation_names, ("u",), 0.1, (first, first), ((0,), (0,)), ((0, 1),)
    )  # fmt: skip
    manifest = export_nir(twice, tmp_path / "out", "net")
    assert manifest["files"] == ["a_0.nir", "a_1.nir"]
    assert sorted(path.name for path in tmp_path.rglob("*.nir")) == manifest["files"]
    assert [network.name for network in read_nir_program(tmp_path / "out").networks] == [
        "../../a", "../../a",
    ]  # fmt: skip


def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nir", None)
    with pytest.raises(MissingExtraError, match=r'pip install "snn_control\[nir\]"'):
        export_nir(load("blimp-altitude").to_program(), tmp_path / "out", "altitude")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"networks": [{"file": "../pd.nir", "feeds": [0]}]}, "name of a file in this folder"),
        ({"networks": [{"file": "missing.nir", "feeds": [0]}]}, "cannot be read"),
        ({"networks": [{"file": "pd.nir", "feeds": [0], "sha256": "ab"}]}, "its hash differs"),
        ({"sums": [[7]]}, "sums"),
        ({"sums": "x"}, "JSON array"),
    ],
)
def test_damaged_manifests_are_refused(
    change: dict[str, object], message: str, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    export_nir(load("blimp-altitude").to_program(), out, "altitude", verify=False)
    manifest = json.loads((out / "manifest.json").read_text())
    (out / "manifest.json").write_text(json.dumps(manifest | change))
    with pytest.raises(ModelFileError, match=message):
        read_nir_program(out)


@pytest.mark.parametrize("wrong", [{"feeds": [[3], [0]]}, {"sums": [[0], [1]]}])
def test_manifests_that_fit_no_controller_are_refused(
    wrong: dict[str, list[list[int]]], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    export_nir(load("blimp-altitude").to_program(), out, "altitude", verify=False)
    manifest = json.loads((out / "manifest.json").read_text())
    for network, feed in zip(manifest["networks"], wrong.get("feeds", [[0], [0]]), strict=True):
        network["feeds"] = feed
    manifest["sums"] = wrong.get("sums", manifest["sums"])
    (out / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ModelFileError, match=r"feeds|sums"):
        read_nir_program(out)


def test_a_damaged_file_is_detected_before_it_is_opened(tmp_path: Path) -> None:
    out = tmp_path / "out"
    export_nir(load("blimp-altitude").to_program(), out, "altitude", verify=False)
    content = bytearray((out / "i.nir").read_bytes())
    content[len(content) // 2] ^= 1
    (out / "i.nir").write_bytes(content)
    with pytest.raises(ModelFileError, match=r"i\.nir: damaged"):
        read_nir_program(out)
