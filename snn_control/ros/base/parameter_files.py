"""Parameter files of ROS 2, checked before rcl reads them.

The parser of rcl keeps the last of two equal keys in silence, reads `.nan` as a number and reports
neither file nor key of most faults.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from snn_control.errors import ConfigError
from snn_control.input_file import read_text
from snn_control.yaml_text import line_of, parse_yaml

__all__ = ["check_parameter_file", "check_parameter_files"]

_PARAMETERS = "ros__parameters"
_TUPLE = "!!python/tuple"
"""Tag that launch_ros writes before lists; rcl ignores it."""


def check_parameter_files(arguments: Sequence[str]) -> None:
    """Check the files after each `--params-file` in the arguments of a node.

    Raises:
        ConfigError: see `check_parameter_file`.
    """
    for option, value in pairwise(arguments):
        if option == "--params-file":
            check_parameter_file(value)


def check_parameter_file(path: str | Path) -> None:
    """Refuse a parameter file that rcl would misread.

    Raises:
        ConfigError: not readable, a key twice, an empty value, or a number that is not finite; the
            message has file, key and line.
    """
    try:
        text = read_text(path)
    except ConfigError as exc:
        raise ConfigError(f"{exc}; name a readable YAML file") from exc
    content = parse_yaml(text.replace(_TUPLE, "!!seq"), str(path))
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: expected node names with {_PARAMETERS}")
    for line, key, value in _values(content, ""):
        if value is None:
            raise ConfigError(f"{path}{line}: {key}: the value is empty; write one, or remove it")


def _values(content: dict[Any, Any], place: str) -> Iterator[tuple[str, str, Any]]:
    """Yield line, key path and value of each leaf of a mapping; of lists, of each entry."""
    for key, value in content.items():
        name, line = f"{place}{key}", line_of(content, key)
        if isinstance(value, dict):
            yield from _values(value, f"{name}.")
        else:
            for entry in value if isinstance(value, list) else [value]:
                yield line, name, entry
