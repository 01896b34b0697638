"""Sections of the page: text, figures and tables. Only the template contains HTML."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from snn_control.report.inputs import ReportInputs


@dataclass(frozen=True)
class Table:
    """Table of text; `marks` has a class per row: `ahead`, `behind`, `even` or empty."""

    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]
    marks: list[str] = field(default_factory=list)
    caption: str = ""
    folded: bool = False
    """Show only the caption until it is opened."""


@dataclass(frozen=True)
class Figure:
    """Plotly figure; figures with the same `link` share the range of the x axis."""

    id: str
    figure: Any
    label: str
    """Text for screen readers."""
    link: str = ""
    title: str = ""
    """Heading above the figure; empty: none."""


@dataclass(frozen=True)
class Video:
    """Video; `source` is relative to the page."""

    title: str
    source: str


@dataclass(frozen=True)
class Image:
    """Grey image embedded in the page."""

    label: str
    png: bytes

    @property
    def source(self) -> str:
        """Image as a data URI."""
        return f"data:image/png;base64,{base64.b64encode(self.png).decode()}"


@dataclass(frozen=True)
class Card:
    """Card with several images."""

    images: list[Image]
    caption: str
    mark: str = ""
    """`ahead`, `behind` or empty."""


@dataclass(frozen=True)
class Gallery:
    """Title with cards."""

    title: str
    cards: list[Card]


@dataclass(frozen=True)
class Listing:
    """Preformatted text, collapsed below its title unless `open`."""

    title: str
    text: str
    open: bool = False


@dataclass(frozen=True)
class Section:
    """Section of the page; if `missing` is set, only that text is shown."""

    id: str
    title: str
    lead: str = ""
    figures: list[Figure] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    videos: list[Video] = field(default_factory=list)
    galleries: list[Gallery] = field(default_factory=list)
    listings: list[Listing] = field(default_factory=list)
    missing: str = ""


class SectionModule(Protocol):
    """Module that makes a section."""

    def applies(self, inputs: ReportInputs) -> bool:
        """Return True if the section is part of the page of this run."""

    def make(self, inputs: ReportInputs) -> Section:
        """Return the section; requires that it applies to the run."""


def not_shown(controllers: Sequence[str]) -> str:
    """Return a sentence that names the controllers whose traces are omitted, or empty text."""
    if not controllers:
        return ""
    return f" Not shown, because recorded in another episode: {', '.join(controllers)}."
