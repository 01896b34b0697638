"""YAML files of blimp parameters: field names of `BlimpParameters` and their values."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from snn_control.config import from_mapping
from snn_control.envs.blimp.parameters import BlimpParameters
from snn_control.errors import ConfigError, ParameterError
from snn_control.yaml_text import dump_yaml, line_of, load_yaml

__all__ = ["read_parameters", "write_parameters"]


def read_parameters(path: str | Path) -> dict[str, Any]:
    """Read overrides for `gymnasium.make(..., parameters=...)`.

    Raises:
        ConfigError: the file cannot be read, is not a mapping, or contains an unknown parameter or
            a value out of range; the message names file and key.
    """
    content = load_yaml(path)
    if not isinstance(content, dict) or not content:
        raise ConfigError(
            f"{path}: expected blimp parameters and values, such as `thrust_gain_m_s2: 1.1`"
        )
    try:
        from_mapping(BlimpParameters, content, str(path))
    except ParameterError as exc:
        line = line_of(content, str(exc).split()[0])  # the message begins with the parameter
        raise ConfigError(f"{path}{line}: {exc}") from exc
    return dict(content)


def write_parameters(parameters: dict[str, float], path: str | Path, comment: str) -> Path:
    """Write parameters in their order below comment lines, atomically.

    Raises:
        ConfigError: the file cannot be written.
    """
    path = Path(path)
    text = "".join(f"# {line}\n" for line in comment.splitlines()) + dump_yaml(parameters)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(text, "utf-8")
        partial.replace(path)
    except OSError as exc:
        raise ConfigError(f"cannot write {path}: {exc.strerror}; choose another --out") from exc
    finally:
        with suppress(OSError):
            partial.unlink()
    return path
