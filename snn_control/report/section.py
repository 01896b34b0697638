"""Sections of the page: text, figures, tables. No HTML is made outside the template."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from snn_control.report.inputs import ReportInputs


@dataclass(frozen=True)
class Table:
    """Rows of text; `marks` gives a row a class: `ahead`, `behind`, `even` or nothing."""

    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]
    marks: list[str] = field(default_factory=list)
    caption: str = ""
    folded: bool = False
    """Behind its caption, until the reader wants it."""


@dataclass(frozen=True)
class Figure:
    """A plotly figure; figures with the same `link` zoom together in x."""

    id: str
    figure: Any
    label: str
    """What a screen reader says."""
    link: str = ""


@dataclass(frozen=True)
class Video:
    """A film, `source` relative to the page."""

    title: str
    source: str


@dataclass(frozen=True)
class Image:
    """A grey image that is part of the page."""

    label: str
    png: bytes

    @property
    def source(self) -> str:
        """The image as a data URI."""
        return f"data:image/png;base64,{base64.b64encode(self.png).decode()}"


@dataclass(frozen=True)
class Card:
    """Images that belong together."""

    images: list[Image]
    caption: str
    mark: str = ""
    """`ahead`, `behind` or nothing."""


@dataclass(frozen=True)
class Gallery:
    """Cards below a title."""

    title: str
    cards: list[Card]


@dataclass(frozen=True)
class Listing:
    """Preformatted text behind a summary line."""

    title: str
    text: str
    open: bool = False


@dataclass(frozen=True)
class Section:
    """A section of the page. Where `missing` is set, it is all that is shown."""

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
    """Module of a section, one file a section."""

    def applies(self, given: ReportInputs) -> bool:
        """Return True if the section is part of the page of this run."""

    def make(self, given: ReportInputs) -> Section:
        """Return the section of a run that it applies to."""


def not_shown(controllers: Sequence[str]) -> str:
    """Return what follows a lead where traces of other episodes are left out."""
    if not controllers:
        return ""
    return f" Not shown, because recorded in another episode: {', '.join(controllers)}."
