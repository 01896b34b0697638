"""config.yaml: the resolved configuration of a run as plain YAML."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path
from typing import Any

from snn_control.errors import ConfigError, RunError
from snn_control.input_file import read_bytes
from snn_control.runs.metrics_file import plain
from snn_control.yaml_text import dump_yaml, parse_yaml


def pack(config: Any) -> bytes:
    """Return a dataclass or a mapping as the text of the file, in the order of its keys."""
    if dataclasses.is_dataclass(config) and not isinstance(config, type):
        config = dataclasses.asdict(config)
    return dump_yaml(plain(config)).encode()


def read(path: Path, sha256: str = "") -> dict[str, Any]:
    """Return the configuration; empty if the file is missing and has no checksum.

    Raises:
        RunError: the file is not a YAML mapping, or is missing or differs although the manifest has
            its SHA-256, `sha256`.
    """
    if not path.exists():
        if sha256:
            raise RunError(
                f"{path} is missing, manifest.json has its checksum; restore it, or start a new run"
            )
        return {}
    data = read_bytes(path, RunError)
    if sha256 and hashlib.sha256(data).hexdigest() != sha256:
        raise RunError(
            f"{path} differs from its checksum in manifest.json: it is damaged or was edited after "
            "the start of the run; restore it, or start a new run"
        )
    try:
        config = parse_yaml(data, str(path))
    except ConfigError as exc:
        raise RunError(f"cannot read {exc}") from exc
    if config is not None and not isinstance(config, dict):
        raise RunError(f"{path} contains a {type(config).__name__}; expected keys and values")
    return config or {}
