"""Result of a verb, and the option that all verbs have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from snn_control.errors import SnnControlError


class WrongUseError(SnnControlError):
    """Arguments that do not go together: exit code 2."""


@dataclass(frozen=True, kw_only=True)
class JsonOption:
    """Options of every verb."""

    json: bool = False
    """Print one JSON object instead of text."""


@dataclass(frozen=True)
class Result:
    """Outcome of a verb."""

    data: dict[str, Any]
    """Content of `--json`."""
    lines: Sequence[str] = ()
    """Lines for people that `data` has in figures."""
    ok: bool = True
    """False for a check that failed: exit code 1."""
