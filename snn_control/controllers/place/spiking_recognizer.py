"""The spiking recogniser of places."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from snn_control.controllers.place.calibration import Judged, habit_of, judge, teach
from snn_control.controllers.place.confidence import features
from snn_control.controllers.place.config import PlaceConfig
from snn_control.controllers.place.files import load, save
from snn_control.controllers.place.hindsight import Hindsight
from snn_control.controllers.place.match import FloatArray, IntArray, Look, Queries, Waiting
from snn_control.controllers.place.place_map import PlaceMap, blended, imprinted
from snn_control.controllers.place.presentation import QUARTERS, Presented, present
from snn_control.controllers.place.recognizer import Images, Recognizer, readable
from snn_control.controllers.place.senses import Habit, Senses
from snn_control.errors import ParameterError
from snn_control.network.files import Document
from snn_control.plasticity.decorrelation import Decorrelation
from snn_control.threads import one_blas_thread

_SENSES = ("height", "width", "window", "floor", "clip", "levels", "ticks")
"""What maps that are merged must share."""


class PlaceRecognizer(Recognizer):
    """Maps places in one shot each and recognises them.

    Input cells (`senses`) drive place neurons (`place_map`), whose answers are summed along the
    route (`sequence`) and judged (`confidence`).

    Args:
        seed: of the input cells' starting potentials, at least 0.
        config: see `PlaceConfig`.

    Raises:
        ParameterError: no such seed.
    """

    def __init__(self, seed: int = 0, config: PlaceConfig | None = None) -> None:
        if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
            raise ParameterError(f"seed is {seed!r}; expected a whole number from 0 on")
        self.seed, self.config = int(seed), config or PlaceConfig()
        super().__init__(self.config.same_place)
        self.senses = Senses(self.config, seed)
        self.map = PlaceMap(self.config.n_inputs)
        self.usual = np.zeros(self.config.n_inputs)
        """What the input cells were used to at the places of `fit`, (n_inputs,); `add` sees others
        by it too, so that the map stays one."""
        self.visiting = Habit(self.usual, 1, self.config.memory)
        """Of the visit that asks."""
        self.lateral: Decorrelation | None = None
        """What new places are imprinted through; None before `fit` and in deployed maps."""
        self.calibrated = False
        """Whether queries of another visit taught what answers are worth."""
        self.early = np.full(len(QUARTERS), np.inf)
        """Lead of a frame's best place that settles the answer after each of `QUARTERS`."""

    @property
    def places(self) -> IntArray:
        """Numbers of the mapped places, in the order of the route."""
        return readable(self.map.numbers)

    # Mapping.

    def fit(self, images: Images, calibration: tuple[Images, Sequence[int]] | None = None) -> Self:
        """Map a route anew, see `Recognizer.fit`.

        Without a calibration it calibrates itself on altered copies of `images`, and its
        probabilities know no other season or light.
        """
        return super().fit(images, calibration)

    def stay(self) -> None:
        """Be used to what the map shows: further images are of the visit that was mapped."""
        n = min(len(self), self.config.memory)
        self.visiting = Habit(self.usual, n, self.config.memory)

    def merge(self, other: PlaceRecognizer) -> IntArray:
        """Append the places of another map behind the own ones; return their new numbers.

        Both keep what they have learned: places of `other` were imprinted through its own lateral
        weights, and the balance of all neurons makes their answers comparable.

        Raises:
            ParameterError: other senses, or a map that was deployed; nothing has changed.
        """
        self._require_mergeable(other)
        first = self.map.next_number
        numbers = np.arange(first, first + len(other.map))
        self.map.append(other.map.codes, other.map.weights.T, other.map.scales, numbers)
        return numbers

    def fuse(self, places: Sequence[int] | IntArray) -> int:
        """Make one place of several that turned out to be the same; return its number.

        It takes number and position of the first one named; its neuron is imprinted anew, by the
        mean of what the input cells fired at those that are named. Other places stay as they are.

        Raises:
            ParameterError: no such place, fewer than two, or a map that was deployed; nothing has
                changed.
        """
        positions = self._positions(places)
        self._require_open()
        if len(positions) < 2:
            raise ParameterError(f"places {places!r}; expected at least two to make one of")
        number, keep = self.places[positions[0]], np.setdiff1d(np.arange(len(self)), positions[1:])
        self._fuse(positions)
        self._close_up(keep)
        return int(number)

    def calibrate(self, calibration: tuple[Images, Sequence[int]] | None = None) -> None:
        """Find out anew what answers are worth, on the map as it has become.

        Args:
            calibration: images of another visit, in order, and the number of the place of each;
                further images are of that visit. None: altered copies of what was mapped.

        Raises:
            ObservationError: images of the wrong kind, or one that shows nothing; with its number.
            ParameterError: too few places or images, a place that is not on the map, or no
                calibration for a map that was deployed; nothing has changed.
        """
        self._judge(self._calibration(calibration))
        self.hindsight = Hindsight()

    # Files.

    def save(
        self, path: str | Path, *, deployed: bool = False, about: Document | None = None
    ) -> Path:
        """Write the map, see `files.save`; return the path of its document."""
        return save(self, path, deployed=deployed, about=about)

    @classmethod
    def load(cls, path: str | Path) -> PlaceRecognizer:
        """Read a map that `save` wrote.

        Raises:
            ModelFileError: a broken file, or one of another version; the message names the field.
        """
        return load(cls, path)

    # Inside.

    def _see(self, image: Any) -> tuple[FloatArray, str]:
        return self.senses.normalise(image)

    def _fit(self, mapped: FloatArray, queries: Queries | None) -> None:
        self._learn(mapped, queries)

    def _learn(self, mapped: FloatArray, queries: Queries | None) -> Judged:
        taught = teach(self.config, self.senses, mapped, queries)
        self.usual = mapped.mean(axis=0)
        self.lateral, self.visiting = taught.lateral, taught.habit
        self.confidence, self.early = taught.judged.confidence, taught.judged.early
        self.calibrated = queries is not None
        self.map = PlaceMap(self.config.n_inputs)
        self.map.imprint(self.senses.codes(mapped, self.usual), self.lateral)
        return taught.judged

    def _judge(self, queries: Queries | None) -> Judged:
        if queries is None:
            self._require_open()
        with one_blas_thread():
            mapped = self.usual + self.map.codes / self.config.levels
            judged = judge(self.config, self.senses, self.map, mapped, queries)
        self.confidence, self.early = judged.confidence, judged.early
        self.calibrated = queries is not None
        if queries is not None:
            self.visiting = habit_of(self.config, queries)
        return judged

    def _look(self, seen: FloatArray, waiting: Waiting, moved: float) -> Look:
        code = self.senses.codes(seen, self.visiting.usual)
        self.visiting.follow(seen, moved)
        every = int(np.abs(code.astype(np.int64)).sum())
        if waiting == Waiting():
            found = Presented(self.map.potentials(code), every, True, True)
        else:
            found = present(
                self.map.weights, code, self.senses.start, self.config.ticks,
                waiting.deadline_s, self._settled if waiting.early else None,
            )  # fmt: skip
        alone = self.map.balanced(self.map.answers(found.potentials))
        arrived = 1.0 if found.settled else found.spikes / every
        return Look(alone, blended(alone, self.config), found.complete, found.spikes, arrived)

    def _add(self, seen: FloatArray) -> int:
        self._require_open()
        if self.lateral is None:
            raise ParameterError("nothing was mapped yet: `fit` a first stretch of the route")
        code = self.senses.codes(seen, self.usual)
        return int(self.map.imprint(code[None], self.lateral)[0])

    def _settled(self, potentials: npt.NDArray[np.int32], quarter: int) -> bool:
        """Whether the answer after a quarter of the presentation is as good as the last one."""
        alone = self.map.balanced(self.map.answers(potentials))
        lead = float(features(alone, 1, self.config.same_place)[1][0])
        return lead >= self.early[quarter]

    def _keep(self, positions: IntArray) -> None:
        self._require_open()
        self.map.keep(positions)

    def _fuse(self, positions: IntArray) -> None:
        """Make the place at the first of these positions of all of them."""
        assert self.lateral is not None
        code = np.rint(self.map.codes[positions].mean(axis=0)).astype(np.int8)[None]
        others = np.setdiff1d(np.arange(len(self)), positions)
        at = int((others < positions[0]).sum())
        number = self.map.numbers[positions[:1]]
        self.map.keep(others)
        self.map.append(code, *imprinted(code, self.lateral), number)
        self.map.keep(np.insert(np.arange(len(others)), at, len(others)))

    def _require_mergeable(self, other: PlaceRecognizer) -> None:
        if not isinstance(other, PlaceRecognizer):
            raise ParameterError(f"{other!r} is no PlaceRecognizer")
        self._require_open()
        other._require_open()
        if other is self or self.lateral is None or other.lateral is None:
            raise ParameterError("expected two recognisers that were fitted")
        for name in _SENSES:
            own, theirs = getattr(self.config, name), getattr(other.config, name)
            if own != theirs:
                raise ParameterError(f"{name} is {theirs} there and {own} here: map both alike")
        if not np.array_equal(self.senses.connected, other.senses.connected):
            raise ParameterError("other input cells are connected there: map both with one seed")

    def _require_open(self) -> None:
        if self.map.fixed:
            raise ParameterError(
                "this map was saved with deployed=True and cannot be changed; change the one that "
                "it was saved from"
            )
