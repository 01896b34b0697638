"""What every recogniser of places does: take a frame, sum along the route, answer, judge."""

from __future__ import annotations

import numbers
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from snn_control.controllers.place.confidence import Confidence, features
from snn_control.controllers.place.hindsight import LENGTH, SURE, Answered, Hindsight
from snn_control.controllers.place.match import FloatArray, IntArray, Look, Match, Queries, Waiting
from snn_control.controllers.place.sequence import FrameSequence, check
from snn_control.errors import ObservationError, ParameterError
from snn_control.threads import one_blas_thread

Images = npt.NDArray[np.uint8] | Sequence[Any]

EMPTY, UNSURE = "the map is empty", "no place on the map is like it"
HURRIED = "the deadline came before an eighth of the spikes"
ENOUGH = 0.125
"""Share of the spikes whose answer is as sure as it says; with fewer it is less so."""
LEAST_PLACES = 10
"""That a map begins with; of fewer it cannot be told what their answers are worth."""
LEAST_QUERIES = 20
"""Of a calibration."""


class Recognizer(ABC):
    """A recogniser of places; its kinds say how one learns a map and what a single frame shows.

    Args:
        same_place: places to either side of an answer that are no rivals of it.
    """

    def __init__(self, same_place: int) -> None:
        self.confidence: Confidence | None = None
        self.hindsight = Hindsight()
        self.same_place = same_place
        """Places to either side of an answer that are no rivals of it."""
        self._sequence, self._long = FrameSequence(), FrameSequence(LENGTH)
        self._time_s, self._blind_way = -np.inf, 0.0

    def __len__(self) -> int:
        return len(self.places)

    @property
    @abstractmethod
    def places(self) -> IntArray:
        """Numbers of the mapped places, in the order of the route."""

    @abstractmethod
    def _see(self, image: Any) -> tuple[FloatArray, str]:
        """Return what is seen of an image, (n_inputs,), and why that is nothing.

        Raises:
            ObservationError: no image.
        """

    @abstractmethod
    def _fit(self, mapped: FloatArray, queries: Queries | None) -> None:
        """Map places anew, numbered from 0, and fit the confidence.

        Args:
            mapped: what is seen at each, (n_places, n_inputs).
            queries: to calibrate on, in the order of the visit.
        """

    @abstractmethod
    def _look(self, seen: FloatArray, waiting: Waiting, moved: float) -> Look:
        """Return what a frame says, `moved` places after the last one."""

    @abstractmethod
    def _add(self, seen: FloatArray) -> int:
        """Append a place that looks so; return its number."""

    @abstractmethod
    def _keep(self, positions: IntArray) -> None:
        """Keep the places at these positions, in that order."""

    def fit(self, images: Images, calibration: tuple[Images, Sequence[int]] | None = None) -> Self:
        """Map a route anew; places are numbered from 0.

        Args:
            images: one a place, in the order of the route, uint8, (n, h, w) or (n, h, w, 3), at
                least 10.
            calibration: images of another visit, in order, and the number of the place of each, at
                least 20.

        Raises:
            ObservationError: images of the wrong kind, or one that shows nothing; with its number.
            ParameterError: too few images, or a calibration that does not fit.
        """
        if len(images) < LEAST_PLACES:
            raise ParameterError(
                f"{len(images)} images; expected at least {LEAST_PLACES} places to begin with"
            )
        queries = None if calibration is None else self._queries(*calibration, range(len(images)))
        mapped = self._all(images, "image")
        with one_blas_thread():
            self._fit(mapped, queries)
        self.hindsight = Hindsight()
        self.reset_sequence()
        return self

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
        evidence. A refused one changes nothing. Recognisers without spikes wait for none.

        Args:
            image: uint8, (h, w) or (h, w, 3).
            sequence: frames whose scores are summed, at most 200.
            step: places moved since the last frame, by odometry; fractions add up.
            time_s: when the frame was taken; one that is not later than the last is refused.
            deadline_s: answer with the spikes that arrived within this time, the strongest first;
                with less than an eighth of them no place is known.
            early: answer as soon as later spikes change fewer than one answer of 100; less work on
                chips whose cost are spikes.
            spiking: wait for the spikes one by one, and answer the same.

        Raises:
            ObservationError: no image of that kind, a frame out of order, or a wrong sequence,
                step or deadline.
        """
        check(step, sequence)
        for name, seconds in (("deadline_s", deadline_s), ("time_s", time_s)):
            if seconds is not None and not isinstance(seconds, numbers.Real):
                raise ObservationError(f"{name} is {seconds!r}; expected a number")
        if deadline_s is not None and not deadline_s > 0.0:
            raise ObservationError(f"deadline_s is {deadline_s}; expected above 0")
        if time_s is not None and not self._time_s < time_s < np.inf:
            raise ObservationError(
                f"frame at {time_s:g} s after one at {self._time_s:g} s; expected a later one, or "
                "reset_sequence()"
            )
        seen, wrong = self._see(image)
        self._time_s = self._time_s if time_s is None else time_s
        if not len(self):
            return Match(None, 0.0, False, 0.0, np.zeros(0), EMPTY)
        nothing = np.zeros(len(self))
        waiting = Waiting(spiking, deadline_s, early)
        moved = self._blind_way + step
        look = Look(nothing, nothing) if wrong else self._look(seen, waiting, moved)
        self._blind_way = moved if wrong else 0.0
        sums = self._sequence.advance(look.summed, step, sequence)
        length = min(sequence, len(self._sequence))
        sums = look.alone if length == 1 else sums
        best, probability, familiarity, known = self.judge(sums, length, len(sums))
        hurried = look.arrived < ENOUGH
        if self.confidence is not None:
            clear = self._clear(look.summed, step)
            answered = None if hurried else Answered(best, probability)
            self.hindsight.follow(
                answered, self._long.position, None if wrong else clear, int(self._long.between)
            )
            probability *= min(look.arrived / ENOUGH, 1.0)
        reason = wrong or (HURRIED if hurried else "")
        known = known and not reason
        reason = reason or ("" if known else UNSURE)
        return Match(
            int(self.places[best]), probability, known, familiarity, sums, reason, length,
            look.complete, look.spikes,
        )  # fmt: skip

    def judge(self, sums: FloatArray, length: int, n_places: int) -> tuple[int, float, float, bool]:
        """Return the position of the best place, and what is to be thought of it.

        That is the probability that it is right, its familiarity, and whether it is known, see
        `Match`.

        Args:
            sums: scores of places that may be answered, larger is better, (n,).
            length: frames that they were summed over.
            n_places: on the map.
        """
        best, given = features(sums, length, self.same_place)
        if self.confidence is None or not sums.any():
            return best, 0.0, 0.0, False
        probability, familiarity, known = self.confidence.judge(given, length, n_places)
        known = known and len(sums) > 2 * self.same_place + 1
        return best, self.hindsight.biased(probability), familiarity, known

    def add(self, image: Any) -> int:
        """Map one more place, after all others on the route; return its number.

        Other places stay as they are.

        Raises:
            ObservationError: no image of that kind, or one that shows nothing.
            ParameterError: there was no `fit`, or the map was deployed.
        """
        seen, wrong = self._see(image)
        if wrong:
            raise ObservationError(f"{wrong}; nothing was added")
        return self._add(seen)

    def reset_sequence(self) -> None:
        """Forget the frames so far, as after a start elsewhere."""
        self._sequence.reset()
        self._long.reset()
        self.hindsight.reset()
        self._time_s, self._blind_way = -np.inf, 0.0

    def remove(self, place: int | Sequence[int] | IntArray | range) -> None:
        """Forget a place, or several; the others keep their numbers, and close up.

        Raises:
            ParameterError: no such place; nothing is forgotten.
        """
        keep = np.setdiff1d(np.arange(len(self)), self._positions(place))
        self._keep(keep)
        self._close_up(keep)

    def _positions(self, places: int | Sequence[int] | IntArray | range) -> IntArray:
        """Return where on the map places are, each once, in the order in which they are named."""
        named = np.atleast_1d(whole_numbers(places, "place")).tolist()
        return positions(list(dict.fromkeys(named)), self.places, "place")

    def _close_up(self, keep: IntArray) -> None:
        """Let the frames so far know the places at these positions alone."""
        self._sequence.resized(keep)
        self._long.resized(keep)
        self.hindsight.reset()

    def _all(self, images: Images, what: str) -> FloatArray:
        """Return what is seen of images, (n, n_inputs)."""
        rows = []
        for k, image in enumerate(images):
            try:
                seen, wrong = self._see(image)
            except ObservationError as exc:
                raise ObservationError(f"{what} {k}: {exc}") from exc
            if wrong:
                raise ObservationError(f"{what} {k}: {wrong}")
            rows.append(seen)
        return np.array(rows)

    def _calibration(self, given: tuple[Images, Sequence[int]] | None) -> Queries | None:
        """Return a calibration of the map as it is."""
        if len(self) < LEAST_PLACES:
            raise ParameterError(f"{len(self)} places; expected at least {LEAST_PLACES}")
        return None if given is None else self._queries(*given, self.places)

    def _queries(self, images: Images, places: Sequence[int], mapped: IntArray | range) -> Queries:
        """Return a calibration that fits a map with the places `mapped`."""
        if len(images) != len(places):
            raise ParameterError(
                f"{len(images)} calibration images and {len(places)} places; expected as many"
            )
        if len(places) < LEAST_QUERIES:
            raise ParameterError(
                f"{len(places)} calibration images; expected at least {LEAST_QUERIES}, or None"
            )
        named = whole_numbers(places, "calibration places").tolist()
        at = positions(named, mapped, "calibration place")
        return Queries(self._all(images, "calibration image"), at)

    def _clear(self, row: FloatArray, step: float) -> int | None:
        """Return the position that a long sequence is sure of, or None."""
        assert self.confidence is not None
        sums = self._long.advance(row, step, LENGTH)
        if len(self._long) < LENGTH:
            return None
        best, given = features(sums, LENGTH, self.same_place)
        probability, _, known = self.confidence.judge(given, LENGTH, len(sums))
        return best if known and probability >= SURE else None


def whole_numbers(values: Any, what: str) -> IntArray:
    """Return numbers of places as an array, () or (n,).

    Raises:
        ParameterError: they are no whole numbers.
    """
    try:
        found = np.asarray(values)
    except ValueError:  # rows of several lengths
        found = np.asarray(values, dtype=object)
    if not found.size:
        return np.zeros(0, np.int64)
    if found.dtype.kind not in "iu" or found.ndim > 1:
        raise ParameterError(f"{what}: {values!r}; expected whole numbers, in one row")
    return found.astype(np.int64)


def positions(named: Sequence[int], mapped: IntArray | range, what: str) -> IntArray:
    """Return where on a map places are, (n,).

    Args:
        named: numbers of places.
        mapped: numbers of all places, in the order of the route.
        what: they are, for the message.

    Raises:
        ParameterError: one that is not on the map.
    """
    at = {number: k for k, number in enumerate(np.asarray(mapped).tolist())}
    for number in named:
        if number not in at:
            has = f", which has {min(at)} to {max(at)}" if at else ""
            raise ParameterError(f"{what} {number} is not on the map{has}")
    return np.array([at[number] for number in named], np.int64)


def readable(places: IntArray) -> IntArray:
    """Return numbers of places that cannot be changed from outside."""
    found = places.view()
    found.flags.writeable = False
    return found
