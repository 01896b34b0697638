"""Broken model files: every fault is a `ModelFileError` that names the file."""

from __future__ import annotations

import copy
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from snn_control.controllers import load, save
from snn_control.errors import ModelFileError
from snn_control.network import Network, load_network, save_network
from snn_control.runs.checksums import CHECKSUM
from tests.conformance.networks import make

FUZZ = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
KeyPath = tuple[str | int, ...]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    save_network(make("iwta-own", "sparse"), folder / "sparse")
    save_network(make("iwta-input", "shared"), folder / "shared")
    return folder


def documents(folder: Path) -> dict[str, Any]:
    """Return the documents without their checksum, as in files of earlier versions."""
    return {name: without_checksum(folder / f"{name}.json") for name in ("sparse", "shared")}


def without_checksum(path: Path) -> Any:
    document = json.loads(path.read_text())
    del document[CHECKSUM]
    return document


def arrays(folder: Path, name: str) -> dict[str, np.ndarray]:
    return safetensors.numpy.load((folder / f"{name}.safetensors").read_bytes())


def write(path: Path, document: Any, tensors: dict[str, np.ndarray]) -> Path:
    """Write a model with a valid checksum."""
    content = safetensors.numpy.save(tensors)
    path.with_suffix(".safetensors").write_bytes(content)
    document = document | {"arrays_sha256": hashlib.sha256(content).hexdigest()}
    path.with_suffix(".json").write_text(json.dumps(document))
    return path


def assert_refused(path: Path, pattern: str = "") -> None:
    with pytest.raises(ModelFileError) as caught:
        load_network(path)
    message = str(caught.value)
    assert str(path) in message
    assert re.search(pattern, message), message
    message.encode("utf-8")


def loads(path: Path) -> bool:
    """Return True if the file loads, False on a `ModelFileError` with its name."""
    try:
        return isinstance(load_network(path), Network)
    except ModelFileError as error:
        if str(path) not in str(error):
            raise
        return False


def key_paths(value: Any, key_path: KeyPath = ()) -> Iterator[KeyPath]:
    """Yield the key path of every value of a document."""
    if key_path:
        yield key_path
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from key_paths(item, (*key_path, key))


def changed(document: Any, key_path: KeyPath, change: Callable[[Any, Any], None]) -> Any:
    document = copy.deepcopy(document)
    inner = document
    for key in key_path[:-1]:
        inner = inner[key]
    change(inner, key_path[-1])
    return document


def put(value: Any) -> Callable[[Any, Any], None]:
    def change(inner: Any, key: Any) -> None:
        inner[key] = value

    return change


def drop(inner: Any, key: Any) -> None:
    del inner[key]


def test_truncated_files_are_refused(folder: Path, tmp_path: Path) -> None:
    for suffix in (".json", ".safetensors"):
        for other in (".json", ".safetensors"):
            (tmp_path / f"cut{other}").write_bytes((folder / f"sparse{other}").read_bytes())
        whole = (folder / f"sparse{suffix}").read_bytes()
        ends = {*range(0, len(whole) - 2, 37), *range(20), *range(len(whole) - 20, len(whole) - 2)}
        for end in sorted(ends):
            (tmp_path / f"cut{suffix}").write_bytes(whole[:end])
            assert_refused(tmp_path / "cut")


