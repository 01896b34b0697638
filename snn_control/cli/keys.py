"""Keys of a configuration: type, default and meaning of each, as text or as a YAML template."""

from __future__ import annotations

import dataclasses
import textwrap
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from snn_control.config import flow_yaml
from snn_control.loops.field import field_docs
from snn_control.runs.metrics_file import plain
from snn_control.training.system import ENVIRONMENT

__all__ = [
    "Key",
    "keys_of_config",
    "keys_of_strategy",
    "keys_of_study",
    "keys_of_system",
    "listed",
    "template",
]

WIDTH = 100
NAMES = {
    int: "whole number",
    float: "number",
    bool: "true or false",
    str: "text",
    Path: "path",
    dict: "mapping",
    tuple: "list",
    type(None): "null",
}
PLAIN = (str, int, float, Path)
"""Types of the entries that a list names."""


@dataclass(frozen=True)
class Key:
    """Key that a YAML file may set."""

    name: str
    """Dotted name, such as `task.episodes`."""
    kind: str
    """Type of the value, such as `whole number or null`."""
    default: str | None
    """Default as YAML; None: the key is required."""
    meaning: str


def keys_of_config(name_or_path: str) -> list[Key]:
    """Return the keys of a shipped configuration or a YAML file, with its values as defaults.

    Raises:
        UnknownNameError, ConfigError: see `read_optimisation`.
    """
    from snn_control.training.evolve import EvolveConfig, strategy_settings
    from snn_control.training.optimisation import read_optimisation

    config = read_optimisation(name_or_path)
    keys = [*_keys(type(config), config)]
    if isinstance(config, EvolveConfig):
        settings = strategy_settings(config)
        keys = [key for key in keys if key.name != "strategy_config"]
        keys += _keys(type(settings), settings, "strategy_config.")
    return keys


def keys_of_strategy(name: str) -> list[Key]:
    """Return the keys of `strategy_config`.

    Raises:
        UnknownNameError: no such strategy; with the closest names.
    """
    from snn_control.evolution import strategy_type

    return [*_keys(strategy_type(name).config_type, None, "strategy_config.")]


def keys_of_system(name: str) -> list[Key]:
    """Return the keys of `task` of a system.

    Raises:
        UnknownNameError: no such system; with the closest names.
    """
    from snn_control.training.any_environment.task import EnvironmentTask
    from snn_control.training.systems import system

    kind = EnvironmentTask if name == ENVIRONMENT else system(name).task_type
    return [*_keys(kind, None, "task.")]


def keys_of_study(name: str) -> list[Key]:
    """Return the keys of the YAML file of a study.

    Raises:
        UnknownNameError: no such study; with the closest names.
    """
    from snn_control.studies import config_type
    from snn_control.studies.study import METHOD

    kind = config_type(name)
    return [
        Key("method", METHOD, METHOD, "Method; only in a YAML file."),
        Key("study", "text", name, "Name of the study; only in a YAML file."),
        *_keys(kind, None),
    ]


def listed(keys: list[Key]) -> str:
    """Return the keys as text, one paragraph each."""
    lines = []
    for key in keys:
        default = "required" if key.default is None else f"default {key.default}"
        lines.append(f"{key.name}: {key.kind}, {default}")
        lines += textwrap.wrap(key.meaning, WIDTH, initial_indent="    ", subsequent_indent="    ")
    return "\n".join(lines)


def template(keys: list[Key]) -> str:
    """Return the keys as YAML, each with its meaning as a comment; required ones are empty."""
    lines: list[str] = []
    opened: list[str] = []
    for key in keys:
        *path, last = key.name.split(".")
        for depth, part in enumerate(path):
            if opened[: depth + 1] != path[: depth + 1]:
                opened = path[: depth + 1]
                lines.append("  " * depth + f"{part}:")
        opened = opened[: len(path)]
        indent = "  " * len(path)
        meaning = f"{key.meaning} ({key.kind})" if key.meaning else key.kind
        comment = indent + "# "
        lines += textwrap.wrap(meaning, WIDTH, initial_indent=comment, subsequent_indent=comment)
        lines.append(f"{indent}{last}: {key.default or ''}".rstrip())
    return "\n".join(lines)


def _keys(kind: Any, instance: Any, prefix: str = "") -> Iterator[Key]:
    """Yield the keys of a dataclass; those of nested ones have dotted names."""
    docs, hints = field_docs(kind), typing.get_type_hints(kind)
    for field in dataclasses.fields(kind):
        value = _default(field) if instance is None else getattr(instance, field.name)
        own = hints[field.name]
        nested = type(value) if dataclasses.is_dataclass(value) else own
        if dataclasses.is_dataclass(nested):
            yield from _keys(nested, value if instance else None, f"{prefix}{field.name}.")
            continue
        default = None if value is dataclasses.MISSING else flow_yaml(plain(value))
        yield Key(prefix + field.name, _kind(own), default, docs.get(field.name, ""))


def _default(field: dataclasses.Field[Any]) -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default


def _kind(hint: Any) -> str:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal:
        return " | ".join(map(str, arguments))
    if origin in (typing.Union, types.UnionType):
        return " or ".join(map(_kind, arguments))
    if origin is tuple:
        return f"list of {_kind(arguments[0])}s" if arguments[0] in PLAIN else "list"
    return NAMES.get(origin or hint, getattr(hint, "__name__", str(hint)))
