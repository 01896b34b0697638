"""YAML 1.2 in every reader: numbers, repeated keys, empty values, tabs, byte-order marks."""

from __future__ import annotations

import ast
import codecs
import copy
import dataclasses
import pickle
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from snn_control.config import from_mapping, read_yaml
from snn_control.controllers.place.config import PlaceConfig
from snn_control.envs.blimp.parameter_file import read_parameters
from snn_control.envs.blimp.parameters import BlimpParameters
from snn_control.errors import ConfigError, RunError, SnnControlError
from snn_control.resources import configs_folder
from snn_control.ros.base.parameter_files import check_parameter_file, check_parameter_files
from snn_control.runs import config_file
from snn_control.studies import STUDIES, config_type, read_study
from snn_control.training.evolve import EvolveConfig, strategy_settings
from snn_control.training.optimisation import ENVIRONMENT_METHODS, METHODS, read_optimisation
from snn_control.yaml_text import (
    YamlMapping,
    dump_yaml,
    line_of,
    load_yaml,
    parse_yaml,
    with_defaults,
    without,
)
from tests.paths import CASES, NO_CASES, ROOT

NUMBERS: dict[str, Any] = {
    "1e-3": 0.001, "5e-1": 0.5, "1E5": 1e5, "-2.e+1": -20.0, ".5": 0.5, "12": 12, "-3": -3,
    "010": 10, "0x1f": 31, "0o17": 15,
}  # fmt: skip
INFINITE = [".inf", "-.Inf", ".nan", "1e999", "!!float .inf"]
TEXTS = ["yes", "no", "on", "off", "y", "n", "1:1", "190:20:30", "1_000", "2024-01-01", "0b11", "="]
OTHER_TAGS = ["set {b}", "omap [b: 1]", "pairs [b: 1]", "binary aGk=", "timestamp 2024-01-01"]
CONSTANTS: dict[str, Any] = {"true": True, "False": False, "null": None, "~": None}


@pytest.mark.parametrize("text", NUMBERS)
def test_numbers_of_the_core_schema(text: str) -> None:
    value = parse_yaml(f"key: {text}", "file")["key"]
    assert (type(value), value) == (type(NUMBERS[text]), NUMBERS[text])


@pytest.mark.parametrize("text", INFINITE)
def test_numbers_that_are_not_finite_are_refused_with_their_line(text: str) -> None:
    for content, place in (
        (f"a: 1\nb: {text}\n", r"b \(line 2\)"),
        (f"a:\n  b:\n  - 1\n  - {text}\n", r"b \(line 4\)"),
        (f"a: [[{text}]]", "line 1"),
        (f"- 1\n- {text}", "line 2"),
    ):
        with pytest.raises(ConfigError, match=rf"^file: {place}: .* is not finite"):
            parse_yaml(content, "file")


@pytest.mark.parametrize("text", TEXTS)
def test_scalars_of_the_older_version_are_texts(text: str) -> None:
    assert parse_yaml(f"key: {text}", "file") == {"key": text}


@pytest.mark.parametrize("text", CONSTANTS)
def test_constants(text: str) -> None:
    assert parse_yaml(f"key: {text}", "file")["key"] is CONSTANTS[text]


@pytest.mark.parametrize(
    "value", [*TEXTS, *NUMBERS, *INFINITE, *CONSTANTS, "", "a: b", "#", "1.5", "ä\t"]
)
def test_written_texts_are_texts_in_both_versions(value: str) -> None:
    text = dump_yaml({"key": value})
    assert parse_yaml(text, "file") == yaml.safe_load(text) == {"key": value}


