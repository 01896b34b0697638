"""Result of a verb, and the error of wrong arguments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from snn_control.errors import SnnControlError


class WrongUseError(SnnControlError):
    """Missing or inconsistent arguments: exit code 2."""


@dataclass(frozen=True)
class Result:
    """Result of a verb."""

    data: dict[str, Any]
    """Content of the JSON output."""
    lines: Sequence[str] = ()
    """Lines of the text output, with figures of `data`."""
    ok: bool = True
    """False if a check failed: exit code 1."""
