"""Results of a study in `study.json`, and their tables as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from snn_control.errors import RunError
from snn_control.report.metric_names import METRICS, NONE, number
from snn_control.runs.checksums import read_json

STUDY_FILE = "study.json"
INTERVAL = ("_ci95", "_low", "_high")
"""Ends of the names of the columns of an interval."""
_KEYS = ("study", "question", "summary", "rows", "figures")


def read_study(folder: Path) -> dict[str, Any] | None:
    """Return the study of a run folder; None if it has none.

    Raises:
        RunError: the file is malformed.
    """
    path = folder / STUDY_FILE
    if not path.exists():
        return None
    try:
        document = read_json(path)
    except RunError as exc:
        raise RunError(f"{exc}; run the study again") from exc
    missing = [key for key in _KEYS if key not in document]
    if missing:
        raise RunError(f"{path} lacks {', '.join(missing)}; run the study again")
    return document


def study_table(rows: list[dict[str, Any]]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return columns and cells as text; intervals are merged, metrics get their unit.

    The interval of `x` is `x_ci95`, its half width, or `x_low` and `x_high`.
    """
    first = rows[0] if rows else {}
    intervals = {f"{key}{end}" for key in first for end in INTERVAL}
    keys = [key for key in first if key not in intervals]
    columns = tuple(_column(key) for key in keys)
    return columns, [tuple(_cell(row, key) for key in keys) for row in rows]


@dataclass(frozen=True)
class PartTable:
    """Part of the table of a study, as text."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]


def part_tables(rows: list[dict[str, Any]], parts: Sequence[Mapping[str, Any]]) -> list[PartTable]:
    """Return the parts of the table that are not empty.

    Without parts, the result is the whole table, without a title.

    Args:
        rows: rows of the table.
        parts: mappings with the fields of `studies.study.TablePart`.
    """
    if not parts:
        return [PartTable("", *study_table(rows))]
    tables = []
    for part in parts:
        where = part.get("where") or {}
        chosen = [row for row in rows if all(row.get(key) in where[key] for key in where)]
        keys = [k for k in part["columns"] if any(row.get(k) is not None for row in chosen)]
        chosen = [row for row in chosen if any(row.get(key) is not None for key in keys)]
        if chosen:
            keys = [*part["labels"], *keys]
            cells = [
                {k: row.get(k) for key in keys for k in (key, *(key + end for end in INTERVAL))}
                for row in chosen
            ]
            tables.append(PartTable(part["title"], *study_table(cells)))
    return tables


def _column(key: str) -> str:
    if key not in METRICS:
        return key.replace("_", " ")
    name = METRICS[key]
    return name.in_unit


def _cell(row: dict[str, Any], key: str) -> str:
    value, half = row.get(key), _half_width(row, key)
    if isinstance(value, str | bool):
        return str(value)
    if value is None:
        return NONE
    scale = METRICS[key].scale if key in METRICS else 1.0
    text = number(scale * value)
    return text if half is None or half != half else f"{text} ± {number(scale * half)}"


def _half_width(row: Mapping[str, Any], key: str) -> float | None:
    """Return half of the width of the interval of a column; None without one."""
    half, low, high = (row.get(key + end) for end in INTERVAL)
    return half if low is None or high is None else 0.5 * (high - low)
