"""What passes between the parts of a recogniser: what is asked, seen, waited for and answered."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Match:
    """An answer."""

    place: int | None
    """Number of the best place; None on an empty map."""
    probability: float
    """That the answer is right, if the place is on the map, 0 to 1; a lower bound where less than
    an eighth of the spikes came in time."""
    known: bool
    """Whether the place is on the map, as far as can be told."""
    familiarity: float
    """What `known` was decided by, 0 to 1, from 0.5 on known; no probability."""
    scores: FloatArray = field(repr=False)
    """Of each place, larger is better, in the order of `Recognizer.places`."""
    reason: str = ""
    """Why `known` is false."""
    length: int = 1
    """Frames that the scores were summed over; fewer than asked for after a start."""
    complete: bool = True
    """Whether every spike was waited for; else it is the answer of the first ones."""
    spikes: int = 0
    """Of the input cells that were waited for."""

    def top(self, k: int) -> IntArray:
        """Return where in `scores` the `k` best ones stand, best first."""
        k = min(max(k, 0), len(self.scores))
        best = np.argpartition(-self.scores, k - 1)[:k] if k else np.zeros(0, np.int64)
        order: IntArray = best[np.argsort(-self.scores[best], kind="stable")]
        return order


@dataclass(frozen=True)
class Waiting:
    """For which spikes of a frame is waited; without any of these, all of them at once."""

    spiking: bool = False
    """One by one, for all of them."""
    deadline_s: float | None = None
    """For those that arrive within this time."""
    early: bool = False
    """Until the answer of the frame alone will hardly change any more."""


@dataclass(frozen=True, eq=False)
class Look:
    """What one frame says of every place, larger is better, both (n_places,)."""

    alone: FloatArray
    """Where it is all there is."""
    summed: FloatArray
    """As a term of a sequence."""
    complete: bool = True
    """See `Match`."""
    spikes: int = 0
    """See `Match`."""
    arrived: float = 1.0
    """Share of the spikes that came before a deadline."""


@dataclass(frozen=True, eq=False)
class Queries:
    """Images of a visit whose places are known."""

    seen: FloatArray
    """What `Recognizer` sees of each, (n, n_inputs)."""
    places: IntArray
    """Position of each on the map, (n,)."""

    def __len__(self) -> int:
        return len(self.places)

    def part(self, which: IntArray) -> Queries:
        """Return some of them."""
        return Queries(self.seen[which], self.places[which])
