"""Place loop: image and odometry -> checks -> recogniser or mapping -> answer."""

from __future__ import annotations

import time
from array import array
from collections import deque
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from snn_control.controllers.place import Match, PlaceRecognizer
from snn_control.controllers.place.confidence.recalibration import Recalibration
from snn_control.controllers.place.image_encoder import fault
from snn_control.controllers.place.recognizer import LEAST_PLACES
from snn_control.copies import Copied
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
"""Number of recent answers for the fraction of unknown places."""


@dataclass(frozen=True)
class Answer:
    """Result of processing one image."""

    stamp_ns: int
    match: Match
    step: float
    """Odometry distance since the last image, places; NaN if unknown."""
    query_s: float
    """Processing time of the recogniser, s."""
    mapped: int | None = None
    """Number of the place mapped from the image."""
    loop: tuple[int, int] | None = None
    """Loop closure: place mapped from the image (-1: none) and the earlier place it matches."""
    mapping: bool = False
    pose: Pose | None = None
    """Pose of the place, if it is known and has one."""
    frame: str = ""
    """Frame of the pose."""

    @property
    def reason(self) -> Reason:
        """Reason for an unknown place; `NONE` if it is known."""
        return CODES[self.match.reason]


class PlaceLoop(Copied):
    """Loop that recognises or maps the places of images.

    Args:
        posed: initial map.
        config: parameters of the node.
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
        """Map in use."""
        return self.mapper.posed

    @property
    def recognizer(self) -> PlaceRecognizer:
        """Recogniser of the map in use."""
        return self.posed.recognizer

    def configure(self, config: PlaceNodeConfig) -> None:
        """Apply parameters that can change in operation."""
        self.config = self.mapper.config = config

    def reset(self) -> None:
        """Reset everything except the map."""
        self.stamps.reset()
        self.travel.reset()
        self.query_s.reset()
        self.images = 0
        self.refused: dict[str, int] = {}
        self.refusal = ""
        """Reason for refusing the last refused image."""
        self.unknown: deque[bool] = deque(maxlen=RECENT)
        self.image_s: float | None = None
        """Arrival of the last used image, monotonic, s."""
        self.recalibration: Recalibration | None = None
        """Recalibration in operation; None: off."""
        self.begin()

    def begin(self) -> None:
        """Clear the history of frames, as after a start at another position."""
        self.recognizer.reset_sequence()
        self.travel.begin()
        self.mapper.spacing.move(None)

    # Messages.

    def on_image(
        self, image: Bytes | Refusal, stamp_ns: int, clock_ns: int, now_s: float
    ) -> Answer | None:
        """Process an image; return the answer, or None if it is refused, see `refusal`.

        Args:
            image: result of `read_image`.
            stamp_ns: stamp of the image, ns.
            clock_ns: present time by the clock of the node, ns.
            now_s: present monotonic time, s.
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
            process = self._map if self.mapper.on else self._recognise
            answer = process(image, stamp_ns, now_s)
        except ObservationError as exc:
            self._refuse(UNUSABLE, str(exc))
            return None
        self.images += 1
        self.image_s = now_s
        return answer

    def load(self, path: str) -> str:
        """Load another map; return a description of it and of any unsaved map that is dropped.

        Raises:
            ConfigError: mapping is running, or the path is empty.
            ModelFileError: a broken file; the old map stays in use.
        """
        if self.mapper.on:
            raise ConfigError("mapping is running; stop it first")
        if not path:
            raise ConfigError("parameter map is empty; set it to the path to load from")
        posed, unsaved = PosedMap.load(path), self.posed.unsaved
        self.mapper.use(posed)
        self.begin()
        dropped = unsaved and f"{unsaved}, and is dropped"
        return "; ".join(filter(None, (f"{len(posed)} places", posed.note, dropped)))

    def candidates(self, match: Match) -> npt.NDArray[np.float64]:
        """Return numbers and scores of the best places, best first, (n, 2)."""
        best = match.top(self.config.n_candidates)
        numbers = self.recognizer.places[best]
        # as in the confidence, so that scores of sequences of any length are comparable
        scores = match.scores[best] / np.sqrt(match.length)
        return np.column_stack([numbers.astype(np.float64), scores])

    # Inside.

    def _recognise(self, image: Bytes, stamp_ns: int, now_s: float) -> Answer:
        step = self._step(now_s)
        match, query_s = self._match(image, step)
        self.unknown.append(not match.known)
        pose = (
            self.posed.poses.get(match.place) if match.known and match.place is not None else None
        )
        return Answer(stamp_ns, match, step, query_s, pose=pose, frame=self.posed.frame)

    def _map(self, image: Bytes, stamp_ns: int, now_s: float) -> Answer:
        keyframe = keyframe_of(image, self.recognizer, self.travel.pose, self.travel.frame)
        image_fault, without_odometry = fault(keyframe.image), not self.travel.used
        step = self._step(now_s)
        distance = None if np.isnan(step) else step
        mapper, query_s, number, loop = self.mapper, 0.0, None, None
        match = Match(None, 0.0, False, 0.0, np.zeros(0), image_fault or MAPPING)
        if mapper.compares:
            match, query_s = self._match(keyframe.image, step)
            mapper.keep_bias(match)
            match = mapper.earlier(match)
        mapper.spacing.move(distance)
        if not image_fault and distance is not None:
            number, loop = mapper.offer(keyframe, without_odometry, match)
        return Answer(stamp_ns, match, step, query_s, number, loop, True)

    def _step(self, now_s: float) -> float:
        distance = self.travel.since_image(now_s)
        if not self.travel.used:
            return float(self.config.step)
        if distance is None:  # the distance to earlier frames is unknown: match this one alone
            self.recognizer.reset_sequence()
            return float("nan")
        return distance

    def _match(self, image: Bytes, step: float) -> tuple[Match, float]:
        self._attach_recalibration()
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

    def _attach_recalibration(self) -> None:
        """Attach the recalibration to the map in use, unless it is off or mapping is running.

        While mapping, a long sequence always matches the most recently mapped places.
        """
        config = self.config
        self.recalibration = (self.recalibration or Recalibration()) if config.recalibrate else None
        if self.recalibration is not None:
            self.recalibration.frozen = config.recalibration_frozen
        self.recognizer.recalibration = None if self.mapper.on else self.recalibration

    def _refuse(self, kind: str, message: str) -> None:
        self.refused[kind] = self.refused.get(kind, 0) + 1
        self.refusal = message


def warm(config: PlaceNodeConfig) -> None:
    """Compile all kernels, so that nothing is compiled in operation."""
    rng = np.random.default_rng(0)
    recognizer = PlaceRecognizer()
    images = rng.integers(0, 256, (LEAST_PLACES, 64, 64), dtype=np.uint8)
    recognizer.fit(images)
    recognizer.add(images[0])
    recognizer.match(images[1], config.sequence, 1.0, spiking=True)
    for encoding, channels in CHANNELS.items():
        for padding in (0, 1):  # contiguous and padded rows are compiled separately
            step = 64 * channels + padding
            data = array("B", rng.bytes(64 * step))
            recognizer.match(read_image(64, 64, encoding, step, data), config.sequence, 1.0)
