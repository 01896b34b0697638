"""Table of the results on cores, as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from snn_control.export.cores.core import CORES

__all__ = ["COLUMNS", "rows"]

COLUMNS = (
    "core",
    "equal",
    "first tick",
    "mean",
    "later at most",
    "flash B",
    "state B",
    "stack B",
    "RAM B",
)
"""Heads of the columns; the ticks are in instructions."""


def rows(results: Sequence[Mapping[str, Any]]) -> list[tuple[str, ...]]:
    """Return a row of each entry of `cores` in a manifest; a dash for uncounted instructions."""
    return [
        (
            CORES[each["core"]].title if each["core"] in CORES else str(each["core"]),
            "yes" if each["equal"] else "no",
            *(_count(each[f"instructions_{name}"]) for name in ("first", "mean", "later")),
            *(_count(each[f"{name}_bytes"]) for name in ("flash", "state", "stack", "ram")),
        )
        for each in results
    ]


def _count(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f}"
