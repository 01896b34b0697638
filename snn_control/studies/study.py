"""Configuration and result common to all studies."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from snn_control.errors import ParameterError

__all__ = ["METHOD", "Progress", "StudyConfig", "StudyResult", "TablePart", "silent"]

Progress = Callable[[str], None]
"""Function that reports a line of progress."""

METHOD = "study"
"""Method of a study's configuration."""


def silent(text: str) -> None:
    """Report no progress."""


@dataclass(frozen=True, kw_only=True)
class StudyConfig:
    """Settings common to all studies.

    Raises:
        ParameterError: `seeds` below 1 or `first_seed` below 0.
    """

    seeds: int = 5
    """Number of independent repetitions, each with a different seed."""
    first_seed: int = 0
    """First of the consecutive seeds."""

    def __post_init__(self) -> None:
        if self.seeds < 1:
            raise ParameterError(f"seeds is {self.seeds}; expected at least 1")
        if self.first_seed < 0:
            raise ParameterError(f"first_seed is {self.first_seed}; expected at least 0")


@dataclass(frozen=True)
class TablePart:
    """Part of a table that is too wide or too long to read as a whole."""

    title: str
    labels: tuple[str, ...]
    """Columns that identify a row."""
    columns: tuple[str, ...]
    """Columns of figures; empty columns, and rows without any of them, are left out."""
    where: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    """Values by column that select the rows of the part; default: all rows."""


@dataclass(frozen=True)
class StudyResult:
    """Result of a study."""

    rows: list[dict[str, Any]]
    """Table: one mapping for each row, all with the same keys, the columns. Numbers are in SI
    units; `x_ci95` is the half width of the 95 % interval of `x`, `x_low` and `x_high` are its
    ends; both are shown beside it."""
    summary: str = ""
    """Method and outcome in one or two sentences, bad results included."""
    figures: list[dict[str, Any]] = field(default_factory=list)
    """Plotly figures as plain data: `title`, `data`, `layout` (see `plots.error_bars`)."""
    parts: Sequence[TablePart] = ()
    """Parts of the table on the page; a terminal shows the first one only. Default: one table."""
    notes: Sequence[str] = ()
    """Notes on the input files."""
    skipped: Sequence[Mapping[str, Any]] = ()
    """Input images that were left out: `traverse`, `frame`, `file`, `reason`, and `position` among
    the selected images."""


def __getattr__(name: str) -> Any:
    if name == "Say":
        warnings.warn("`Say`: use `Progress`", DeprecationWarning, stacklevel=2)
        return Progress
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