@FUZZ
@given(where=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_bit_in_the_arrays_is_refused(folder: Path, where: float, bit: int) -> None:
    path = folder / "flipped"
    content = bytearray((folder / "sparse.safetensors").read_bytes())
    content[int(where * len(content))] ^= 1 << bit
    path.with_suffix(".safetensors").write_bytes(content)
    path.with_suffix(".json").write_bytes((folder / "sparse.json").read_bytes())
    assert_refused(path, r"arrays_sha256|\.safetensors: ")


@FUZZ
@given(where=st.floats(0, 1, exclude_max=True), byte=st.integers(0, 255))
def test_a_changed_byte_loads_or_is_an_error_with_the_file_name(
    folder: Path, where: float, byte: int
) -> None:
    path = folder / "changed"
    for suffix in (".json", ".safetensors"):
        content = bytearray((folder / f"shared{suffix}").read_bytes())
        if suffix == ".json":
            content[int(where * len(content))] = byte
        path.with_suffix(suffix).write_bytes(content)
    loads(path)


@FUZZ
@given(where=st.floats(0, 1, exclude_max=True), byte=st.integers(0, 255))
def test_changed_arrays_with_a_valid_checksum_load_or_are_refused(
    folder: Path, where: float, byte: int
) -> None:
    path = folder / "forged"
    content = bytearray((folder / "shared.safetensors").read_bytes())
    content[int(where * len(content))] = byte
    path.with_suffix(".safetensors").write_bytes(content)
    document = documents(folder)["shared"]
    document["arrays_sha256"] = hashlib.sha256(content).hexdigest()
    path.with_suffix(".json").write_text(json.dumps(document))
    loads(path)


def test_every_missing_field_is_named(folder: Path, tmp_path: Path) -> None:
    for name, document in documents(folder).items():
        for key_path in key_paths(document):
            if isinstance(key_path[-1], str):
                broken = changed(document, key_path, drop)
                path = write(tmp_path / "x", broken, arrays(folder, name))
                if key_path == ("arrays_sha256",):
                    continue
                assert_refused(path, rf"{re.escape(key_path[-1])}|array")


def test_every_unknown_field_is_named(folder: Path, tmp_path: Path) -> None:
    document = documents(folder)["shared"]
    for key_path in key_paths(document):
        inner = document
        for key in key_path:
            inner = inner[key]
        if isinstance(inner, dict):
            broken = changed(document, (*key_path, "weigths"), put(1))
            assert_refused(write(tmp_path / "x", broken, arrays(folder, "shared")), "weigths")


WRONG = {
    "a string": "10",
    "a list": [],
    "nested lists": [[[[1]]]],
    "an object": {},
    "a flag": True,
    "a huge integer": 10**400,
    "a large size": 10**12,
    "a negative number": -3,
    "a fraction": 2.5,
    "an infinite float": float("inf"),
    "NaN": float("nan"),
    "null": None,
    "an unprintable name": "\ud800",
    "an unknown array": {"array": "nothing"},
    "an array name that is not text": {"array": 3},
    "nested objects": {"array": {"array": {}}},
    "an incomplete shared array": {"shared": "connection0"},
}


@pytest.mark.parametrize("wrong", WRONG)
def test_values_of_wrong_types_raise_only_model_file_errors(
    wrong: str, folder: Path, tmp_path: Path
) -> None:
    """Load or refuse each value with a `ModelFileError`; some values are valid in some fields."""
    value, refusals = WRONG[wrong], 0
    for name, document in documents(folder).items():
        tensors = arrays(folder, name)
        for key_path in key_paths(document):
            path = write(tmp_path / "x", changed(document, key_path, put(value)), tensors)
            if key_path == ("arrays_sha256",):
                continue
            refusals += not loads(path)
    assert refusals > 50


def network_change(*key_path: str | int, to: Any) -> Callable[[Any], Any]:
    return lambda document: changed(document, ("network", *key_path), put(to))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (network_change("populations", 1, "size", to="6"), r"populations\[1\].size.*'6'"),
        (network_change("populations", 1, "size", to=-6), r"populations\[1\].size"),
        (network_change("populations", 2, "size", to=10**12), r"populations\[2\].size"),
        (network_change("populations", 0, "name", to="cells"), "names must differ"),
        (network_change("inputs", to=["a", "a"]), "inputs.*distinct"),
        (network_change("sub_ticks", to=10**9), "sub_ticks"),
        (network_change("sub_ticks", to=True), "sub_ticks"),
        (network_change("connections", 1, "delay_ticks", to=10**8), "delay_ticks"),
        (network_change("connections", 1, "delay_ticks", to=1.0), "delay_ticks"),
        (network_change("connections", 1, "kind", to="dens"), r"connections\[1\].kind"),
        (network_change("connections", 1, "port", to=["current"]), r"connections\[1\].port"),
        (network_change("control_period_s", to=None), "control_period_s"),
        (network_change("control_period_s", to=10**400), "control_period_s"),
        (network_change("control_period_s", to=-0.1), "control_period_s"),
        (network_change("start", to="Rest"), "start"),
        (network_change("readouts", 0, "neuron", to=5), "neuron 5 of 1"),
        (network_change("readouts", 0, "population", to="cell"), "Did you mean: `cells`"),
        (network_change("populations", 1, "variant", "own_spikes", to="no"), "own_spikes"),
        (network_change("populations", 1, "parameters", "threshold", to=None), "cells.threshold"),
        (network_change("populations", 1, "parameters", "tau_mem_s", to=-1), "cells.tau_mem_s"),
        (lambda d: d | {"schema_version": True}, "schema_version"),
        (lambda d: d | {"schema_version": "1"}, "schema_version"),
        (lambda d: d | {"schema_version": 2}, "schema_version is 2.*reads 1"),
        (lambda d: d | {"kind": []}, "kind"),
        (lambda d: d | {"network": []}, "network"),
    ],
)
def test_errors_name_the_field(change: Any, message: str, folder: Path, tmp_path: Path) -> None:
    document = change(documents(folder)["sparse"])
    assert_refused(write(tmp_path / "x", document, arrays(folder, "sparse")), message)


