"""Mapping in operation: a batch of first places, then place by place.

off -> collecting -> fitting -> growing -> off. The first `first_places` images are collected and
fitted in a background thread, while further images are queued; then the queued images and each
further one are added. An image is mapped if the distance since the last place has reached the
spacing, or always without odometry; never at an unknown distance. The old map is used until the new
one is fitted.

With `map_loops` false a known stretch is not mapped again, see `revisits`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from snn_control.controllers.place import Match, PlaceRecognizer
from snn_control.controllers.place.confidence.calibration_state import CalibrationState
from snn_control.controllers.place.recognizer import INCOMPLETE, LEAST_PLACES, UNSURE
from snn_control.copies import Copied
from snn_control.errors import ConfigError
from snn_control.loops.place.config import PlaceNodeConfig
from snn_control.loops.place.fit import BackgroundFit, calibrate, fit
from snn_control.loops.place.images import Keyframe
from snn_control.loops.place.posed_map import PosedMap
from snn_control.loops.place.reason import TOO_EARLY
from snn_control.loops.place.revisits import Revisits
from snn_control.loops.place.spacing import Spacing

FloatArray = npt.NDArray[np.float64]

MOST_WAITING = 5000
"""Maximum number of queued images."""
ADDED_AT_ONCE = 20
"""Queued images added per call of `advance`; about 20 ms."""
AGAIN = -1
"""Place number in a loop closure whose place is not mapped again."""
ENOUGH_PLACES = 50
"""Number of places from which a calibration can separate known places from unknown ones."""


class Mapping(StrEnum):
    """State of a mapping."""

    OFF = "off"
    COLLECTING = "collecting"
    FITTING = "fitting"
    GROWING = "growing"


class Mapper(Copied):
    """State machine that makes a new map from images, or extends the one in use.

    Args:
        posed: map in use.
        config: parameters of the node.
    """

    def __init__(self, posed: PosedMap, config: PlaceNodeConfig) -> None:
        self.posed, self.config = posed, config
        self.state, self.ending = Mapping.OFF, False
        self.failure = ""
        """Reason for the failure of the last mapping; empty otherwise."""
        self.dropped = 0
        """Number of images dropped by a full queue in this mapping or the last."""
        self.spacing = Spacing()
        self._first: list[Keyframe] = []
        self._queue: deque[Keyframe] = deque()
        self._fit: BackgroundFit | None = None
        self._calibration: BackgroundFit | None = None
        self._query_state: CalibrationState | None = None
        """Calibration state for query traverses, set aside while mapping uses its own."""
        self._revisits = Revisits()

    @property
    def on(self) -> bool:
        """True while mapping is running."""
        return self.state is not Mapping.OFF

    @property
    def compares(self) -> bool:
        """True if images can be compared with the places mapped so far."""
        return self.state is Mapping.GROWING and not self._queue and not self.ending

    def progress(self) -> str:
        """Return a description of the progress."""
        match self.state:
            case Mapping.COLLECTING:
                return f"collecting, {len(self._first)} of {self.config.first_places} places"
            case Mapping.FITTING:
                return f"fitting {len(self._first)} places, {len(self._queue)} images queued"
            case Mapping.GROWING:
                if self.ending and not self._queue:
                    return f"calibrating {len(self.posed)} places"
                queued = f", {len(self._queue)} images queued" if self._queue else ""
                again = ", on a known stretch" if self._revisits.known_stretch else ""
                return f"growing, {len(self.posed)} places{queued}{again}"
        return "off"

    # Requests.

    def start(self) -> str:
        """Start mapping; return a description.

        Raises:
            ConfigError: mapping is already running, or the map cannot grow.
        """
        if self.on:
            raise ConfigError(f"mapping is already running: {self.progress()}")
        recognizer = self.posed.recognizer
        extend = self.config.extend and len(recognizer) > 0
        if extend and recognizer.lateral is None:
            raise ConfigError(
                "the map in use was saved with deployed=True and cannot grow; load the original "
                "map, or set extend to false"
            )
        self._drop()
        self._begin_count()
        if extend:
            self._grow()
            return self.progress()
        self.state = Mapping.COLLECTING
        unsaved = self.posed.unsaved
        return self.progress() + (f"; {unsaved}, and the new one replaces it" if unsaved else "")

    def stop(self) -> str:
        """Stop mapping once all queued images are mapped; return a description.

        Raises:
            ConfigError: mapping is not running, there are too few places, or the fit failed; the
                old map stays in use.
        """
        if not self.on or self.ending:
            raise ConfigError(": ".join(filter(None, ("mapping is not running", self.failure))))
        self.ending = True
        self._depart()
        if self.state is Mapping.COLLECTING:
            n = len(self._first)
            if n < LEAST_PLACES:
                self._drop()
                raise ConfigError(f"{n} places; a map needs at least {LEAST_PLACES}")
            self._begin_fit()
        self.advance()
        if self.failure:
            raise ConfigError(self.failure)
        return (
            self.progress() if self.on else f"{len(self.posed)} places"
        ) + self._few_places_note()

    def use(self, posed: PosedMap) -> None:
        """Use another map, and reset the counters."""
        self.posed = posed
        self._begin_count()

    def abort(self) -> None:
        """Stop immediately; queued images are dropped."""
        if self.state is Mapping.GROWING:
            self._finish()
        self._drop()

    # Images.

    def offer(
        self, keyframe: Keyframe, without_odometry: bool, match: Match
    ) -> tuple[int | None, tuple[int, int] | None]:
        """Process a usable image whose distance was passed to `spacing`.

        Args:
            keyframe: keyframe of the image.
            without_odometry: True if there is no odometry, so that every image is a place.
            match: result of `earlier`.

        Returns:
            Its number if it was mapped, and the loop closure, if any: its number or `AGAIN`, and
            the earlier place.
        """
        if self.ending or not self.on or not (without_odometry or self.spacing.due()):
            return None, None
        if self.state is Mapping.COLLECTING:
            self._first.append(keyframe)
            if len(self._first) >= self.config.first_places:
                self._begin_fit()
        elif self.state is Mapping.FITTING or self._queue:
            if len(self._queue) < MOST_WAITING:
                self._queue.append(keyframe)
            else:
                self.dropped += 1
        else:
            return self._next_place(keyframe, match)
        return None, None

    def advance(self) -> None:
        """Use the fitted map, and add queued images; to be called periodically."""
        if self.state is Mapping.FITTING and self._fit is not None and self._fit.done.is_set():
            task, self._fit = self._fit, None
            if task.result is None:
                self._drop()
                self.failure = f"fitting the map failed: {task.failure}"
                return
            self.posed = PosedMap(task.result)
            for number, keyframe in enumerate(self._first):
                self.posed.place(number, keyframe.pose, keyframe.frame)
            self._first = []
            self._grow()
        if self.state is Mapping.GROWING:
            for _ in range(min(ADDED_AT_ONCE, len(self._queue))):
                self._add(self._queue.popleft())
            if self._recalibrated() and self.ending and not self._queue:
                self._finish()

    def keep_bias(self, match: Match) -> None:
        """Undo the change of the confidence bias by the last query.

        While mapping, a long sequence always matches the most recently mapped places.
        """
        recognizer = self.posed.recognizer
        compared = len(self._earlier_scores(match)) and recognizer.confidence is not None
        if compared and self._query_state is not None:
            recognizer.restore(replace(recognizer.calibration_state(), bias=self._query_state.bias))

    def earlier(self, match: Match) -> Match:
        """Return the match without the most recent places.

        The last `loop_recent_places` resemble the present image since they are close to it.
        """
        recognizer, sums = self.posed.recognizer, self._earlier_scores(match)
        if not len(sums) or recognizer.confidence is None:
            return replace(match, place=None, probability=0.0, known=False, reason=TOO_EARLY)
        best, probability, familiarity, known = recognizer.judge(
            sums, match.length, len(match.scores)
        )
        if (
            match.reason == INCOMPLETE
        ):  # scaled by the arrived fraction: a lower bound, as in `Match`
            probability *= match.probability
        blind = match.reason not in ("", UNSURE)
        known = known and not blind
        return replace(
            match,
            place=int(recognizer.places[best]),
            probability=probability,
            familiarity=familiarity,
            known=known,
            scores=sums,
            reason=match.reason if blind else "" if known else UNSURE,
        )

    @contextmanager
    def for_queries(self) -> Iterator[PosedMap]:
        """Provide the map with the calibration state for query traverses instead of mapping."""
        if self._query_state is None:
            yield self.posed
            return
        recognizer = self.posed.recognizer
        own = recognizer.calibration_state()
        self._restore_query_state(self._query_state)
        try:
            yield self.posed
        finally:
            recognizer.restore(own)

    # Inside.

    def _earlier_scores(self, match: Match) -> FloatArray:
        """Return the scores without those of the most recent places."""
        recent = max(self.config.loop_recent_places - self._revisits.skipped, 0)
        return match.scores[: max(len(match.scores) - recent, 0)]

    def _restore_query_state(self, state: CalibrationState) -> None:
        """Set adaptation and bias for query traverses; the confidence of the mapping is kept."""
        recognizer = self.posed.recognizer
        recognizer.restore(
            replace(recognizer.calibration_state(), adaptation=state.adaptation, bias=state.bias)
        )

    def _few_places_note(self) -> str:
        """Return a note if the confidence is calibrated on few places; empty otherwise."""
        n = len(self._first) or len(self.posed)
        if self.posed.recognizer.calibrated:
            n = self._calibrated_places()
        if n >= ENOUGH_PLACES:
            return ""
        few = f"calibrated on {n} places, fewer than {ENOUGH_PLACES}"
        return f"; {few}: unknown places may be classified as known"

    def _recalibrated(self) -> bool:
        """Recalibrate in the background when the map has doubled, and at the end.

        A calibration on a query traverse is kept, and so is the last one if a new one fails.

        Returns:
            True if no calibration is due or running.
        """
        recognizer, task = self.posed.recognizer, self._calibration
        if task is not None and not task.done.is_set():
            return False
        if task is not None and task.result is not None:
            new = task.result.calibration_state()
            state = recognizer.calibration_state()
            recognizer.restore(replace(state, confidence=new.confidence, early=new.early))
            self._calibration = None
        last = self.ending and not self._queue
        enough = self._calibrated_places() + 1 if last else 2 * self._calibrated_places()
        if self._calibration or recognizer.calibrated or len(recognizer) < enough:
            return True
        self._calibration = calibrate(recognizer)
        return False

    def _calibrated_places(self) -> int:
        """Return the number of places of the map at its last calibration."""
        recognizer = self.posed.recognizer
        rivals = 0 if recognizer.confidence is None else recognizer.confidence.n_places
        return rivals + 2 * recognizer.config.same_place + 1

    def _begin_count(self) -> None:
        self.dropped = 0
        self.spacing.begin()

    def _next_place(
        self, keyframe: Keyframe, match: Match
    ) -> tuple[int | None, tuple[int, int] | None]:
        """Map the next place of the route, unless it is on a known stretch; see `offer`."""
        revisits, recognizer = self._revisits, self.posed.recognizer
        number = None if revisits.known_stretch else self._add(keyframe)
        closed = revisits.update(keyframe, match, recognizer.config.same_place, self.config)
        if revisits.departed(self.config):
            self._depart()
        if not closed or match.place is None:
            return number, None
        return number, (AGAIN if number is None else number, match.place)

    def _depart(self) -> None:
        """Leave the known stretch, if any, and queue the keyframes for the overlap."""
        if self._revisits.known_stretch:
            self._queue.extend(self._revisits.depart(self.config.sequence))
            self.posed.recognizer.reset_sequence()

    def _add(self, keyframe: Keyframe) -> int:
        number = self.posed.recognizer.add(keyframe.image)
        self.posed.place(number, keyframe.pose, keyframe.frame)
        return number

    def _begin_fit(self) -> None:
        self.state = Mapping.FITTING
        old = self.posed.recognizer
        self._fit = fit(PlaceRecognizer(self.config.seed, old.config), self._first)

    def _grow(self) -> None:
        """Start growing, with the adaptation of the mapping traverse for loop closures."""
        self.state, recognizer = Mapping.GROWING, self.posed.recognizer
        self._query_state = recognizer.calibration_state()
        recognizer.stay()
        recognizer.reset_sequence()

    def _finish(self) -> None:
        assert self._query_state is not None
        self._restore_query_state(self._query_state)
        self.posed.recognizer.reset_sequence()
        self._drop()

    def _drop(self) -> None:
        self.state, self.ending, self.failure = Mapping.OFF, False, ""
        self._first, self._fit, self._calibration, self._query_state = [], None, None, None
        self._revisits.reset()
        self._queue.clear()
