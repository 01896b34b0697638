"""Place loop: image and odometry -> checks -> recogniser or mapping -> answer."""

from __future__ import annotations

import time
from array import array
from collections import deque
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from snn_control.controllers.place import Match, PlaceRecognizer
from snn_control.controllers.place.recognizer import LEAST_PLACES
from snn_control.controllers.place.senses import fault
from snn_control.errors import ConfigError, ObservationError
from snn_control.loops.place.config import PlaceNodeConfig
from snn_control.loops.place.images import CHANNELS, Bytes, Refusal, keyframe_of, read_image
from snn_control.loops.place.mapping import Mapper
from snn_control.loops.place.odometry import Pose, Travel
from snn_control.loops.place.posed_map import PosedMap
from snn_control.loops.place.reason import CODES, MAPPING, Reason
from snn_control.supervision.rolling import Rolling
from snn_control.supervision.stamps import StampCheck, StampFault

__all__ = ["RECENT", "UNUSABLE", "Answer", "PlaceLoop", "warm"]

UNUSABLE = "unusable"
RECENT = 1000
"""Number of answers that the fraction of unknown ones is taken over."""


@dataclass(frozen=True)
class Answer:
    """Result of processing one image."""

    stamp_ns: int
    match: Match
    step: float
    """Places moved since the last image; NaN where that is unknown."""
    query_s: float
    """Processing time of the recogniser, s."""
    mapped: int | None = None
    """Number of the place that the image has become."""
    loop: tuple[int, int] | None = None
    """The place that the image has become, -1: none, and the earlier one that it is."""
    mapping: bool = False
    pose: Pose | None = None
    """Of the place, where it is known and has one."""
    frame: str = ""
    """Frame of the pose."""

    @property
    def reason(self) -> Reason:
        """Reason why the place is not known."""
        return CODES[self.match.reason]


