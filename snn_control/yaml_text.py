"""YAML 1.2: the one reader and writer of all YAML files.

PyYAML implements YAML 1.1, where `1e-3` is a text, `yes` a truth value and `1:1` the number 61, and
of a key that appears twice it keeps the last. Here the core schema of YAML 1.2 holds
(https://yaml.org/spec/1.2.2, 10.3), and a key appears once. Merge keys (`<<`) work as in YAML 1.1.
"""

from __future__ import annotations

import math
import re
from collections.abc import Hashable, Iterable
from pathlib import Path
from typing import Any

import yaml

from snn_control.errors import ConfigError
from snn_control.input_file import decode_text, read_text

__all__ = ["YamlMapping", "dump_yaml", "line_of", "load_yaml", "parse_yaml"]

_TAG = "tag:yaml.org,2002:"
_CORE = {
    "null": ("~nN", r"~|null|Null|NULL|"),
    "bool": ("tTfF", r"true|True|TRUE|false|False|FALSE"),
    "int": ("-+0123456789", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+"),
    "float": (
        "-+.0123456789",
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"
        r"|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
    ),
    "merge": ("<", "<<"),
}
"""First characters and pattern of the plain scalars of each type but text."""


class YamlMapping(dict[Any, Any]):
    """Mapping of a YAML file, with the line of each key."""

    def __init__(self, items: Iterable[tuple[Any, Any]] = ()) -> None:
        super().__init__(items)
        self.lines: dict[Any, int] = {}


class _Loader(yaml.SafeLoader):
    where = ""

    def scan_to_next_token(self) -> None:
        """Skip blanks, comments and, where the specification allows them, tabs."""
        super().scan_to_next_token()
        while self.peek() == "\t" and (self.flow_level or not self.allow_simple_key):
            self.forward()
            super().scan_to_next_token()

    def mapping(self, node: yaml.MappingNode) -> Any:
        """Construct a mapping; a key that appears twice is an error."""
        made = YamlMapping()
        yield made
        for key_node, _ in node.value:
            line = key_node.start_mark.line + 1
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                raise ConfigError(f"{self.where}: line {line}: expected a text as key")
            if key in made.lines:
                raise ConfigError(
                    f"{self.where}: line {line}: key {key!r} appears twice, first in line "
                    f"{made.lines[key]}; remove one"
                )
            made.lines[key] = line
        self.flatten_mapping(node)
        made.update(self.construct_mapping(node, deep=True))

    def whole(self, node: yaml.ScalarNode) -> int:
        """Construct an integer: decimal, `0o17` or `0x1f`; `010` is 10."""
        text = str(self.construct_scalar(node))
        base = {"0o": 8, "0x": 16}.get(text[:2], 10)
        return int(text[2:] if base != 10 else text, base)

    def real(self, node: yaml.ScalarNode) -> float:
        """Construct a number."""
        return float(
            str(self.construct_scalar(node)).lower().replace(".inf", "inf").replace(".nan", "nan")
        )

    def merge(self, node: yaml.ScalarNode) -> str:
        """Construct the key `<<`, whose mapping is merged."""
        return str(self.construct_scalar(node))


_Loader.yaml_implicit_resolvers = {}
for _name, (_first, _pattern) in _CORE.items():
    _Loader.add_implicit_resolver(
        _TAG + _name,
        re.compile(f"(?:{_pattern})$"),
        [*_first, ""] if _name == "null" else [*_first],
    )
_Loader.add_constructor(_TAG + "map", _Loader.mapping)
_Loader.add_constructor(_TAG + "int", _Loader.whole)
_Loader.add_constructor(_TAG + "float", _Loader.real)
_Loader.add_constructor(_TAG + "merge", _Loader.merge)


class _Dumper(yaml.SafeDumper):
    def text(self, value: str) -> yaml.ScalarNode:
        """Represent a text, quoted if YAML 1.2 reads another type; PyYAML adds those of 1.1."""
        other = any(re.fullmatch(pattern, value) for _, pattern in _CORE.values())
        return self.represent_scalar(_TAG + "str", value, style="'" if other else None)


_Dumper.add_representer(str, _Dumper.text)
_Dumper.add_representer(YamlMapping, yaml.SafeDumper.represent_dict)


def load_yaml(path: str | Path) -> Any:
    """Read a YAML file; None if it is empty.

    Raises:
        ConfigError: the file cannot be read or is not YAML 1.2; the message has file and line.
    """
    return _parse(read_text(path), str(path))


def parse_yaml(text: str | bytes, where: str) -> Any:
    """Parse a YAML document; `where` is its name for error messages.

    Raises:
        ConfigError: not YAML 1.2, or a key appears twice; the message has the line.
    """
    return _parse(decode_text(text, where) if isinstance(text, bytes) else text, where)


def _parse(text: str, where: str) -> Any:
    loader: Any = None
    try:
        loader = _Loader(text)
        loader.where = where
        return loader.get_single_data()
    except yaml.MarkedYAMLError as exc:
        mark = exc.problem_mark or exc.context_mark
        line = f"line {mark.line + 1}: " if mark else ""
        raise ConfigError(f"{where}: {line}not YAML ({exc.problem or exc.context})") from exc
    except (yaml.YAMLError, ValueError, RecursionError) as exc:
        if isinstance(exc, ConfigError):
            raise
        raise ConfigError(f"{where}: not YAML ({exc})") from exc
    finally:
        if loader is not None:
            loader.dispose()


def dump_yaml(value: Any, *, flow: bool = False) -> str:
    """Return plain values as YAML that readers of both versions understand; `flow`: on one line."""
    text = yaml.dump(
        value,
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=flow,
        width=math.inf if flow else 80,
    )
    return str(text)


def line_of(content: Any, key: Any) -> str:
    """Return ` (line N)` for a key of a mapping of `load_yaml`; empty for another mapping."""
    lines = content.lines if isinstance(content, YamlMapping) else {}
    return f" (line {lines[key]})" if key in lines else ""
