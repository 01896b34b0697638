"""Controller as plain data: the content of its file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from snn_control.network import Network

__all__ = ["ControllerDocument"]


@dataclass(frozen=True)
class ControllerDocument:
    """Networks and settings of a controller.

    `Controller.to_document` returns it and `Controller.from_document` reads it.
    """

    networks: tuple[Network, ...]
    """Networks, all made for one control period."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Further arguments of the constructor: numbers, texts, lists, mappings."""
