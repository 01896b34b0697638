"""Whether a mapping is back where it has been, and what then need not be mapped again.

A loop is closed once `loop_places` places in a row, all of them sure, lie equally far from the
earlier ones that they are taken for: what is alike by chance does not go on, and a robot that
stands shows nothing new. From there on, with `map_loops` false, places are not mapped, until as
many in a row are not known.

Sequences that ask go over both seams: the places that closed the loop stay in the map, twice, and
the last ones before the route left are mapped after all. With neither, the first frames after a
seam, about half a sequence, are taken for places that follow on the map, and not on the route.
"""

from __future__ import annotations

from collections import deque

from snn_control.controllers.place import Match
from snn_control.loops.place.config import PlaceNodeConfig
from snn_control.loops.place.images import Keyframe

LEAD_IN = 2
"""Sequences of places before the last known one that are mapped where a route leaves: one in which
a sequence goes on as if it had not left, and one that the next sequences need."""


class Revisits:
    """Follows the places that a mapping comes to."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Start with a mapping."""
        self.known_stretch = False
        """Whether the route is on places that are not mapped again."""
        self.skipped = 0
        """Places that were not mapped since the last one that was."""
        self._strange = 0
        """Places in a row, the last ones, that are not known."""
        self._come = 0
        self._apart: list[int] = []
        self._held: deque[Keyframe] = deque()

    def come(
        self, keyframe: Keyframe, match: Match, same_place: int, config: PlaceNodeConfig
    ) -> bool:
        """Take a place that the route comes to; return whether a loop is closed there.

        Args:
            keyframe: there.
            match: among the places that were mapped a while ago.
            same_place: places that two distances may differ by.
            config: parameters of the node.
        """
        self._come += 1
        if self.known_stretch:
            self.skipped += 1
            self._held.append(keyframe)
            if len(self._held) > config.loop_places + LEAD_IN * config.sequence:
                self._held.popleft()
        if not match.known or match.place is None:
            self._apart, self._strange = [], self._strange + 1
            return False
        self._strange = 0
        if match.probability < config.loop_probability:
            self._apart = []
            return False
        apart = self._come - match.place
        if self._apart and abs(apart - self._apart[-1]) > same_place:
            self._apart = []
        self._apart.append(apart)
        closed = len(self._apart) >= config.loop_places
        self.known_stretch = self.known_stretch or (closed and not config.map_loops)
        return closed

    def left(self, config: PlaceNodeConfig) -> bool:
        """Whether the route has left the known stretch, or that is mapped again after all."""
        return self.known_stretch and (config.map_loops or self._strange >= config.loop_places)

    def leave(self, sequence: int) -> list[Keyframe]:
        """Begin anew; return what has to be mapped after all.

        Args:
            sequence: images of one.
        """
        n = self._strange + LEAD_IN * sequence if self._strange else 0
        held = list(self._held)[-n:] if n else []
        self.reset()
        return held