class PlaceLoop:
    """Recognises the places of images, or maps them, and counts both.

    Args:
        posed: map to begin with.
        config: limits and times.
    """

    def __init__(self, posed: PosedMap, config: PlaceNodeConfig) -> None:
        self.config = config
        self.mapper = Mapper(posed, config)
        self.stamps = StampCheck(
            1.0,  # only the order of stamps matters
            future_s=config.stamp_future_s,
            restart_s=config.stamp_restart_s,
            max_age_s=config.stamp_max_age_s,
        )
        self.travel = Travel(
            config.place_spacing_m,
            config.odometry_jump_m,
            config.odometry_max_age_s,
            config.reverse,
        )
        self.query_s = Rolling()
        self.reset()

    @property
    def posed(self) -> PosedMap:
        """The map in use."""
        return self.mapper.posed

    @property
    def recognizer(self) -> PlaceRecognizer:
        """That of the map in use."""
        return self.posed.recognizer

    def configure(self, config: PlaceNodeConfig) -> None:
        """Take over the parameters that may change in operation."""
        self.config = self.mapper.config = config

    def reset(self) -> None:
        """Start anew, with the same map."""
        self.stamps.reset()
        self.travel.reset()
        self.query_s.reset()
        self.images = 0
        self.refused: dict[str, int] = {}
        self.refusal = ""
        """Why the last refused image was refused."""
        self.unknown: deque[bool] = deque(maxlen=RECENT)
        self.image_s: float | None = None
        """Arrival of the last image that was used, monotonic."""
        self.begin()

    def begin(self) -> None:
        """Forget the frames so far, as after a start elsewhere."""
        self.recognizer.reset_sequence()
        self.travel.begin()
        self.mapper.spacing.move(None)

    # Messages.

    def on_image(
        self, image: Bytes | Refusal, stamp_ns: int, clock_ns: int, now_s: float
    ) -> Answer | None:
        """Take an image; return the answer, or None where it is refused, see `refusal`.

        Args:
            image: of `read_image`.
            stamp_ns: when it was taken.
            clock_ns: node's clock, now.
            now_s: monotonic.
        """
        if isinstance(image, Refusal):
            self._refuse(image.kind, image.message)
            return None
        fault = self.stamps.judge(stamp_ns, clock_ns).fault
        if fault is not None:
            if fault is StampFault.RESTARTED:
                self.begin()
            self._refuse(f"stamp {fault}", f"stamp {fault}")
            return None
        try:
            process = self._mapped if self.mapper.on else self._recognised
            answer = process(image, stamp_ns, now_s)
        except ObservationError as exc:
            self._refuse(UNUSABLE, str(exc))
            return None
        self.images += 1
        self.image_s = now_s
        return answer

    def load(self, path: str) -> str:
        """Use another map from now on; return what it is, and what was lost.

        Raises:
            ConfigError: a mapping goes on, or there is no path.
            ModelFileError: a broken file; the old map stays in use.
        """
        if self.mapper.on:
            raise ConfigError("a mapping goes on; stop it first")
        if not path:
            raise ConfigError("parameter map is empty; set it to the path to load from")
        posed, unsaved = PosedMap.load(path), self.posed.unsaved
        self.mapper.use(posed)
        self.begin()
        lost = unsaved and f"{unsaved}, and is dropped"
        return "; ".join(filter(None, (f"{len(posed)} places", posed.note, lost)))

    def candidates(self, match: Match) -> npt.NDArray[np.float64]:
        """Return number and score of the best places, best first, (n, 2)."""
        best = match.top(self.config.n_candidates)
        numbers = self.recognizer.places[best]
        # As in the confidence: scores of sequences of any length are alike.
        scores = match.scores[best] / np.sqrt(match.length)
        return np.column_stack([numbers.astype(np.float64), scores])

    # Inside.

    def _recognised(self, image: Bytes, stamp_ns: int, now_s: float) -> Answer:
        step = self._step(now_s)
        match, query_s = self._match(image, step)
        self.unknown.append(not match.known)
        pose = (
            self.posed.poses.get(match.place) if match.known and match.place is not None else None
        )
        return Answer(stamp_ns, match, step, query_s, pose=pose, frame=self.posed.frame)

    def _mapped(self, image: Bytes, stamp_ns: int, now_s: float) -> Answer:
        keyframe = keyframe_of(image, self.recognizer, self.travel.pose, self.travel.frame)
        wrong, placeless = fault(keyframe.image), not self.travel.used
        step = self._step(now_s)
        way = None if np.isnan(step) else step
        mapper, query_s, number, loop = self.mapper, 0.0, None, None
        match = Match(None, 0.0, False, 0.0, np.zeros(0), wrong or MAPPING)
        if mapper.compares:
            match, query_s = self._match(keyframe.image, step)
            mapper.keep_bias(match)
            match = mapper.earlier(match)
        mapper.spacing.move(way)
        if not wrong and way is not None:
            number, loop = mapper.offer(keyframe, placeless, match)
        return Answer(stamp_ns, match, step, query_s, number, loop, True)

    def _step(self, now_s: float) -> float:
        way = self.travel.since_image(now_s)
        if not self.travel.used:
            return float(self.config.step)
        if way is None:  # how far the last frames lie back is unknown: this one stands alone
            self.recognizer.reset_sequence()
            return float("nan")
        return way

    def _match(self, image: Bytes, step: float) -> tuple[Match, float]:
        began_s = time.perf_counter()
        match = self.recognizer.match(
            image,
            self.config.sequence,
            0.0 if np.isnan(step) else step,
            deadline_s=self.config.query_deadline_s or None,
        )
        query_s = time.perf_counter() - began_s
        self.query_s.add(query_s)
        return match, query_s

    def _refuse(self, kind: str, message: str) -> None:
        self.refused[kind] = self.refused.get(kind, 0) + 1
        self.refusal = message


def warm(config: PlaceNodeConfig) -> None:
    """Call once what is compiled, so that nothing is compiled in operation."""
    rng = np.random.default_rng(0)
    recognizer = PlaceRecognizer()
    images = rng.integers(0, 256, (LEAST_PLACES, 64, 64), dtype=np.uint8)
    recognizer.fit(images)
    recognizer.add(images[0])
    recognizer.match(images[1], config.sequence, 1.0, spiking=True)
    for encoding, channels in CHANNELS.items():
        for padding in (0, 1):  # rows that touch and rows that do not are compiled apart
            step = 64 * channels + padding
            data = array("B", rng.bytes(64 * step))
            recognizer.match(read_image(64, 64, encoding, step, data), config.sequence, 1.0)
