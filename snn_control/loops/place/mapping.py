"""Mapping in operation: images become places, first many at once, then one by one.

off -> collecting -> fitting -> growing -> off. The first `first_places` images are collected and
fitted in a thread of their own, while further images are kept; then they, and each further one, are
added. An image becomes a place where the distance since the last place has reached the spacing, or
always where there is no odometry; none where the distance is unknown. The map that was in use stays
until the new one is fitted.

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
from snn_control.controllers.place.confidence.judgement import Judgement
from snn_control.controllers.place.recognizer import INCOMPLETE, LEAST_PLACES, UNSURE
from snn_control.errors import ConfigError
from snn_control.loops.place.config import PlaceNodeConfig
from snn_control.loops.place.fit import Work, calibrate, fit
from snn_control.loops.place.images import Keyframe
from snn_control.loops.place.posed_map import PosedMap
from snn_control.loops.place.reason import TOO_EARLY
from snn_control.loops.place.revisits import Revisits
from snn_control.loops.place.spacing import Spacing

FloatArray = npt.NDArray[np.float64]

MOST_WAITING = 5000
"""Images that are kept while the map is fitted."""
ADDED_AT_ONCE = 20
"""Of those, in one call: about 20 ms."""
AGAIN = -1
"""In place of the number of a place that is not mapped again."""
ENOUGH_PLACES = 50
"""Places from which on a calibration can separate known places from unknown ones."""


class Mapping(StrEnum):
    """State of a mapping."""

    OFF = "off"
    COLLECTING = "collecting"
    FITTING = "fitting"
    GROWING = "growing"


class Mapper:
    """Makes a map of images, or extends the one in use.

    Args:
        posed: map in use.
        config: limits and times.
    """

    def __init__(self, posed: PosedMap, config: PlaceNodeConfig) -> None:
        self.posed, self.config = posed, config
        self.state, self.ending = Mapping.OFF, False
        self.failure = ""
        """Reason why the last mapping made no map."""
        self.dropped = 0
        """Images that came while too many waited, of this mapping or the last."""
        self.spacing = Spacing()
        self._first: list[Keyframe] = []
        self._waiting: deque[Keyframe] = deque()
        self._fit: Work | None = None
        self._calibration: Work | None = None
        self._queried: Judgement | None = None
        """Judgement of query traverses, while the mapping has its own."""
        self._revisits = Revisits()

    @property
    def on(self) -> bool:
        """Whether a mapping goes on."""
        return self.state is not Mapping.OFF

    @property
    def compares(self) -> bool:
        """Whether images can be compared with places that were mapped before them."""
        return self.state is Mapping.GROWING and not self._waiting and not self.ending

    def progress(self) -> str:
        """Return the progress of the mapping, for people."""
        match self.state:
            case Mapping.COLLECTING:
                return f"collecting, {len(self._first)} of {self.config.first_places} places"
            case Mapping.FITTING:
                return f"fitting {len(self._first)} places, {len(self._waiting)} images wait"
            case Mapping.GROWING:
                if self.ending and not self._waiting:
                    return f"calibrating {len(self.posed)} places"
                waiting = f", {len(self._waiting)} images wait" if self._waiting else ""
                again = ", on a known stretch" if self._revisits.known_stretch else ""
                return f"growing, {len(self.posed)} places{waiting}{again}"
        return "off"

    # Requests.

    def start(self) -> str:
        """Begin; return what happens.

        Raises:
            ConfigError: a mapping goes on, or the map cannot grow.
        """
        if self.on:
            raise ConfigError(f"mapping already: {self.progress()}")
        recognizer = self.posed.recognizer
        extend = self.config.extend and len(recognizer) > 0
        if extend and recognizer.lateral is None:
            raise ConfigError(
                "the map in use was saved to be deployed and cannot grow; load the one that it "
                "was saved from, or set extend to false"
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
        """End; a map that is fitted or grown goes on until all images are in it.

        Raises:
            ConfigError: no mapping goes on, there are too few places, or no map can be made of
                them; the old map stays.
        """
        if not self.on or self.ending:
            raise ConfigError(": ".join(filter(None, ("no mapping goes on", self.failure))))
        self.ending = True
        self._leave()
        if self.state is Mapping.COLLECTING:
            n = len(self._first)
            if n < LEAST_PLACES:
                self._drop()
                raise ConfigError(f"{n} places are too few for a map; expected {LEAST_PLACES}")
            self._begin_fit()
        self.advance()
        if self.failure:
            raise ConfigError(self.failure)
        return (self.progress() if self.on else f"{len(self.posed)} places") + self._few()

    def use(self, posed: PosedMap) -> None:
        """Take another map, of which nothing was counted."""
        self.posed = posed
        self._begin_count()

    def abort(self) -> None:
        """End at once; images that are not in the map are dropped."""
        if self.state is Mapping.GROWING:
            self._finish()
        self._drop()

    # Images.

    def offer(
        self, keyframe: Keyframe, placeless: bool, match: Match
    ) -> tuple[int | None, tuple[int, int] | None]:
        """Take an image that shows something, and whose distance `spacing` has.

        Args:
            keyframe: of the image.
            placeless: whether there is no odometry, so that every image is a place.
            match: of `earlier`.

        Returns:
            Its number if it became a place, and, where a loop is closed, its number or `AGAIN` and
            the earlier place that it is.
        """
        if self.ending or not self.on or not (placeless or self.spacing.due()):
            return None, None
        if self.state is Mapping.COLLECTING:
            self._first.append(keyframe)
            if len(self._first) >= self.config.first_places:
                self._begin_fit()
        elif self.state is Mapping.FITTING or self._waiting:
            if len(self._waiting) < MOST_WAITING:
                self._waiting.append(keyframe)
            else:
                self.dropped += 1
        else:
            return self._come(keyframe, match)
        return None, None

    def advance(self) -> None:
        """Take the fitted map over, and add images that waited; call it often."""
        if self.state is Mapping.FITTING and self._fit is not None and self._fit.done.is_set():
            work, self._fit = self._fit, None
            if work.made is None:
                self._drop()
                self.failure = f"the map was not made: {work.failure}"
                return
            self.posed = PosedMap(work.made)
            for number, keyframe in enumerate(self._first):
                self.posed.place(number, keyframe.pose, keyframe.frame)
            self._first = []
            self._grow()
        if self.state is Mapping.GROWING:
            for _ in range(min(ADDED_AT_ONCE, len(self._waiting))):
                self._add(self._waiting.popleft())
            if self._follows_growth() and self.ending and not self._waiting:
                self._finish()

    def keep_bias(self, match: Match) -> None:
        """Undo the change that a query has made to the bias of the confidence.

        The place that a long sequence is sure of while it maps is the one mapped just before.
        """
        recognizer = self.posed.recognizer
        compared = len(self._earlier_scores(match)) and recognizer.confidence is not None
        if compared and self._queried is not None:
            recognizer.restore(replace(recognizer.judgement(), bias=self._queried.bias))

    def earlier(self, match: Match) -> Match:
        """Return the answer among the places that were mapped a while ago.

        The last `loop_recent_places` look like what is seen because it was just there.
        """
        recognizer, sums = self.posed.recognizer, self._earlier_scores(match)
        if not len(sums) or recognizer.confidence is None:
            return replace(match, place=None, probability=0.0, known=False, reason=TOO_EARLY)
        best, probability, familiarity, known = recognizer.judge(
            sums, match.length, len(match.scores)
        )
        if match.reason == INCOMPLETE:  # at most the share that came: a lower bound, as there
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
        """Give the map with the judgement of query traverses, not that of the mapping."""
        if self._queried is None:
            yield self.posed
            return
        recognizer = self.posed.recognizer
        own = recognizer.judgement()
        self._restore_queried(self._queried)
        try:
            yield self.posed
        finally:
            recognizer.restore(own)

    # Inside.

    def _earlier_scores(self, match: Match) -> FloatArray:
        """Return the scores of the places that were mapped a while ago."""
        recent = max(self.config.loop_recent_places - self._revisits.skipped, 0)
        return match.scores[: max(len(match.scores) - recent, 0)]

    def _restore_queried(self, queried: Judgement) -> None:
        """Give the recogniser the adaptation and bias of query traverses; the rest was mapped."""
        recognizer = self.posed.recognizer
        recognizer.restore(
            replace(recognizer.judgement(), adaptation=queried.adaptation, bias=queried.bias)
        )

    def _few(self) -> str:
        """Say so where the fit has few places."""
        n = len(self._first) or len(self.posed)
        if self.posed.recognizer.calibrated:
            n = self._judged_places()
        if n >= ENOUGH_PLACES:
            return ""
        few = f"calibrated on {n} places, fewer than {ENOUGH_PLACES}"
        return f"; {few}: what is not on the map may pass for known"

    def _follows_growth(self) -> bool:
        """Calibrate a map anew when it has doubled, and at the end; return whether that is done.

        What another visit taught stays, and so does a calibration after which one has failed.
        """
        recognizer, work = self.posed.recognizer, self._calibration
        if work is not None and not work.done.is_set():
            return False
        if work is not None and work.made is not None:
            made = work.made.judgement()
            fitted = replace(recognizer.judgement(), confidence=made.confidence, early=made.early)
            recognizer.restore(fitted)
            self._calibration = None
        last = self.ending and not self._waiting
        enough = self._judged_places() + 1 if last else 2 * self._judged_places()
        if self._calibration or recognizer.calibrated or len(recognizer) < enough:
            return True
        self._calibration = calibrate(recognizer)
        return False

    def _judged_places(self) -> int:
        """Return the places of the map when it was calibrated."""
        recognizer = self.posed.recognizer
        rivals = 0 if recognizer.confidence is None else recognizer.confidence.n_places
        return rivals + 2 * recognizer.config.same_place + 1

    def _begin_count(self) -> None:
        self.dropped = 0
        self.spacing.begin()

    def _come(self, keyframe: Keyframe, match: Match) -> tuple[int | None, tuple[int, int] | None]:
        """Map the place that the route comes to, unless it need not be mapped again."""
        revisits, recognizer = self._revisits, self.posed.recognizer
        number = None if revisits.known_stretch else self._add(keyframe)
        closed = revisits.come(keyframe, match, recognizer.config.same_place, self.config)
        if revisits.left(self.config):
            self._leave()
        if not closed or match.place is None:
            return number, None
        return number, (AGAIN if number is None else number, match.place)

    def _leave(self) -> None:
        """Leave a known stretch; what has to be mapped after all waits before all others."""
        if self._revisits.known_stretch:
            self._waiting.extend(self._revisits.leave(self.config.sequence))
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
        """Compare images for loops with the adaptation of the traverse that maps."""
        self.state, recognizer = Mapping.GROWING, self.posed.recognizer
        self._queried = recognizer.judgement()
        recognizer.stay()
        recognizer.reset_sequence()

    def _finish(self) -> None:
        assert self._queried is not None
        self._restore_queried(self._queried)
        self.posed.recognizer.reset_sequence()
        self._drop()

    def _drop(self) -> None:
        self.state, self.ending, self.failure = Mapping.OFF, False, ""
        self._first, self._fit, self._calibration, self._queried = [], None, None, None
        self._revisits.reset()
        self._waiting.clear()
