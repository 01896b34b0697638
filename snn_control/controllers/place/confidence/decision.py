"""Best place of accumulated scores, with its confidence."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Decision"]


class Decision(NamedTuple):
    """Best place, and the confidence in it; see `Match`."""

    position: int
    """Position of the best place on the map."""
    probability: float
    familiarity: float
    known: bool
