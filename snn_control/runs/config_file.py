"""config.yaml: the resolved configuration of a run as plain YAML."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from snn_control.errors import RunError
from snn_control.runs import atomic
from snn_control.runs.metrics_file import plain


def write(path: Path, config: Any) -> None:
    """Write a dataclass or a mapping, keeping the order of its keys."""
    if dataclasses.is_dataclass(config) and not isinstance(config, type):
        config = dataclasses.asdict(config)
    text = yaml.safe_dump(plain(config), sort_keys=False, allow_unicode=True)
    atomic.write_bytes(path, text.encode())


def read(path: Path) -> dict[str, Any]:
    """Return the configuration; empty if the file is missing.

    Raises:
        RunError: the file is not a YAML mapping.
    """
    if not path.exists():
        return {}
    try:
        config = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, yaml.YAMLError) as exc:
        raise RunError(f"cannot read {path}: {exc}") from exc
    if config is not None and not isinstance(config, Mapping):
        raise RunError(f"{path} contains a {type(config).__name__}; expected keys and values")
    return dict(config or {})
