"""Common work of every recogniser: take a frame, accumulate along the route, answer, calibrate."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from snn_control.controllers.place.confidence.confidence import Confidence, features
from snn_control.controllers.place.confidence.hindsight import LENGTH, SURE, Answered, Hindsight
from snn_control.controllers.place.confidence.judgement import Judgement
from snn_control.controllers.place.evidence import Evidence
from snn_control.controllers.place.match import Match
from snn_control.controllers.place.numbering import positions, whole_numbers
from snn_control.controllers.place.queries import Queries
from snn_control.controllers.place.query import Query
from snn_control.controllers.place.sequence import FrameSequence
from snn_control.controllers.place.waiting import Waiting
from snn_control.errors import ObservationError, ParameterError
from snn_control.threads import one_blas_thread

__all__ = [
    "EMPTY",
    "ENOUGH",
    "INCOMPLETE",
    "LEAST_PLACES",
    "LEAST_QUERIES",
    "UNSURE",
    "Decision",
    "Images",
    "Recognizer",
]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Images = npt.NDArray[np.uint8] | Sequence[Any]

EMPTY, UNSURE = "the map is empty", "no place on the map is like it"
INCOMPLETE = "under an eighth of the spikes had arrived"
ENOUGH = 0.125
"""Fraction of the spikes from which probabilities are calibrated; below it they are reduced."""
LEAST_PLACES = 10
"""Least number of places to fit or calibrate a map."""
LEAST_QUERIES = 20
"""Least number of images to calibrate on."""


class Decision(NamedTuple):
    """Best place, and the confidence in it; see `Match`."""

    position: int
    """Position of the best place on the map."""
    probability: float
    familiarity: float
    known: bool


class Recognizer(ABC):
    """Recogniser of places; its kinds define how a map is learned and what one frame is worth.

    A kind implements `places`, `normalised`, `map_anew`, `evidence`, `append` and `keep`, which
    work on normalised images and check nothing, and `judgement` and `restore`.

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
    def normalised(self, image: Any) -> tuple[FloatArray, str]:
        """Return the normalised image, (n_inputs,), and its fault; empty where it has none.

        Raises:
            ObservationError: no image.
        """

    @abstractmethod
    def map_anew(self, mapped: FloatArray, queries: Queries | None) -> None:
        """Map places from the start, numbered from 0, and fit the confidence.

        Args:
            mapped: normalised images, one a place, (n_places, n_inputs).
            queries: to calibrate on.
        """

    @abstractmethod
    def evidence(self, image: FloatArray, waiting: Waiting, moved: float) -> Evidence:
        """Return the evidence of a normalised image, `moved` places after the last one."""

    @abstractmethod
    def append(self, image: FloatArray) -> int:
        """Append a place by its normalised image; return its number."""

    @abstractmethod
    def keep(self, positions: IntArray) -> None:
        """Keep the places at some positions, in that order."""

    @abstractmethod
    def judgement(self) -> Judgement:
        """Return the calibrated and adapted state, apart from the map."""

    @abstractmethod
    def restore(self, judgement: Judgement) -> None:
        """Set the calibrated and adapted state; map and sequence stay.

        Raises:
            ParameterError: it is of another kind of recogniser; nothing has changed.
        """

    def fit(self, images: Images, calibration: tuple[Images, Sequence[int]] | None = None) -> Self:
        """Map a route anew; places are numbered from 0.

        Args:
            images: one a place, in the order of the route, uint8, (n, h, w) or (n, h, w, 3), at
                least 10.
            calibration: images of a query traverse, in order, and the number of the place of each,
                at least 20. None: see the kind of recogniser.

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
            self.map_anew(mapped, queries)
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
            step: odometry distance since the last frame, places; fractions add up.
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
        query = Query(sequence, step, time_s, Waiting(spiking, deadline_s, early))
        frame, fault = self._accepted(image, query)
        if not len(self):
            return Match(None, 0.0, False, 0.0, np.zeros(0), EMPTY)
        evidence = self._observed(frame, fault, query)
        return self._decided(evidence, fault, query)

    def judge(self, sums: FloatArray, length: int, n_places: int) -> Decision:
        """Return the best place, and the confidence in it.

        Args:
            sums: accumulated scores of the places that may be answered, larger is better, (n,).
            length: frames that they were summed over.
            n_places: on the map.
        """
        best, given = features(sums, length, self.same_place)
        if self.confidence is None or not sums.any():
            return Decision(best, 0.0, 0.0, False)
        probability, familiarity, known = self.confidence.judge(given, length, n_places)
        known = known and len(sums) > 2 * self.same_place + 1
        return Decision(best, self.hindsight.biased(probability), familiarity, known)

    def add(self, image: Any) -> int:
        """Map one more place, after all others on the route; return its number.

        Other places stay as they are.

        Raises:
            ObservationError: no image of that kind, or one that shows nothing.
            ParameterError: there was no `fit`, or the map was deployed.
        """
        frame, fault = self.normalised(image)
        if fault:
            raise ObservationError(f"{fault}; nothing was added")
        return self.append(frame)

    def remove(self, place: int | Sequence[int] | IntArray | range) -> None:
        """Forget a place, or several; the others keep their numbers, and close up.

        Raises:
            ParameterError: no such place; nothing is forgotten.
        """
        keep = np.setdiff1d(np.arange(len(self)), self._positions(place))
        self.keep(keep)
        self._close_up(keep)

    def reset_sequence(self) -> None:
        """Forget the frames so far, as after a start elsewhere."""
        self._sequence.reset()
        self._long.reset()
        self.hindsight.reset()
        self._time_s, self._blind_way = -np.inf, 0.0

    # Steps of `match`.

    def _accepted(self, image: Any, query: Query) -> tuple[FloatArray, str]:
        """Check the order of a frame; return its normalised image and its fault."""
        query.require_after(self._time_s)
        frame, fault = self.normalised(image)
        self._time_s = self._time_s if query.time_s is None else query.time_s
        return frame, fault

    def _observed(self, frame: FloatArray, fault: str, query: Query) -> Evidence:
        """Return the evidence of a frame; none where it has a fault."""
        moved = self._blind_way + query.step
        if fault:
            self._blind_way = moved
            nothing = np.zeros(len(self))
            return Evidence(nothing, nothing)
        evidence = self.evidence(frame, query.waiting, moved)
        self._blind_way = 0.0
        return evidence

    def _decided(self, evidence: Evidence, fault: str, query: Query) -> Match:
        """Accumulate the evidence of a frame, and answer."""
        sums = self._sequence.advance(evidence.summed, query.step, query.sequence)
        length = min(query.sequence, len(self._sequence))
        sums = evidence.alone if length == 1 else sums
        decision = self.judge(sums, length, len(sums))
        probability, incomplete = decision.probability, evidence.arrived < ENOUGH
        if self.confidence is not None:
            answered = None if incomplete else Answered(decision.position, probability)
            self._look_back(answered, evidence.summed, query.step, blind=bool(fault))
            probability *= min(evidence.arrived / ENOUGH, 1.0)
        reason = fault or (INCOMPLETE if incomplete else "")
        known = decision.known and not reason
        return Match(
            int(self.places[decision.position]), probability, known, decision.familiarity, sums,
            reason or ("" if known else UNSURE), length, evidence.complete, evidence.spikes,
        )  # fmt: skip

    def _look_back(
        self, answered: Answered | None, row: FloatArray, step: float, *, blind: bool
    ) -> None:
        """Let hindsight follow the answer to a frame."""
        clear = self._clear(row, step)
        self.hindsight.follow(
            answered, self._long.position, None if blind else clear, int(self._long.between)
        )

    def _clear(self, row: FloatArray, step: float) -> int | None:
        """Return the position that a long sequence is sure of, or None."""
        assert self.confidence is not None
        sums = self._long.advance(row, step, LENGTH)
        if len(self._long) < LENGTH:
            return None
        best, given = features(sums, LENGTH, self.same_place)
        probability, _, known = self.confidence.judge(given, LENGTH, len(sums))
        return best if known and probability >= SURE else None

    # Checks and numbers.

    def _positions(self, places: int | Sequence[int] | IntArray | range) -> IntArray:
        """Return the positions of places on the map, each once, in the order of their naming."""
        named = np.atleast_1d(whole_numbers(places, "place")).tolist()
        return positions(list(dict.fromkeys(named)), self.places, "place")

    def _close_up(self, keep: IntArray) -> None:
        """Reduce the frames so far to the places at some positions."""
        self._sequence.resized(keep)
        self._long.resized(keep)
        self.hindsight.reset()

    def _all(self, images: Images, what: str) -> FloatArray:
        """Return images normalised, (n, n_inputs)."""
        rows = []
        for k, image in enumerate(images):
            try:
                frame, fault = self.normalised(image)
            except ObservationError as exc:
                raise ObservationError(f"{what} {k}: {exc}") from exc
            if fault:
                raise ObservationError(f"{what} {k}: {fault}")
            rows.append(frame)
        return np.array(rows)

    def _calibration(self, given: tuple[Images, Sequence[int]] | None) -> Queries | None:
        """Return a calibration of the present map."""
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
