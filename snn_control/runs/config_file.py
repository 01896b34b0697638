"""config.yaml: the resolved configuration of a run as plain YAML."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from snn_control.errors import ConfigError, RunError
from snn_control.runs import atomic
from snn_control.runs.metrics_file import plain
from snn_control.yaml_text import dump_yaml, load_yaml


def write(path: Path, config: Any) -> None:
    """Write a dataclass or a mapping, keeping the order of its keys."""
    if dataclasses.is_dataclass(config) and not isinstance(config, type):
        config = dataclasses.asdict(config)
    atomic.write_bytes(path, dump_yaml(plain(config)).encode())


def read(path: Path) -> dict[str, Any]:
    """Return the configuration; empty if the file is missing.

    Raises:
        RunError: the file is not a YAML mapping.
    """
    if not path.exists():
        return {}
    try:
        config = load_yaml(path)
    except ConfigError as exc:
        raise RunError(f"cannot read {exc}") from exc
    if config is not None and not isinstance(config, Mapping):
        raise RunError(f"{path} contains a {type(config).__name__}; expected keys and values")
    return dict(config or {})
