"""Codes of the reasons for an unknown place, as published on `~/match`."""

from __future__ import annotations

from enum import IntEnum

from snn_control.controllers.place.image_encoder import BLACK, FLAT, SATURATED
from snn_control.controllers.place.recognizer import EMPTY, INCOMPLETE, UNSURE

__all__ = ["CODES", "MAPPING", "TOO_EARLY", "Reason"]

MAPPING = "mapping"
TOO_EARLY = "no place was mapped long enough ago"


class Reason(IntEnum):
    """Reason for the place of an image being unknown; the numbers are a public contract."""

    NONE = 0
    """Known place."""
    UNSURE = 1
    EMPTY = 2
    BLACK = 3
    SATURATED = 4
    FLAT = 5
    MAPPING = 6
    """Mapped image, not compared with the map."""
    TOO_EARLY = 7
    """Mapped image; no place was mapped long enough ago to compare it with."""
    INCOMPLETE = 8
    """Fewer than an eighth of the spikes arrived before the deadline."""


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