def test_the_memory_of_a_load_is_bounded(folder: Path, tmp_path: Path) -> None:
    """Test the limits of the sum of the sizes and of its product with the largest delay."""
    many = documents(folder)["sparse"]
    for population in many["network"]["populations"]:
        population["size"] = 900_000
    assert_refused(
        write(tmp_path / "x", many, arrays(folder, "sparse")),
        "2700000 neurons, expected at most",
    )
    delayed = documents(folder)["sparse"]
    idle: dict[str, Any] = {"name": "idle", "model": "graded", "variant": {}}
    idle |= {"size": 900_000, "parameters": {"bias": 0.0, "ceiling": None}}
    delayed["network"]["populations"].append(idle)
    delayed["network"]["connections"][1]["delay_ticks"] = 9000
    assert_refused(
        write(tmp_path / "x", delayed, arrays(folder, "sparse")), "9000 ticks of 900015 outputs"
    )


def test_duplicate_readout_names_are_refused(folder: Path, tmp_path: Path) -> None:
    document = documents(folder)["sparse"]
    document["network"]["readouts"] *= 2
    assert_refused(write(tmp_path / "x", document, arrays(folder, "sparse")), "readouts: names")


def test_duplicate_names_in_an_object_are_refused(folder: Path, tmp_path: Path) -> None:
    text = (folder / "sparse.json").read_text()
    path = write(tmp_path / "x", documents(folder)["sparse"], arrays(folder, "sparse"))
    path.with_suffix(".json").write_text('{"kind": "network",' + text.lstrip()[1:])
    assert_refused(path, "duplicate name 'kind'")


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "", "null", "1" * 5000, "[]"])
def test_texts_other_than_a_document_are_refused(text: str, folder: Path, tmp_path: Path) -> None:
    path = write(tmp_path / "x", documents(folder)["sparse"], arrays(folder, "sparse"))
    path.with_suffix(".json").write_text(text)
    assert_refused(path)


def test_deeply_nested_values_are_refused(folder: Path, tmp_path: Path) -> None:
    path = write(tmp_path / "x", documents(folder)["sparse"], arrays(folder, "sparse"))
    text = json.dumps(documents(folder)["sparse"])
    for depth in (100, 700, 900, 950, 990):
        path.with_suffix(".json").write_text(
            text.replace('"sub_ticks": 1', '"sub_ticks": ' + "[" * depth + "]" * depth)
        )
        assert_refused(path)


@pytest.mark.parametrize(
    ("array", "value", "message"),
    [
        ("connection0.weights", np.full((2, 6), np.nan), "connection0.weights holds NaN"),
        ("connection0.weights", np.full((2, 6), np.inf), r"input->drivers.weights: not finite"),
        ("connection0.weights", np.ones((6, 2)), r"input->drivers.weights: shape \(6, 2\)"),
        ("connection0.weights", np.ones((2, 6), np.int64), "weights.*holds int64"),
        ("connection0.weights", np.ones((2, 6), np.float32), "weights.*holds float32"),
        ("connection2.pre", np.full(12, 99), "pre: must ascend"),
        ("connection2.pre", np.arange(12)[::-1].copy(), "pre: must ascend"),
        ("connection2.post", np.full(12, -1), "post: outside"),
        ("connection2.post", np.zeros(12), "post.*holds float64"),
        ("connection2.post", np.zeros((3, 4), np.int64), "`pre` and `post`"),
    ],
)
def test_invalid_arrays_are_refused(
    array: str, value: np.ndarray, message: str, folder: Path, tmp_path: Path
) -> None:
    tensors = arrays(folder, "sparse")
    assert array in tensors
    assert_refused(
        write(tmp_path / "x", documents(folder)["sparse"], tensors | {array: value}), message
    )


@pytest.mark.parametrize(
    ("part", "value", "message"),
    [
        ("index", np.full(6, 99), "index outside"),
        ("sign", np.full(6, 7, np.int8), "signs must be"),
        ("sign", np.ones(5, np.int8), "differ in shape"),
        ("values", np.ones((3, 1)), "one axis"),
        ("index", np.zeros(6), "holds float64"),
    ],
)
def test_invalid_shared_arrays_are_refused(
    part: str, value: np.ndarray, message: str, folder: Path, tmp_path: Path
) -> None:
    tensors = arrays(folder, "shared") | {f"connection2.weights.{part}": value}
    assert_refused(write(tmp_path / "x", documents(folder)["shared"], tensors), message)


def test_errors_of_a_controller_file_name_the_network(tmp_path: Path) -> None:
    path = save(load("blimp-altitude"), tmp_path / "x")  # type: ignore[arg-type]
    document = without_checksum(path)
    for key_path, value, message in (
        (("controller",), "altitud", "controller.*'altitude'"),
        (("networks",), [], "at least one"),
        (("networks", 1, "populations", 0, "size"), -1, r"networks\[1\].populations\[0\].size"),
        (("networks", 1, "inputs"), ["depth_m"], "height_error_m"),
    ):
        path.write_text(json.dumps(changed(document, key_path, put(value))))
        with pytest.raises(ModelFileError, match=message) as caught:
            load(path)
        assert str(path) in str(caught.value)
