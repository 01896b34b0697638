"""YAML files of blimp parameters: field names of `BlimpParameters` and their values."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml

from snn_control.envs.blimp.parameters import BlimpParameters
from snn_control.errors import ConfigError, ParameterError, UnknownNameError

__all__ = ["read_parameters", "write_parameters"]


def read_parameters(path: str | Path) -> dict[str, Any]:
    """Read overrides for `gymnasium.make(..., parameters=...)`.

    Raises:
        ConfigError: the file cannot be read, is not a mapping, or contains an unknown parameter or
            a value out of range; the message names file and key.
    """
    try:
        content = yaml.safe_load(Path(path).read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as exc:
        raise ConfigError(f"{path}: cannot be read as YAML ({exc})") from exc
    if not isinstance(content, dict) or not content:
        raise ConfigError(
            f"{path}: expected blimp parameters and values, such as `thrust_gain_m_s2: 1.1`"
        )
    try:
        BlimpParameters().override({str(key): value for key, value in content.items()})
    except (UnknownNameError, ParameterError) as exc:
        raise ConfigError(f"{path}: {exc}") from exc
    except TypeError as exc:
        raise ConfigError(f"{path}: a value is not a number ({exc})") from exc
    return content


def write_parameters(parameters: dict[str, float], path: str | Path, comment: str) -> Path:
    """Write parameters in their order below a comment line, atomically.

    Raises:
        ConfigError: the file cannot be written.
    """
    path = Path(path)
    text = f"# {comment}\n" + yaml.safe_dump(parameters, sort_keys=False)
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
