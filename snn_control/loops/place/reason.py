"""Codes of the reasons why the place of an image is not known, as published on `~/match`."""

from __future__ import annotations

from enum import IntEnum

from snn_control.controllers.place.recognizer import EMPTY, INCOMPLETE, UNSURE
from snn_control.controllers.place.senses import BLACK, FLAT, SATURATED

__all__ = ["CODES", "MAPPING", "TOO_EARLY", "Reason"]

MAPPING = "mapping"
TOO_EARLY = "no mapped place lies far enough back"


class Reason(IntEnum):
    """Reason why the place of an image is not known; numbers are a contract."""

    NONE = 0
    """The place is known."""
    UNSURE = 1
    EMPTY = 2
    BLACK = 3
    SATURATED = 4
    FLAT = 5
    MAPPING = 6
    """The image is mapped and not compared."""
    TOO_EARLY = 7
    """The image is mapped, and no place was mapped long enough before it."""
    INCOMPLETE = 8
    """Under an eighth of the spikes had arrived at the deadline."""


CODES = {
    "": Reason.NONE,
    UNSURE: Reason.UNSURE,
    EMPTY: Reason.EMPTY,
    BLACK: Reason.BLACK,
    SATURATED: Reason.SATURATED,
    FLAT: Reason.FLAT,
    MAPPING: Reason.MAPPING,
    TOO_EARLY: Reason.TOO_EARLY,
    INCOMPLETE: Reason.INCOMPLETE,
}
"""Code of each text of `Match.reason`."""
