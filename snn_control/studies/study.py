"""What every study takes and gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from snn_control.errors import ParameterError

__all__ = ["METHOD", "Say", "StudyConfig", "StudyResult", "TablePart", "silent"]

Say = Callable[[str], None]
"""Takes a line of progress."""


METHOD = "study"
"""Method of a study's configuration."""


def silent(text: str) -> None:
    """Report no progress."""


@dataclass(frozen=True, kw_only=True)
class StudyConfig:
    """Settings that all studies have.

    Raises:
        ParameterError: fewer than one seed.
    """

    seeds: int = 5
    """Independent repetitions, each with a seed of its own."""
    first_seed: int = 0
    """The first of the seeds."""

    def __post_init__(self) -> None:
        if self.seeds < 1:
            raise ParameterError(f"seeds is {self.seeds}; expected at least 1")
        if self.first_seed < 0:
            raise ParameterError(f"first_seed is {self.first_seed}; expected at least 0")


@dataclass(frozen=True)
class TablePart:
    """A part of a table that is too wide or too long to be read as a whole."""

    title: str
    labels: tuple[str, ...]
    """Columns that say what a row is of."""
    columns: tuple[str, ...]
    """Columns of figures; empty ones, and rows that have none of them, are left out."""
    where: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    """Values by column of the rows that belong to it; default: all rows."""


@dataclass(frozen=True)
class StudyResult:
    """What a study found."""

    rows: list[dict[str, Any]]
    """The table: one mapping a row, all with the same keys, which are the columns. Numbers are in
    SI units; `x_ci95` is the half width of the 95 % interval of `x` and is shown beside it."""
    summary: str = ""
    """One or two sentences: how it was done and what came out, also where it is bad."""
    figures: list[dict[str, Any]] = field(default_factory=list)
    """Plotly figures as plain data: `title`, `data`, `layout` (see `plots.error_bars`)."""
    parts: Sequence[TablePart] = ()
    """How the table is shown: on the page in these parts, on a terminal the first of them alone;
    default: as it is."""
