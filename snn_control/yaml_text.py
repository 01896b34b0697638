"""YAML 1.2: the one reader and writer of all YAML files.

PyYAML implements YAML 1.1, where `1e-3` is a text, `yes` a truth value and `1:1` the number 61, and
of a key that appears twice it keeps the last. Here the core schema of YAML 1.2 holds
(https://yaml.org/spec/1.2.2, 10.3), a key appears once, and numbers are finite. Merge keys (`<<`)
work as in YAML 1.1.
"""

from __future__ import annotations

import math
import re
from collections.abc import Hashable, Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from snn_control.errors import ConfigError
from snn_control.input_file import decode_text, read_text

__all__ = [
    "YamlMapping",
    "dump_yaml",
    "line_of",
    "load_yaml",
    "parse_yaml",
    "with_defaults",
    "without",
]

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
    """Mapping of a YAML file, with the line of each key; one made of another has its lines."""

    def __init__(self, items: Mapping[Any, Any] | Iterable[tuple[Any, Any]] = ()) -> None:
        super().__init__(items)
        self.lines: dict[Any, int] = dict(items.lines) if isinstance(items, YamlMapping) else {}


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
        for key_node, value_node in node.value:
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
            self._require_finite(value_node, str(key))
        self.flatten_mapping(node)
        for key_node, _ in node.value:  # now with the merged ones
            key = self.construct_object(key_node, deep=True)
            made.lines.setdefault(key, key_node.start_mark.line + 1)
        made.update(self.construct_mapping(node, deep=True))

    def _require_finite(self, node: yaml.Node, key: str) -> None:
        """Refuse numbers that are not finite, alone or in a list, with the key in the message."""
        for item in node.value if isinstance(node, yaml.SequenceNode) else [node]:
            if item.tag == _TAG + "float" and isinstance(item, yaml.ScalarNode):
                self.real(item, key)

    def null(self, node: yaml.ScalarNode) -> None:
        """Construct an empty value."""
        self._text(node)

    def truth(self, node: yaml.ScalarNode) -> bool:
        """Construct a truth value."""
        return self._text(node).lower() == "true"

    def whole(self, node: yaml.ScalarNode) -> int:
        """Construct an integer: decimal, `0o17` or `0x1f`; `010` is 10."""
        text = self._text(node)
        base = {"0o": 8, "0x": 16}.get(text[:2], 10)
        try:
            return int(text[2:] if base != 10 else text, base)
        except ValueError as exc:  # Python limits the number of digits
            raise _fault(node, f"{text[:20]}... is too large") from exc

    def real(self, node: yaml.ScalarNode, key: str = "") -> float:
        """Construct a finite number."""
        text = self._text(node)
        number = float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
        if not math.isfinite(number):
            line = f"line {node.start_mark.line + 1}"
            place = f"{key} ({line})" if key else line
            raise ConfigError(
                f"{self.where}: {place}: {text} is not finite; expected a finite number"
            )
        return number

    def merge(self, node: yaml.ScalarNode) -> str:
        """Construct the key `<<`, whose mapping is merged."""
        return self._text(node)

    def _text(self, node: yaml.ScalarNode) -> str:
        """Return the text of a scalar that has the form of its tag."""
        kind, text = node.tag.removeprefix(_TAG), str(self.construct_scalar(node))
        if not re.fullmatch(_CORE[kind][1], text):
            raise _fault(node, f"{text[:40]!r} is no {kind}")
        return text


def _fault(node: yaml.Node, problem: str) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)


_Loader.yaml_implicit_resolvers = {}
for _name, (_first, _pattern) in _CORE.items():
    _Loader.add_implicit_resolver(
        _TAG + _name,
        re.compile(f"(?:{_pattern})$"),
        [*_first, ""] if _name == "null" else [*_first],
    )
_Loader.yaml_constructors = {
    None: _Loader.construct_undefined,
    _TAG + "null": _Loader.null,
    _TAG + "bool": _Loader.truth,
    _TAG + "int": _Loader.whole,
    _TAG + "float": _Loader.real,
    _TAG + "str": _Loader.construct_yaml_str,
    _TAG + "seq": _Loader.construct_yaml_seq,
    _TAG + "map": _Loader.mapping,
    _TAG + "merge": _Loader.merge,
}


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
        ConfigError: the file cannot be read, is not YAML 1.2, or has a number that is not finite;
            the message has file and line.
    """
    return _parse(read_text(path), str(path))


def parse_yaml(text: str | bytes, where: str) -> Any:
    """Parse a YAML document; `where` is its name for error messages.

    Raises:
        ConfigError: not YAML 1.2, a key twice, or a number that is not finite; the message has the
            line.
    """
    return _parse(decode_text(text, where) if isinstance(text, bytes) else text, where)


def _parse(text: str, where: str) -> Any:
    loader: Any = None
    try:
        loader = _Loader(text)
        loader.where = where
        return loader.get_single_data()
    except ConfigError:
        raise
    except (yaml.YAMLError, ValueError, RecursionError) as exc:
        named = (getattr(exc, name, None) for name in ("problem", "context", "reason"))
        problem = next(filter(None, named), exc)
        raise ConfigError(
            f"{where}: line {_line(exc, text, loader)}: not YAML ({problem})"
        ) from exc
    finally:
        if loader is not None:
            loader.dispose()


def _line(exc: Exception, text: str, loader: Any) -> int:
    """Return the line of a fault: that of its mark, of a bad character, or of the place reached."""
    mark = getattr(exc, "problem_mark", None) or getattr(exc, "context_mark", None)
    if mark is not None:
        return int(mark.line) + 1
    place = getattr(exc, "position", None)
    return text.count("\n", 0, place) + 1 if place is not None else int(loader.line) + 1


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


def without(content: Mapping[Any, Any], *keys: Any) -> YamlMapping:
    """Return a copy without some keys; the lines of the others stay."""
    copied = YamlMapping(content)
    for key in keys:
        copied.pop(key, None)
    return copied


def with_defaults(content: Mapping[Any, Any], defaults: Mapping[Any, Any]) -> YamlMapping:
    """Return a copy with the values of absent keys; the lines of the others stay."""
    copied = YamlMapping(content)
    for key, value in defaults.items():
        copied.setdefault(key, value)
    return copied
