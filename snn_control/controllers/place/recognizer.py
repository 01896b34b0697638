"""What every recogniser of places does: take a frame, sum along the route, answer, judge."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from snn_control.controllers.place.confidence import Confidence, features
from snn_control.controllers.place.hindsight import LENGTH, SURE, Hindsight
from snn_control.controllers.place.sequence import Sequence as FrameSequence
from snn_control.controllers.place.sequence import check
from snn_control.errors import ObservationError, ParameterError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Images = npt.NDArray[np.uint8] | Sequence[Any]

EMPTY, UNSURE = "the map is empty", "no place on the map is like it"
HURRIED = "the deadline came before the spikes"


@dataclass(frozen=True)
class Match:
    """An answer."""

    place: int | None
    """Number of the best place; None on an empty map."""
    probability: float
    """That the answer is right, if the place is on the map, 0 to 1; before all spikes have come in
    time, a lower bound."""
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


@dataclass(frozen=True)
class Look:
    """What one frame says of every place, larger is better, both (n_places,)."""

    alone: FloatArray
    """Where it is all there is."""
    summed: FloatArray
    """As a term of a sequence."""
    wrong: str = ""
    """Why it says nothing, and both are zeros."""
    complete: bool = True
    """See `Match`."""
    spikes: int = 0
    """See `Match`."""
    arrived: float = 1.0
    """Share of the spikes that came before a deadline."""


class Recognizer(ABC):
    """A recogniser of places; `_look` says what a single frame shows.

    Args:
        same_place: places to either side of an answer that are no rivals of it.
    """

    def __init__(self, same_place: int) -> None:
        self.confidence: Confidence | None = None
        self.hindsight = Hindsight()
        self._same_place = same_place
        self._sequence, self._long = FrameSequence(), FrameSequence(LENGTH)
        self._time_s = -np.inf

    def __len__(self) -> int:
        return len(self.places)

    @property
    @abstractmethod
    def places(self) -> IntArray:
        """Numbers of the mapped places, in the order of the route."""

    @abstractmethod
    def fit(self, images: Images, calibration: tuple[Images, Sequence[int]] | None = None) -> Self:
        """Map a route anew; places are numbered from 0.

        Args:
            images: one a place, in the order of the route, uint8, (n, h, w) or (n, h, w, 3).
            calibration: images of another visit, in order, and the number of the place of each.

        Raises:
            ObservationError: images of the wrong kind, or one that shows nothing; with its number.
            ParameterError: too few images, or a calibration that does not fit.
        """

    @abstractmethod
    def _look(self, image: Any, waiting: Waiting, moved: float) -> Look:
        """Return what a frame says, `moved` places after the last one.

        One that cannot be used raises `ObservationError`.
        """

    @abstractmethod
    def _keep(self, positions: IntArray) -> None:
        """Keep the places at these positions."""

    def match(
        self,
        image: Any,
        sequence: int = 1,
        step: float = 1,
        *,
        time_s: float | None = None,
        deadline_s: float | None = None,
        early: bool = False,
        spiking: bool = False,
    ) -> Match:
        """Return the place of an image, and advance the history.

        A frame that shows nothing is unknown, with the reason; it counts as a step without
        evidence. A refused one changes nothing.

        Args:
            image: uint8, (h, w) or (h, w, 3).
            sequence: frames whose scores are summed, at most 200.
            step: places moved since the last frame, by odometry; fractions add up.
            time_s: when the frame was taken; one that is not later than the last is refused.
            deadline_s: answer with the spikes that arrived within this time, the strongest first.
            early: answer as soon as later spikes change fewer than one answer of 100; less work on
                chips whose cost are spikes.
            spiking: wait for the spikes one by one, and answer the same.

        Raises:
            ObservationError: no image of that kind, a frame out of order, or a wrong sequence,
                step or deadline.
        """
        check(step, sequence)
        if deadline_s is not None and not deadline_s > 0.0:
            raise ObservationError(f"deadline_s is {deadline_s}; expected above 0")
        if time_s is not None and not self._time_s < time_s < np.inf:
            raise ObservationError(
                f"frame at {time_s:g} s after one at {self._time_s:g} s; expected a later one, or "
                "reset_sequence()"
            )
        look = self._look(image, Waiting(spiking, deadline_s, early), step)
        self._time_s = self._time_s if time_s is None else time_s
        if not len(look.alone):
            return Match(None, 0.0, False, 0.0, np.zeros(0), EMPTY)
        sums = self._sequence.advance(look.summed, step, sequence)
        length = min(sequence, len(self._sequence))
        sums = look.alone if length == 1 else sums
        best, given = features(sums, length, self._same_place)
        probability, familiarity, known = 0.0, 0.0, False
        if self.confidence is not None:
            clear = self._clear(look.summed, step)
            if sums.any():
                probability, familiarity, known = self.confidence.judge(given, length, len(sums))
                probability = look.arrived * self.hindsight.biased(probability)
            self.hindsight.follow(
                best, probability, self._long.position, None if look.wrong else clear,
                slack=int(self._long.between),
            )  # fmt: skip
        reason = look.wrong or (HURRIED if look.arrived < 1.0 else "")
        known = known and not reason and len(sums) > 2 * self._same_place + 1
        reason = reason or ("" if known else UNSURE)
        return Match(
            int(self.places[best]), probability, known, familiarity, sums, reason, length,
            look.complete, look.spikes,
        )  # fmt: skip

    def reset_sequence(self) -> None:
        """Forget the frames so far, as after a start elsewhere."""
        self._sequence.reset()
        self._long.reset()
        self.hindsight.reset()
        self._time_s = -np.inf

    def remove(self, place: int | Sequence[int] | IntArray | range) -> None:
        """Forget a place, or several; the others keep their numbers, and close up.

        Raises:
            ParameterError: no such place; nothing is forgotten.
        """
        gone = np.unique(whole_numbers(place, "place"))
        there = np.isin(gone, self.places)
        if not there.all():
            raise ParameterError(f"place {gone[~there][0]} is not on the map")
        keep = np.flatnonzero(~np.isin(self.places, gone))
        self._keep(keep)
        self._sequence.resized(keep)
        self._long.resized(keep)
        self.hindsight.reset()

    def _clear(self, row: FloatArray, step: float) -> int | None:
        """Return the position that a long sequence is sure of, or None."""
        assert self.confidence is not None
        sums = self._long.advance(row, step, LENGTH)
        if len(self._long) < LENGTH:
            return None
        best, given = features(sums, LENGTH, self._same_place)
        probability, _, known = self.confidence.judge(given, LENGTH, len(sums))
        return best if known and probability >= SURE else None


def whole_numbers(values: Any, what: str) -> IntArray:
    """Return numbers of places as an array.

    Raises:
        ParameterError: they are no whole numbers.
    """
    found = np.asarray(values)
    if not found.size:
        return np.zeros(0, np.int64)
    if found.dtype.kind not in "iu":
        raise ParameterError(f"{what}: {values!r}; expected whole numbers")
    return found.astype(np.int64)