def test_written_numbers_are_equal_in_both_versions() -> None:
    content = {"a": 1e-7, "b": 1e300, "c": -3, "d": True, "e": None, "f": [0.1, {"g": 1e16}]}
    assert parse_yaml(dump_yaml(content), "file") == yaml.safe_load(dump_yaml(content)) == content


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", r"file: line 3: key 'a' appears twice, first in line 1"),
        ("x:\n  a: 1\n  'a': 3\n", r"file: line 3: key 'a' appears twice, first in line 2"),
        ("x: {a: 1, a: 2}\n", r"file: line 1: key 'a' appears twice"),
        ("1: x\n0x1: y\n", r"file: line 2: key 1 appears twice"),
        ("a: 1\n\tb: 2\n", r"file: line 2: "),
        ("a: [1\nb: 2\n", r"file: line 2: not YAML"),
        ("a: !!python/object:os.system {}\n", r"file: line 1: not YAML"),
        ("[" * 3000, r"file: line 1: not YAML"),
        ("a: 1\n---\nb: 2\n", r"file: line 2: not YAML"),
        ("x: 1\na: " + "9" * 5000, r"file: line 2: not YAML"),
        ("x: 1\na: !!bool maybe\n", r"file: line 2: not YAML \('maybe' is no bool\)"),
        ("a: !!bool yes\n", r"file: line 1: not YAML \('yes' is no bool\)"),
        ("a: !!int 1.5\n", r"file: line 1: not YAML \('1.5' is no int\)"),
        ("a: !!float x\n", r"file: line 1: not YAML \('x' is no float\)"),
        ("a: !!null x\n", r"file: line 1: not YAML \('x' is no null\)"),
        ("a: !!int [1]\n", r"file: line 1: not YAML"),
        *((f"x: 1\na: !!{tag}\n", r"file: line 2: not YAML .*tag") for tag in OTHER_TAGS),
        ("a: &x [*x]\n", r"file: line 1: not YAML"),
        ("x: 1\n<<: 5\n", r"file: line \d: not YAML"),
        ("x: 1\na: b\x01c\n", r"file: line 2: not YAML"),
        ("{[1]: 2}", r"file: line 1: expected a text as key"),
        ("x: 1\na: b\0c\n", r"file: line 2: "),
    ],
)
def test_faults_have_file_and_line(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_yaml(text, "file")


@pytest.mark.parametrize(
    "data",
    [
        codecs.BOM_UTF8 + b"a: 1\r\n",
        codecs.BOM_UTF16_LE + "a: 1\n".encode("utf-16-le"),
        codecs.BOM_UTF16_BE + "a: 1\n".encode("utf-16-be"),
        b"a:\t1\n",
        b"a: \t 1\t# comment\n",
        b"a: &x 1\n",
    ],
)
def test_marks_tabs_and_line_ends_are_read(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(data)
    assert load_yaml(path) == {"a": 1}


def test_undecodable_bytes_have_their_line(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(b"a: 1\nb: \xff\n")
    with pytest.raises(ConfigError, match=r"x\.yaml: line 2: not utf-8"):
        load_yaml(path)


def test_mappings_are_copied_and_written_as_plain_ones() -> None:
    content = parse_yaml("a: {b: 1}\n", "file")

    @dataclasses.dataclass
    class Owner:
        content: Any

    for copied in (copy.deepcopy(content), pickle.loads(pickle.dumps(content))):
        assert copied == content
        assert copied["a"].lines == {"b": 1}
    assert dataclasses.asdict(Owner(content)) == {"content": {"a": {"b": 1}}}
    assert dump_yaml(content) == "a:\n  b: 1\n"


def test_tags_of_the_core_schema() -> None:
    text = "a: !!str 1\nb: !!float 1\nc: !!int '1'\nd: !!bool true\ne: !!null ''\nf: !!seq [1]\n"
    content = parse_yaml(text, "file")
    assert content == {"a": "1", "b": 1.0, "c": 1, "d": True, "e": None, "f": [1]}
    assert isinstance(content["b"], float)


def test_merged_keys_have_their_lines() -> None:
    content = parse_yaml("base: &b\n  x: yes\nown:\n  <<: *b\n  y: 3\n", "file")["own"]
    assert (line_of(content, "x"), line_of(content, "y")) == (" (line 2)", " (line 5)")


def test_lines_stay_in_copies() -> None:
    content = parse_yaml("a: 1\nb: 2\n", "file")
    for copied in (
        YamlMapping(content), without(content, "b"), with_defaults(content, {"a": 5, "c": 3}),
    ):  # fmt: skip
        assert line_of(copied, "a") == " (line 1)"
        assert copied["a"] == 1
    assert without(content, "b", "none") == {"a": 1}
    assert with_defaults(content, {"c": 3}) == {"a": 1, "b": 2, "c": 3}
    assert content == {"a": 1, "b": 2}


def test_merge_keys_override() -> None:
    text = "base: &b {x: 1, y: 2}\nown:\n  <<: *b\n  y: 3\n"
    assert parse_yaml(text, "file")["own"] == {"x": 1, "y": 3}


def _evolution(path: Path) -> Any:
    content, where = read_yaml(path)
    return from_mapping(BlimpParameters, content, where)


READERS: dict[str, Callable[[Path], Any]] = {
    "configuration": _evolution,
    "blimp parameters": read_parameters,
    "parameters of nodes": check_parameter_file,
    "arguments of nodes": lambda path: check_parameter_files(
        ["node", "--ros-args", "--params-file", str(path)]
    ),
    "configuration of a run": config_file.read,
}
"""All readers of YAML files."""
KEY = "thrust_gain_m_s2"


TYPED = ("configuration", "blimp parameters")
"""Readers that compare texts with the types of the fields; a node does it with its parameters."""


@pytest.mark.parametrize(
    ("reader", "fault"),
    [(reader, fault) for reader in READERS for fault in ("twice", ".nan")]
    + [(reader, fault) for reader in TYPED for fault in ("yes", "1:1")]
    + [(reader, "") for reader in READERS if reader != "configuration of a run"],
)
def test_every_reader_names_file_key_and_line(reader: str, fault: str, tmp_path: Path) -> None:
    path = tmp_path / "file.yaml"
    lines = f"{KEY}: 1.1\n{KEY}: 1.2\n" if fault == "twice" else f"spread: 0.1\n{KEY}: {fault}\n"
    path.write_text(lines)
    with pytest.raises((ConfigError, RunError)) as caught:
        READERS[reader](path)
    for part in (str(path), "line 2", KEY):
        assert part in str(caught.value)


@pytest.mark.parametrize("reader", READERS)
def test_every_reader_takes_exponents_tabs_and_marks(reader: str, tmp_path: Path) -> None:
    path = tmp_path / "file.yaml"
    path.write_bytes(codecs.BOM_UTF8 + f"{KEY}:\t11e-1\n".encode())
    content = READERS[reader](path)
    if isinstance(content, dict):
        assert content == {KEY: 1.1}


METHOD_TYPES = {
    method.config_type: name
    for methods in (METHODS, ENVIRONMENT_METHODS)
    for name, method in methods.items()
}
CONFIGS = [
    BlimpParameters,
    PlaceConfig,
    *METHOD_TYPES,
    *(config_type(name) for name in STUDIES),
]


def _fields_of(kind: type) -> list[tuple[type, str]]:
    hints = typing.get_type_hints(kind)
    return [(kind, f.name) for f in dataclasses.fields(kind) if hints[f.name] in (float, int, bool)]  # type: ignore[arg-type]


FIELDS = [entry for kind in CONFIGS for entry in _fields_of(kind)]


@pytest.mark.parametrize(("kind", "name"), FIELDS)
def test_no_field_takes_another_type(kind: type, name: str) -> None:
    for text in (".nan", ".inf", "yes", "1:1", "", "'1'", "[1]"):
        with pytest.raises(SnnControlError, match=rf"file: {name} \(line 2\): .*expected"):
            from_mapping(kind, parse_yaml(f"# x\n{name}: {text}\n", "file"), "file")


def _written(path: Path, text: str, key: str, value: str) -> int:
    """Write a configuration with a value in its last line; return the number of the line."""
    text = dump_yaml(without(parse_yaml(text, "file"), key)) + f"{key}: {value}\n"
    path.write_text(text)
    return text.count("\n")


def _shipped(kind: type) -> str:
    for path in sorted(configs_folder().glob("*.yaml")):
        text = path.read_text()
        if f"method: {METHOD_TYPES[kind]}\n" in text and type(read_optimisation(path)) is kind:
            return text
    raise AssertionError(kind)


def _read_evolution(path: Path) -> EvolveConfig:
    config = read_optimisation(path)
    assert isinstance(config, EvolveConfig)
    return config


WRONG = [".nan", ".inf", "yes", "[1]"]


@pytest.mark.parametrize("value", WRONG)
@pytest.mark.parametrize("kind", METHOD_TYPES)
def test_readers_of_methods_name_file_key_and_line(kind: type, value: str, tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    for _, name in _fields_of(kind):
        line = _written(path, _shipped(kind), name, value)
        with pytest.raises(ConfigError, match=rf"own\.yaml: {name} \(line {line}\): "):
            read_optimisation(path)


@pytest.mark.parametrize("value", WRONG)
@pytest.mark.parametrize("study", STUDIES)
def test_readers_of_studies_name_file_key_and_line(study: str, value: str, tmp_path: Path) -> None:
    path, head = tmp_path / "own.yaml", f"method: study\nstudy: {study}"
    for _, name in _fields_of(config_type(study)):
        line = _written(path, head, name, value)
        with pytest.raises(ConfigError, match=rf"own\.yaml: {name} \(line {line}\): "):
            read_study(*read_yaml(path))


@pytest.mark.parametrize(
    ("key", "value", "place"),
    [
        ("strategy_config", "{sigma: yes}", "strategy_config: sigma"),
        ("strategy_config", "{sigma: .inf}", "sigma"),
        ("start", "{gain: yes}", "start.*: gain"),
        ("start", "{gain: true}", "start.*: gain"),
        ("start", "{gain: '1'}", "start.*: gain"),
        ("start", "{gain: .nan}", "gain"),
        ("start", "{1: 1}", "start.*: 1"),
        ("task", "{fixed: {gain: [1]}}", "task.*: fixed.*: gain"),
    ],
)
def test_values_of_free_keys_have_key_and_line(
    key: str, value: str, place: str, tmp_path: Path
) -> None:
    path = tmp_path / "own.yaml"
    line = _written(path, _shipped(EvolveConfig), key, value)
    with pytest.raises(ConfigError, match=rf"{place} \(line {line}\): "):
        strategy_settings(_read_evolution(path))


def test_whole_numbers_of_free_keys_are_numbers(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    _written(path, _shipped(EvolveConfig), "start", "{gain: 2}")
    start = _read_evolution(path).start
    assert start == {"gain": 2.0}
    assert isinstance(start["gain"], float)


def test_pyyaml_is_used_in_one_module() -> None:
    users = [
        path.name
        for folder in ("snn_control", "envs", "launch")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Import) and any(alias.name == "yaml" for alias in node.names)
    ]
    assert users == ["yaml_text.py"]


@pytest.mark.skipif(not (CASES / "yaml").is_dir(), reason=NO_CASES)
def test_cases() -> None:
    refused = {"dup", "nan", "null", "sexa", "yes"}
    for path in (CASES / "yaml").glob("*.yaml"):
        if path.stem in refused:
            with pytest.raises(ConfigError, match=rf"{path.name}.*line \d") as caught:
                read_parameters(path)
            assert "thrust_gain_m_s2" in str(caught.value)
        else:
            assert all(isinstance(value, float) for value in read_parameters(path).values())
