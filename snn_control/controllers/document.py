"""A controller as plain data, as its file holds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from snn_control.network import Network

__all__ = ["ControllerDocument"]


@dataclass(frozen=True)
class ControllerDocument:
    """Networks and settings of a controller.

    Controllers write it in `to_document` and are built from it in `from_document`.
    """

    networks: tuple[Network, ...]
    """Networks, all made for one control period."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Arguments of the constructor beside the networks: numbers, texts, lists, mappings."""
