"""config.yaml: the resolved configuration of a run as plain YAML."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from snn_control.errors import ConfigError, RunError
from snn_control.input_file import read_bytes
from snn_control.runs import atomic
from snn_control.runs.metrics_file import plain
from snn_control.yaml_text import dump_yaml, load_yaml


def write(path: Path, config: Any) -> str:
    """Write a dataclass or a mapping, keeping the order of its keys; return the SHA-256."""
    if dataclasses.is_dataclass(config) and not isinstance(config, type):
        config = dataclasses.asdict(config)
    text = dump_yaml(plain(config)).encode()
    atomic.write_bytes(path, text)
    return hashlib.sha256(text).hexdigest()


def read(path: Path, sha256: str = "") -> dict[str, Any]:
    """Return the configuration; empty if the file is missing.

    Raises:
        RunError: the file is not a YAML mapping, or differs from `sha256`, if that is not empty.
    """
    if not path.exists():
        return {}
    if sha256 and hashlib.sha256(read_bytes(path, RunError)).hexdigest() != sha256:
        raise RunError(
            f"{path} differs from its checksum in manifest.json: it is damaged or was edited after "
            "the start of the run; restore it, or start a new run"
        )
    try:
        config = load_yaml(path)
    except ConfigError as exc:
        raise RunError(f"cannot read {exc}") from exc
    if config is not None and not isinstance(config, Mapping):
        raise RunError(f"{path} contains a {type(config).__name__}; expected keys and values")
    return dict(config or {})
