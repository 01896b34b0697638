"""Base class of the recognisers: frame checks, sequence matching, decision, calibration."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from snn_control.controllers.place.confidence.calibration_state import CalibrationState
from snn_control.controllers.place.confidence.confidence import Confidence, features
from snn_control.controllers.place.confidence.decision import Decision
from snn_control.controllers.place.confidence.hindsight import LENGTH, SURE, Hindsight, PastAnswer
from snn_control.controllers.place.confidence.long_sequence import long_match
from snn_control.controllers.place.confidence.recalibration import FrameAnswer, Recalibration
from snn_control.controllers.place.evidence import Evidence
from snn_control.controllers.place.match import Match
from snn_control.controllers.place.numbering import positions, whole_numbers
from snn_control.controllers.place.presentation_options import PresentationOptions
from snn_control.controllers.place.queries import (
    LEAST_QUERIES,
    BlankFrames,
    Queries,
    require_enough,
)
from snn_control.controllers.place.query import Query
from snn_control.controllers.place.sequence import FrameSequence
from snn_control.copies import Copied
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

EMPTY = "the map is empty"
"""Reason of a match on an empty map."""
UNSURE = "no mapped place matches the image"
"""Reason of a match below the threshold of known places."""
INCOMPLETE = "under an eighth of the spikes had arrived"
"""Reason of a match with too few spikes at the deadline."""
ENOUGH = 0.125
"""Minimum fraction of the spikes for calibrated probabilities; below it they are reduced."""
LEAST_PLACES = 10
"""Minimum number of places to fit or calibrate a map."""


class Recognizer(Copied, ABC):
    """Abstract place recogniser; subclasses define the map and the evidence of one frame.

    A subclass implements `places`, `normalised`, `rebuild_map`, `evidence`, `append` and `keep`,
    which take normalised images and check nothing, `renumber`, and `calibration_state` and
    `restore`.

    Args:
        same_place: see the attribute.
    """

    def __init__(self, same_place: int) -> None:
        self.confidence: Confidence | None = None
        self.hindsight = Hindsight()
        self.recalibration: Recalibration | None = None
        """Recalibration of single-frame probabilities in operation; None: off."""
        self.skipped = BlankFrames()
        """Frames that the last `fit` and `calibrate` left out; also in `about` of a saved map."""
        self.same_place = same_place
        """Places to either side of the best one that count as the same place, not as rivals."""
        self._sequence, self._long_sequence = FrameSequence(), FrameSequence(LENGTH)
        self._time_s, self._blind_distance = -np.inf, 0.0

    def __len__(self) -> int:
        return len(self.places)

    @property
    @abstractmethod
    def places(self) -> IntArray:
        """Numbers of the mapped places, in the order of the route."""

    @abstractmethod
    def normalised(self, image: Any) -> tuple[FloatArray, str]:
        """Return the normalised image, (n_inputs,), and its fault, or an empty string.

        Raises:
            ObservationError: not an image.
        """

    @abstractmethod
    def rebuild_map(self, mapped: FloatArray, queries: Queries | None) -> None:
        """Replace the map, numbering places from 0, and fit the confidence.

        Args:
            mapped: normalised images, one per place, (n_places, n_inputs).
            queries: for the calibration.
        """

    @abstractmethod
    def evidence(
        self, image: FloatArray, options: PresentationOptions, distance: float
    ) -> Evidence:
        """Return the evidence of a normalised image, `distance` places after the last one."""

    @abstractmethod
    def append(self, image: FloatArray) -> int:
        """Append a place by its normalised image; return its number."""

    @abstractmethod
    def keep(self, positions: IntArray) -> None:
        """Keep the places at some positions, in that order."""

    @abstractmethod
    def renumber(self, numbers: IntArray, next_number: int) -> None:
        """Set the numbers of all places, and that of the next one."""

    @abstractmethod
    def calibration_state(self) -> CalibrationState:
        """Return the calibrated and adapted state without the map."""

    def judgement(self) -> CalibrationState:
        """Return `calibration_state()`; deprecated name."""
        warnings.warn("use calibration_state()", DeprecationWarning, stacklevel=2)
        return self.calibration_state()

    @abstractmethod
    def restore(self, state: CalibrationState) -> None:
        """Set the calibrated and adapted state; map and sequence are kept.

        Raises:
            ParameterError: the state of another kind of recogniser; nothing is changed.
        """

    def fit(
        self,
        images: Images,
        calibration: tuple[Images, Sequence[int]] | None = None,
        *,
        skip_blank: bool = False,
    ) -> Self:
        """Map a route from scratch; the number of a place is the index of its image.

        Args:
            images: reference traverse, one image per place in route order, uint8, (n, h, w) or
                (n, h, w, 3), at least 10.
            calibration: images of a query traverse, in order, and the place number of each, at
                least 20. None: see the subclass.
            skip_blank: True to leave out featureless images, and the calibration images of their
                places, and to list them in `skipped`; the other places keep their numbers. False to
                refuse them.

        Raises:
            ObservationError: an invalid or featureless image; the message gives the indices.
            ParameterError: too few images, or an invalid calibration.
        """
        n = len(images)
        queries, blank_queries = self._queries(calibration, range(n))
        mapped, blank = self._normalise_all(images, "image")
        BlankFrames(blank, blank_queries).require_none(skip_blank)
        numbers = np.setdiff1d(np.arange(n), np.array([*blank], np.int64))
        if len(numbers) < LEAST_PLACES:
            raise ParameterError(
                f"{n} images, {len(blank)} blank; expected at least {LEAST_PLACES} usable ones"
            )
        if queries is not None:
            for k in np.flatnonzero(np.isin(queries.places, [*blank])).tolist():
                blank_queries.setdefault(k, "the image of its place is left out")
            queries = queries.without(blank_queries)
            queries = Queries(queries.images, np.searchsorted(numbers, queries.places))
            require_enough(queries)
        with one_blas_thread():
            self.rebuild_map(mapped[numbers], queries)
        if blank:
            self.renumber(numbers, n)
        self.skipped = BlankFrames(blank, dict(sorted(blank_queries.items())))
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
        """Return the place of an image and advance the sequence.

        A featureless frame (black, saturated or flat) is unknown, with the reason; it advances the
        sequence without evidence. A refused frame changes nothing. The options for spikes have no
        effect on recognisers without spikes.

        Args:
            image: uint8, (h, w) or (h, w, 3).
            sequence: frames whose scores are summed, at most 200.
            step: odometry distance since the last frame, places; fractions add up.
            time_s: time stamp of the frame, later than that of the last one.
            deadline_s: time limit of the presentation; the answer uses the spikes that arrived, the
                strongest first. With less than an eighth of them no place is known.
            early: stop as soon as later spikes would change fewer than one answer in 100, which
                saves work on chips whose cost is per spike.
            spiking: deliver the spikes one by one; the answer is the same.

        Raises:
            ObservationError: an invalid image, a frame out of order, or an invalid sequence, step
                or deadline.
        """
        query = Query(sequence, step, time_s, PresentationOptions(spiking, deadline_s, early))
        frame, fault = self._check_frame(image, query)
        if not len(self):
            return Match(None, 0.0, False, 0.0, np.zeros(0), EMPTY)
        evidence = self._frame_evidence(frame, fault, query)
        return self._decide(evidence, fault, query)

    def judge(self, sums: FloatArray, length: int, n_places: int) -> Decision:
        """Return the best place, and the confidence in it.

        Args:
            sums: accumulated scores of the candidate places, larger is better, (n,).
            length: number of summed frames.
            n_places: number of places on the map.
        """
        best, values = features(sums, length, self.same_place)
        if self.confidence is None or not sums.any():
            return Decision(best, 0.0, 0.0, False)
        probability, familiarity, known = self.confidence.judge(values, length, n_places)
        known = known and len(sums) > 2 * self.same_place + 1
        return Decision(best, self.hindsight.biased(probability), familiarity, known)

    def add(self, image: Any) -> int:
        """Append a place to the end of the route; return its number.

        Other places are unchanged.

        Raises:
            ObservationError: an invalid or featureless image.
            ParameterError: `fit` was not called, or the map is deployed.
        """
        frame, fault = self.normalised(image)
        if fault:
            raise ObservationError(f"{fault}; no place was added")
        return self.append(frame)

    def remove(self, place: int | Sequence[int] | IntArray | range) -> None:
        """Remove places from the map; the others keep their numbers and move together.

        Raises:
            ParameterError: no such place; nothing is removed.
        """
        keep = np.setdiff1d(np.arange(len(self)), self._positions(place))
        self.keep(keep)
        self._reduce_history(keep)

    def reset_sequence(self) -> None:
        """Clear the history of frames, as after a start at another position."""
        self._sequence.reset()
        self._long_sequence.reset()
        self.hindsight.reset()
        self._time_s, self._blind_distance = -np.inf, 0.0

    # Steps of `match`.

    def _check_frame(self, image: Any, query: Query) -> tuple[FloatArray, str]:
        """Check the time stamp of a frame; return its normalised image and its fault."""
        query.require_after(self._time_s)
        frame, fault = self.normalised(image)
        self._time_s = self._time_s if query.time_s is None else query.time_s
        return frame, fault

    def _frame_evidence(self, frame: FloatArray, fault: str, query: Query) -> Evidence:
        """Return the evidence of a frame; zeros if it has a fault."""
        distance = self._blind_distance + query.step
        if fault:
            self._blind_distance = distance
            zeros = np.zeros(len(self))
            return Evidence(zeros, zeros)
        evidence = self.evidence(frame, query.presentation, distance)
        self._blind_distance = 0.0
        return evidence

    def _decide(self, evidence: Evidence, fault: str, query: Query) -> Match:
        """Accumulate the evidence of a frame and return the match."""
        sums = self._sequence.advance(evidence.summed, query.step, query.sequence)
        length = min(query.sequence, len(self._sequence))
        sums = evidence.alone if length == 1 else sums
        decision = self.judge(sums, length, len(sums))
        probability, incomplete = decision.probability, evidence.arrived < ENOUGH
        if self.confidence is not None:
            self._rate_past_answers(decision, evidence, query.step, blind=bool(fault))
            if self.recalibration is not None and length == 1 and not fault:
                values = features(sums, 1, self.same_place)[1]
                probability = self.recalibration.probability(values, probability)
            probability *= min(evidence.arrived / ENOUGH, 1.0)
        reason = fault or (INCOMPLETE if incomplete else "")
        known = decision.known and not reason
        return Match(
            int(self.places[decision.position]), probability, known, decision.familiarity, sums,
            reason or ("" if known else UNSURE), length, evidence.complete, evidence.spikes,
        )  # fmt: skip

    def _rate_past_answers(
        self, decision: Decision, evidence: Evidence, step: float, *, blind: bool
    ) -> None:
        """Pass the answer to a frame, and the match of the long sequence, to those that learn."""
        assert self.confidence is not None
        sequence, unused = self._long_sequence, evidence.arrived < ENOUGH
        match = long_match(sequence, evidence.summed, step, self.confidence, self.same_place)
        sure = not blind and match is not None and match.known and match.probability >= SURE
        answer = None if unused else PastAnswer(decision.position, decision.probability)
        position, slack = sequence.position, int(sequence.between)
        self.hindsight.update(answer, position, match.best if match and sure else None, slack)
        if self.recalibration is not None:
            self.recalibration.follow(self.confidence)
            usable = not (blind or unused)
            single = self._frame_answer(evidence.alone) if usable else None
            self.recalibration.update(single, match if usable else None, position, slack)

    def _frame_answer(self, alone: FloatArray) -> FrameAnswer:
        """Return the answer to a single frame by the calibration of the map."""
        decision = self.judge(alone, 1, len(alone))
        values = features(alone, 1, self.same_place)[1]
        return FrameAnswer(decision.position, tuple(values.tolist()), decision.probability)

    # Checks and numbers.

    def _positions(self, places: int | Sequence[int] | IntArray | range) -> IntArray:
        """Return the positions of places on the map, without duplicates, in the order passed."""
        numbers = np.atleast_1d(whole_numbers(places, "place")).tolist()
        return positions(list(dict.fromkeys(numbers)), self.places, "place")

    def _reduce_history(self, keep: IntArray) -> None:
        """Reduce the scores of past frames to the places at some positions."""
        self._sequence.resized(keep)
        self._long_sequence.resized(keep)
        self.hindsight.reset()
        if self.recalibration is not None:
            self.recalibration.forget()

    def _normalise_all(self, images: Images, what: str) -> tuple[FloatArray, dict[int, str]]:
        """Return normalised images, (n, n_inputs), and the faults of featureless ones by index."""
        rows, faults = [], {}
        for k, image in enumerate(images):
            try:
                frame, fault = self.normalised(image)
            except ObservationError as exc:
                raise ObservationError(f"{what} {k}: {exc}") from exc
            if fault:
                faults[k] = fault
            rows.append(frame)
        return np.array(rows), faults

    def _calibration(
        self, calibration: tuple[Images, Sequence[int]] | None, skip_blank: bool
    ) -> tuple[Queries | None, BlankFrames]:
        """Return the queries of a calibration of the present map, and `skipped` after it."""
        if len(self) < LEAST_PLACES:
            raise ParameterError(f"{len(self)} places; expected at least {LEAST_PLACES}")
        queries, blank = self._queries(calibration, self.places)
        BlankFrames(calibration=blank).require_none(skip_blank)
        if queries is not None:
            queries = queries.without(blank)
            require_enough(queries)
        return queries, replace(self.skipped, calibration=blank)

    def _queries(
        self, calibration: tuple[Images, Sequence[int]] | None, mapped: IntArray | range
    ) -> tuple[Queries | None, dict[int, str]]:
        """Return calibration queries, checked against the mapped places, and their faults."""
        if calibration is None:
            return None, {}
        images, places = calibration
        if len(images) != len(places):
            raise ParameterError(
                f"{len(images)} calibration images and {len(places)} places; expected one place "
                "for each image"
            )
        numbers = whole_numbers(places, "calibration places").tolist()
        at = positions(numbers, mapped, "calibration place")
        require_enough(at)
        rows, faults = self._normalise_all(images, "calibration image")
        return Queries(rows, at), faults
