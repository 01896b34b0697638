"""Conversion of YAML to frozen dataclasses; unknown keys are errors that list close names."""

from __future__ import annotations

import contextlib
import dataclasses
import types
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from snn_control.errors import ConfigError, UnknownNameError, did_you_mean
from snn_control.input_file import is_file
from snn_control.resources import configs_folder
from snn_control.yaml_text import YamlMapping, dump_yaml, line_of, load_yaml, parse_yaml

__all__ = ["assigned", "flow_yaml", "from_mapping", "overridden", "read_yaml"]

T = TypeVar("T")


def read_yaml(name_or_path: str | Path) -> tuple[Any, str]:
    """Return the content of a shipped configuration or YAML file, and its path.

    Raises:
        UnknownNameError: neither a file nor a shipped configuration; the message lists close names.
        ConfigError: the file is not YAML 1.2, or a key appears twice.
    """
    path = Path(name_or_path)
    if not is_file(path):
        shipped = {p.stem: p for p in configs_folder().glob("*.yaml")}
        if str(name_or_path) not in shipped:
            raise UnknownNameError("configuration", str(name_or_path), shipped)
        path = shipped[str(name_or_path)]
    return load_yaml(path), str(path)


def assigned(assignments: Sequence[str], where: str) -> dict[str, Any]:
    """Return the values of assignments `KEY=VALUE` by dotted key; a value is YAML.

    Args:
        assignments: texts such as `task.episodes=3`.
        where: name of the option or key, for messages.

    Raises:
        ConfigError: no `=`, no key, or a value that is not YAML.
    """
    values = {}
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        if not equals or not all(key.split(".")):
            raise ConfigError(f"{where} {assignment}: expected KEY=VALUE, such as task.episodes=3")
        values[key] = parse_yaml(text, f"{where} {key}")
    return values


def overridden(content: Any, values: Mapping[str, Any]) -> Any:
    """Return a copy of a configuration with some values replaced.

    Args:
        content: keys and values, as read from YAML.
        values: values by dotted key, such as `task.scenarios`; missing mappings are created.

    Raises:
        ConfigError: a part of a key is no mapping.
    """
    for key, value in values.items():
        if not isinstance(content, Mapping):
            raise ConfigError(f"{key}: the configuration has no keys")
        content = _with_value(content, key.split("."), value, key)
    return content


def _with_value(content: Mapping[Any, Any], path: list[str], value: Any, key: str) -> YamlMapping:
    copied = YamlMapping(content)
    first, *rest = path
    if rest:
        inner = copied.get(first, {})
        if not isinstance(inner, Mapping):
            raise ConfigError(f"{key}: {first!r} is {inner!r} and has no keys")
        value = _with_value(inner, rest, value, key)
    copied[first] = value
    return copied


def from_mapping(
    cls: type[T], content: Any, where: str, kinds: Mapping[str, type[Any]] | None = None
) -> T:
    """Build the dataclass `cls` from a mapping, nested dataclasses included.

    Args:
        cls: a frozen dataclass.
        content: keys and values, as read from YAML.
        where: file or position for error messages.
        kinds: concrete classes of the fields annotated with an abstract class, by field name.

    Raises:
        ConfigError: a key is unknown or a value has the wrong type; the message names the key.
    """
    if not isinstance(content, Mapping):
        raise ConfigError(f"{where}: expected keys and values, got {type(content).__name__}")
    fields = {field.name for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
    hints = {name: h for name, h in typing.get_type_hints(cls).items() if name in fields}
    hints |= kinds or {}
    values: dict[str, Any] = {}
    for key, value in content.items():
        line = line_of(content, key)
        if key not in hints:
            raise ConfigError(f"{where}{line}: unknown key {key!r}{did_you_mean(str(key), hints)}")
        values[key] = _convert(hints[key], value, f"{where}: {key}{line}")
    try:
        return cls(**values)
    except TypeError as exc:
        raise ConfigError(f"{where}: {exc}") from exc


def _convert(kind: Any, value: Any, where: str) -> Any:
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return from_mapping(kind, value, where)
    origin = typing.get_origin(kind)
    if origin is tuple and isinstance(value, list):
        return _convert_row(typing.get_args(kind), value, where)
    if kind is Path and isinstance(value, str):
        return Path(value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if origin in (typing.Union, types.UnionType):
        return _convert_to_one_of(typing.get_args(kind), value, where)
    if origin is typing.Literal:
        choices = typing.get_args(kind)
        if value not in choices:
            raise ConfigError(f"{where}: unknown {value!r}{did_you_mean(str(value), choices)}")
    plain = origin or kind
    if origin is dict and isinstance(value, Mapping):
        return _convert_mapping(typing.get_args(kind), value, where)
    flag = isinstance(value, bool) and plain in (int, float)
    if isinstance(plain, type) and (flag or not isinstance(value, plain)):
        raise ConfigError(f"{where}: {_fault(value)}; expected {_KINDS.get(plain, plain.__name__)}")
    return value


_KINDS = {
    float: "a number",
    int: "a whole number",
    bool: "true or false",
    str: "a text (in quotes, if it reads as a number)",
    tuple: "a list",
}


def _fault(value: Any) -> str:
    return "the value is empty" if value is None else f"{value!r} has the wrong type"


def _convert_row(kinds: tuple[Any, ...], values: list[Any], where: str) -> tuple[Any, ...]:
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        kinds = (kinds[0],) * len(values)
    if len(kinds) != len(values):
        raise ConfigError(f"{where}: {len(values)} values; expected {len(kinds)}")
    return tuple(
        _convert(kind, value, f"{where}[{k}]")
        for k, (kind, value) in enumerate(zip(kinds, values, strict=True))
    )


def _convert_mapping(
    kinds: tuple[Any, Any], content: Mapping[Any, Any], where: str
) -> dict[Any, Any]:
    """Convert the values of a mapping with free keys, whose lines stay."""
    converted = dict(content) if type(content) is dict else YamlMapping(content)
    for key, value in content.items():
        place = f"{where}: {key}{line_of(content, key)}"
        if kinds[0] is str and not isinstance(key, str):
            raise ConfigError(f"{place}: the key is no text; write it in quotes")
        converted[key] = value if kinds[1] is Any else _convert(kinds[1], value, place)
    return converted


def _convert_to_one_of(kinds: tuple[Any, ...], value: Any, where: str) -> Any:
    for kind in kinds:
        with contextlib.suppress(ConfigError):
            return _convert(kind, value, where)
    names = " or ".join(getattr(kind, "__name__", str(kind)) for kind in kinds)
    raise ConfigError(f"{where}: {value!r} is not of type {names}")


def flow_yaml(value: Any) -> str:
    """Return a value of JSON types as YAML on one line."""
    return dump_yaml(value, flow=True).removesuffix("...\n").rstrip()
