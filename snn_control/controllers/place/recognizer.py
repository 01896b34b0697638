"""Names the mapped place that an image shows, and says how sure that is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.controllers.place.calibration import Queries, blended, teach
from snn_control.controllers.place.confidence import Confidence, features
from snn_control.controllers.place.config import PlaceConfig
from snn_control.controllers.place.files import load_into, save
from snn_control.controllers.place.hindsight import LENGTH, SURE, Hindsight
from snn_control.controllers.place.place_map import PlaceMap
from snn_control.controllers.place.senses import Habit, Senses
from snn_control.controllers.place.sequence import Sequence as FrameSequence
from snn_control.controllers.place.sequence import check
from snn_control.controllers.place.spiking import present
from snn_control.errors import ObservationError, ParameterError
from snn_control.plasticity.decorrelation import Decorrelation

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

EMPTY, UNSURE = "the map is empty", "no place on the map is like it"


@dataclass(frozen=True)
class Match:
    """An answer."""

    place: int | None
    """Number of the best place; None on an empty map."""
    probability: float
    """That the answer is right, if the place is on the map, 0 to 1."""
    known: bool
    """Whether the place is on the map, as far as can be told."""
    familiarity: float
    """What `known` was decided by, 0 to 1; no probability."""
    scores: FloatArray = field(repr=False)
    """Of each place, larger is better, in the order of `PlaceRecognizer.places`."""
    reason: str = ""
    """Why `known` is false."""
    length: int = 1
    """Frames that the scores were summed over; fewer than asked for after a start."""
    complete: bool = True
    """Whether every spike was waited for; else it is the answer of the first ones."""
    spikes: int = 0
    """Of the input cells that were waited for."""

    def top(self, k: int) -> IntArray:
        """Return positions of the `k` best scores, best first."""
        k = min(k, len(self.scores))
        best = np.argpartition(-self.scores, k - 1)[:k] if k else np.zeros(0, np.int64)
        order: IntArray = best[np.argsort(-self.scores[best], kind="stable")]
        return order


class PlaceRecognizer:
    """Maps places in one shot each and recognises them.

    Input cells (`senses`) drive place neurons (`place_map`), whose answers are summed along the
    route (`sequence`) and judged (`confidence`).

    Args:
        seed: of the input cells' starting potentials.
        config: see `PlaceConfig`.
    """

    def __init__(self, seed: int = 0, config: PlaceConfig | None = None) -> None:
        self.seed, self.config = seed, config or PlaceConfig()
        self.senses = Senses(self.config, seed)
        self._sequence, self._long = FrameSequence(), FrameSequence()
        self.hindsight = Hindsight()
        self._time_s = -np.inf
        self.map = PlaceMap(self.config.n_inputs)
        usual = np.zeros(self.config.n_inputs)
        self.mapping = Habit(usual, 0, self.config.memory)
        """Of the visit that is mapped."""
        self.visiting = Habit(usual, 1, self.config.memory)
        """Of the visit that asks."""
        self.lateral: Decorrelation | None = None
        """What new places are imprinted through; None before `fit` and in deployed maps."""
        self.confidence: Confidence | None = None

    def __len__(self) -> int:
        return len(self.map)

    @property
    def places(self) -> IntArray:
        """Numbers of the mapped places, in the order of the route."""
        return self.map.numbers.copy()

    # Mapping.

    def fit(
        self,
        images: npt.NDArray[np.uint8] | Sequence[Any],
        calibration: tuple[npt.NDArray[np.uint8] | Sequence[Any], Sequence[int]] | None = None,
    ) -> PlaceRecognizer:
        """Map a route anew; places are numbered from 0.

        Args:
            images: one a place, in the order of the route, uint8, (n, h, w) or (n, h, w, 3).
            calibration: images of another visit, in order, and the number of the place of each;
                without it the recogniser calibrates itself on altered copies of `images`, and its
                probabilities know no other season or light.

        Raises:
            ObservationError: images of the wrong kind, or one that shows nothing; with its number.
            ParameterError: fewer than 3 images, or a calibration that does not fit.
        """
        if len(images) < 3:
            raise ParameterError(f"{len(images)} images; expected at least 3 places, or use `add`")
        mapped = self._all(images, "image")
        queries = None
        if calibration is not None:
            shown, places = calibration
            if len(shown) != len(places):
                raise ParameterError(
                    f"{len(shown)} calibration images and {len(places)} places; expected as many"
                )
            queries = Queries(self._all(shown, "calibration image"), np.asarray(places, np.int64))
        taught = teach(self.config, self.senses, mapped, queries, self.seed)
        usual = mapped.mean(axis=0)
        self.mapping = Habit(usual, len(mapped), len(mapped))
        self.lateral, self.confidence = taught.lateral, taught.confidence
        self.visiting = taught.habit
        self.map = PlaceMap(self.config.n_inputs)
        self.map.imprint(self.senses.codes(mapped, usual), self.lateral)
        self.reset_sequence()
        return self

    def add(self, image: Any) -> int:
        """Map one more place, after all others on the route; return its number.

        Other places stay as they are.

        Raises:
            ObservationError: no image of that kind, or one that shows nothing.
            ParameterError: there was no `fit`, or the map was deployed.
        """
        self._require_open()
        if self.lateral is None:
            raise ParameterError("nothing was mapped yet: `fit` a first stretch of the route")
        seen, wrong = self.senses.normalise(image)
        if wrong:
            raise ObservationError(f"{wrong}; nothing was added")
        code = self.senses.codes(seen, self.mapping.usual)
        return int(self.map.imprint(code[None], self.lateral)[0])

    def remove(self, place: int | Iterable[int]) -> None:
        """Forget a place, or several; the others keep their numbers, and close up.

        Raises:
            ParameterError: no such place, or the map was deployed; nothing is forgotten.
        """
        self._require_open()
        gone = np.atleast_1d(np.array(place if np.isscalar(place) else list(place), np.int64))  # type: ignore[arg-type]
        there = np.isin(gone, self.map.numbers)
        if not there.all():
            raise ParameterError(f"place {gone[~there][0]} is not on the map")
        keep = np.flatnonzero(~np.isin(self.map.numbers, gone))
        self.map.keep(keep)
        self._sequence.resized(keep)
        self._long.resized(keep)
        self.hindsight.reset()

    def merge(self, other: PlaceRecognizer) -> IntArray:
        """Append the places of another map behind the own ones; return their new numbers.

        Both keep what they have learned: places of `other` were imprinted through its own lateral
        weights, and the balance of all neurons makes their answers comparable.

        Raises:
            ParameterError: other senses, or a map that was deployed; nothing has changed.
        """
        self._require_open()
        other._require_open()
        own = (self.config.n_inputs, self.config.levels, self.config.ticks)
        theirs = (other.config.n_inputs, other.config.levels, other.config.ticks)
        if own != theirs:
            raise ParameterError(
                f"inputs, levels and ticks are {theirs} there and {own} here: map both alike"
            )
        first = self.map.next_number
        numbers = np.arange(first, first + len(other.map))
        self.map.append(other.map.codes, other.map.weights.T, other.map.scales, numbers)
        return numbers

    # Files.

    def save(self, path: str | Path, *, deployed: bool = False) -> Path:
        """Write the map, see `files.save`; return the path of its document."""
        return save(self, path, deployed=deployed)

    @classmethod
    def load(cls, path: str | Path) -> PlaceRecognizer:
        """Read a map that `save` wrote.

        Raises:
            ModelFileError: a broken file, or one of another version; the message names the field.
        """
        return load_into(cls, path)

    # Recognising.

    def match(
        self,
        image: Any,
        sequence: int = 1,
        step: float = 1,
        *,
        time_s: float | None = None,
        deadline_s: float | None = None,
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
            spiking: wait for the spikes one by one, and answer the same.

        Raises:
            ObservationError: no image of that kind, a frame out of order, or a wrong sequence,
                step or deadline.
        """
        check(step, sequence)
        if deadline_s is not None and not deadline_s > 0.0:
            raise ObservationError(f"deadline_s is {deadline_s}; expected above 0")
        if time_s is not None and not time_s > self._time_s:
            raise ObservationError(
                f"frame at {time_s:g} s after one at {self._time_s:g} s; expected a later one, or "
                "reset_sequence()"
            )
        seen, wrong = self.senses.normalise(image)
        self._time_s = self._time_s if time_s is None else time_s
        if not len(self.map):
            return Match(None, 0.0, False, 0.0, np.zeros(0), EMPTY)
        if wrong:
            blank = np.zeros(len(self.map))
            return self._judge(blank, blank, step, sequence, wrong, True, 0)
        code = self.senses.codes(seen, self.visiting.usual)
        self.visiting.follow(seen)
        if spiking or deadline_s is not None:
            potentials, complete, spikes = present(
                self.map.weights, code, self.senses.start, self.config.ticks, deadline_s
            )
        else:
            potentials, complete = self.map.potentials(code), True
            spikes = int(np.abs(code.astype(np.int64)).sum())
        balanced = self.map.balanced(self.map.answers(potentials))
        row = blended(balanced, 2, self.config)
        return self._judge(balanced, row, step, sequence, "", complete, spikes)

    def reset_sequence(self) -> None:
        """Forget the frames so far, as after a start elsewhere."""
        self._sequence.reset()
        self._long.reset()
        self.hindsight.reset()
        self._time_s = -np.inf

    # Inside.

    def _require_open(self) -> None:
        if self.map.fixed:
            raise ParameterError(
                "this map was saved with deployed=True and cannot be changed; change the one that "
                "it was saved from"
            )

    def _judge(
        self,
        alone: FloatArray,
        row: FloatArray,
        step: float,
        sequence: int,
        wrong: str,
        complete: bool,
        spikes: int,
    ) -> Match:
        sums = self._sequence.advance(row, step, sequence)
        if sequence == 1:
            sums = alone
        length = min(sequence, len(self._sequence))
        best, given = features(sums, length, self.config.same_place)
        probability, familiarity, known = 0.0, 0.0, False
        if self.confidence is not None and not (wrong and length == 1):
            probability, familiarity, known = self.confidence.judge(given, length)
            probability = self.hindsight.biased(probability)
            self.hindsight.follow(best, probability, step, self._clear(row, step))
        reason = wrong or ("" if known else UNSURE)
        place, known = int(self.map.numbers[best]), known and not wrong
        return Match(place, probability, known, familiarity, sums, reason, length, complete, spikes)

    def _clear(self, row: FloatArray, step: float) -> int | None:
        """Return the position that a long sequence is sure of, or None."""
        assert self.confidence is not None
        sums = self._long.advance(row, step, LENGTH)
        if len(self._long) < LENGTH:
            return None
        best, given = features(sums, LENGTH, self.config.same_place)
        probability, _, known = self.confidence.judge(given, LENGTH)
        return best if known and probability >= SURE else None

    def _all(self, images: Any, what: str) -> FloatArray:
        found = np.empty((len(images), self.config.n_inputs))
        for k, image in enumerate(images):
            try:
                found[k], wrong = self.senses.normalise(image)
            except ObservationError as exc:
                raise ObservationError(f"{what} {k}: {exc}") from exc
            if wrong:
                raise ObservationError(f"{what} {k}: {wrong}")
        return found
