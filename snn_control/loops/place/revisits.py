"""Detection of loop closures during mapping, and of stretches that need not be mapped again.

A loop is closed once `loop_places` consecutive places match earlier places with high probability
and at a constant offset: chance similarity does not persist, and a robot at standstill adds no
evidence. After that, with `map_loops` false, places are not mapped until as many in a row are
unknown.

The map overlaps itself at both ends of a known stretch: the places that closed the loop stay in the
map twice, and the last ones before the route departs are mapped later. Without the overlap, query
sequences across a seam, about half a sequence of frames, match the next places on the map instead
of the next places on the route.
"""

from __future__ import annotations

from collections import deque

from snn_control.controllers.place import Match
from snn_control.copies import Copied
from snn_control.loops.place.config import PlaceNodeConfig
from snn_control.loops.place.images import Keyframe

LEAD_IN = 2
"""Length of the overlap before a departure, sequences: one that still matches the old stretch, and
one that the next sequences need."""


class Revisits(Copied):
    """Tracker of revisited places during mapping."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Start a mapping."""
        self.known_stretch = False
        """True while the route is on known places, which are not mapped again."""
        self.skipped = 0
        """Number of places skipped since the last mapped one."""
        self._n_unknown = 0
        """Number of unknown places in a row up to now."""
        self._n_places = 0
        self._offsets: list[int] = []
        self._skipped_keyframes: deque[Keyframe] = deque()

    def update(
        self, keyframe: Keyframe, match: Match, same_place: int, config: PlaceNodeConfig
    ) -> bool:
        """Process the next place of the route; return True if it closes a loop.

        Args:
            keyframe: keyframe of the place.
            match: match with the places mapped before the recent ones.
            same_place: tolerance of the offset, places.
            config: parameters of the node.
        """
        self._n_places += 1
        if self.known_stretch:
            self.skipped += 1
            self._skipped_keyframes.append(keyframe)
            if len(self._skipped_keyframes) > config.loop_places + LEAD_IN * config.sequence:
                self._skipped_keyframes.popleft()
        if not match.known or match.place is None:
            self._offsets, self._n_unknown = [], self._n_unknown + 1
            return False
        self._n_unknown = 0
        if match.probability < config.loop_probability:
            self._offsets = []
            return False
        offset = self._n_places - match.place
        if self._offsets and abs(offset - self._offsets[-1]) > same_place:
            self._offsets = []
        self._offsets.append(offset)
        closed = len(self._offsets) >= config.loop_places
        self.known_stretch = self.known_stretch or (closed and not config.map_loops)
        return closed

    def departed(self, config: PlaceNodeConfig) -> bool:
        """Return True if the route has left the known stretch, or if that is to be mapped now."""
        return self.known_stretch and (config.map_loops or self._n_unknown >= config.loop_places)

    def depart(self, sequence: int) -> list[Keyframe]:
        """Reset, and return the skipped keyframes that must be mapped for the overlap.

        Args:
            sequence: length of a sequence, images.
        """
        n = self._n_unknown + LEAD_IN * sequence if self._n_unknown else 0
        overlap = list(self._skipped_keyframes)[-n:] if n else []
        self.reset()
        return overlap
