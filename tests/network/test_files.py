"""Network files: round trips, byte stability and errors for broken files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from snn_control.engines.reference import ReferenceEngine
from snn_control.errors import ModelFileError
from snn_control.network import load_network, save_network
from snn_control.network.files import read_pair, write_pair
from snn_control.runs.checksums import to_json
from tests.conformance.networks import CASES, inputs, make


@pytest.mark.parametrize("case", CASES, ids="/".join)
def test_a_round_trip_changes_nothing(case: tuple[str, str], tmp_path: Path) -> None:
    network = make(*case)
    save_network(network, tmp_path / "a")
    loaded = load_network(tmp_path / "a")
    x = inputs(30)
    np.testing.assert_array_equal(
        ReferenceEngine(loaded).run(x).readouts, ReferenceEngine(network).run(x).readouts
    )
    save_network(loaded, tmp_path / "b")
    for suffix in (".json", ".safetensors"):
        a, b = ((tmp_path / name).with_suffix(suffix).read_bytes() for name in "ab")
        assert a == b


def test_arrays_may_have_any_name(tmp_path: Path) -> None:
    tensors = {name: np.arange(3.0) + k for k, name in enumerate(("_last", "", "__x__", "a"))}
    write_pair(tmp_path / "a", {"kind": "x"}, tensors)
    _, loaded = read_pair(tmp_path / "a", "x")
    assert {name: value.tolist() for name, value in loaded.items()} == {
        name: value.tolist() for name, value in tensors.items()
    }


class NoMemory:
    """Decoder without memory."""

    @staticmethod
    def load(content: bytes) -> None:
        raise MemoryError


def test_a_lack_of_memory_is_no_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_network(make("lif-soft", "dense"), tmp_path / "a")
    monkeypatch.setattr(safetensors, "numpy", NoMemory)
    with pytest.raises(MemoryError):
        load_network(tmp_path / "a")


def test_an_infinite_time_constant_is_null(tmp_path: Path) -> None:
    path = save_network(make("iwta-input", "dense"), tmp_path / "a")
    cells = json.loads(path.read_text())["network"]["populations"][1]
    assert cells["parameters"]["tau_adaptation_s"] is None


def broken_file(tmp_path: Path, change: object) -> Path:
    path = save_network(make("lif-soft", "dense"), tmp_path / "a")
    document = json.loads(path.read_text())
    change(document)  # type: ignore[operator]
    path.write_bytes(to_json(document))
    return path


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.update(schema_version=99), "schema_version"),
        (lambda d: d.update(kind="controller"), "kind"),
        (lambda d: d["network"].pop("inputs"), "inputs"),
        (lambda d: d["network"]["populations"][0].update(model="liff"), r"Did you mean: `lif`"),
        (
            lambda d: d["network"]["populations"][0]["parameters"].update(tau_mem_s=-1.0),
            "drivers.tau_mem_s",
        ),
        (
            lambda d: d["network"]["populations"][0]["parameters"].update(threshold=float("nan")),
            r"populations\[0\].parameters.threshold",
        ),
    ],
)
def test_errors_of_a_document_name_the_field(change: object, message: str, tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=message):
        load_network(broken_file(tmp_path, change))


def test_truncated_files_are_refused(tmp_path: Path) -> None:
    path = save_network(make("lif-soft", "dense"), tmp_path / "a")
    arrays = path.with_suffix(".safetensors")
    arrays.write_bytes(arrays.read_bytes()[:-7])
    with pytest.raises(ModelFileError, match="truncated"):
        load_network(path)
    path.write_text(path.read_text()[:100])
    with pytest.raises(ModelFileError, match="JSON"):
        load_network(path)
    with pytest.raises(ModelFileError, match="No such file"):
        load_network(tmp_path / "nothing")
