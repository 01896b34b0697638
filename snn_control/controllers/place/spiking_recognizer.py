"""The spiking recogniser of places."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.controllers.place import files
from snn_control.controllers.place.adaptation import AdaptationBaseline
from snn_control.controllers.place.confidence.calibration import Judged, adaptation_of, judge, teach
from snn_control.controllers.place.confidence.confidence import features
from snn_control.controllers.place.confidence.hindsight import Hindsight
from snn_control.controllers.place.confidence.judgement import Judgement
from snn_control.controllers.place.config import PlaceConfig
from snn_control.controllers.place.evidence import Evidence
from snn_control.controllers.place.files import RecognizerState
from snn_control.controllers.place.numbering import readable
from snn_control.controllers.place.place_map import PlaceMap, blended, imprinted
from snn_control.controllers.place.presentation import QUARTERS, Presented, present
from snn_control.controllers.place.queries import Queries
from snn_control.controllers.place.recognizer import Images, Recognizer
from snn_control.controllers.place.senses import Senses
from snn_control.controllers.place.waiting import Waiting
from snn_control.errors import ParameterError
from snn_control.network.files import Document
from snn_control.plasticity.decorrelation import Decorrelation
from snn_control.threads import one_blas_thread

__all__ = ["PlaceRecognizer"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_SENSES = ("height", "width", "window", "floor", "clip", "levels", "ticks")
"""Settings that maps must share to be merged."""


class PlaceRecognizer(Recognizer):
    """Maps places in one shot each and recognises them.

    Input cells (`senses`) drive place neurons (`place_map`), whose answers are summed along the
    route (`sequence`) and judged (`confidence`). Without a calibration, `fit` and `calibrate`
    calibrate on altered copies of the mapped images; the probabilities then ignore changes of
    season or light.

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
        """Mean normalised image of the places of `fit`, (n_inputs,); the baseline of `add` too, so
        that the map stays one."""
        self.adaptation = AdaptationBaseline(self.usual, 1, self.config.memory)
        """Adaptation baseline of the query traverse."""
        self.lateral: Decorrelation | None = None
        """Lateral weights that imprint new places; None before `fit` and in deployed maps."""
        self.calibrated = False
        """True if the confidence was fitted on a query traverse."""
        self.early = np.full(len(QUARTERS), np.inf)
        """Lead of a frame's best place that settles the answer after each of `QUARTERS`."""

    @property
    def places(self) -> IntArray:
        """Numbers of the mapped places, in the order of the route."""
        return readable(self.map.numbers)

    # Mapping.

    def stay(self) -> None:
        """Adapt to the reference traverse: further images are of the traverse that was mapped."""
        n = min(len(self), self.config.memory)
        self.adaptation = AdaptationBaseline(self.usual, n, self.config.memory)

    def merge(self, other: PlaceRecognizer) -> IntArray:
        """Append the places of another map behind the own ones; return their new numbers.

        Both keep what they have learned: places of `other` were imprinted through its own lateral
        weights, and the balance of all neurons makes their answers comparable.

        Raises:
            ParameterError: other senses, or a map that was deployed; nothing has changed.
        """
        self.require_mergeable(other)
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
        """Recalibrate the confidence on the present map.

        Args:
            calibration: images of a query traverse, in order, and the number of the place of each;
                further images are of that traverse. None: altered copies of the mapped images.

        Raises:
            ObservationError: images of the wrong kind, or one that shows nothing; with its number.
            ParameterError: too few places or images, a place that is not on the map, or no
                calibration for a map that was deployed; nothing has changed.
        """
        self.recalibrate(self._calibration(calibration))
        self.hindsight = Hindsight()

    def judgement(self) -> Judgement:
        """Return the calibrated and adapted state, apart from the map."""
        return Judgement(
            self.confidence, self.hindsight.bias, self.calibrated, self.adaptation, self.early
        )

    def restore(self, judgement: Judgement) -> None:
        """Set the calibrated and adapted state, see `Recognizer.restore`."""
        self.adaptation, self.early = self.require_judgement(judgement)
        self.confidence, self.hindsight.bias = judgement.confidence, judgement.bias
        self.calibrated = judgement.calibrated

    # Files.

    def save(
        self, path: str | Path, *, deployed: bool = False, about: Document | None = None
    ) -> Path:
        """Write the map, see `files.save`; return the path of its document."""
        return files.save(self.to_state(), path, deployed=deployed, about=about)

    @classmethod
    def load(cls, path: str | Path) -> PlaceRecognizer:
        """Read a map that `save` wrote.

        Raises:
            ModelFileError: a broken file, or one of another version; the message names the field.
        """
        return cls.from_state(files.load(path))

    def to_state(self) -> RecognizerState:
        """Return the learned state, for a file."""
        return RecognizerState(
            self.config, self.seed, self.map, self.usual, self.lateral, self.judgement()
        )

    @classmethod
    def from_state(cls, state: RecognizerState) -> PlaceRecognizer:
        """Return a recogniser with a learned state."""
        recognizer = cls(state.seed, state.config)
        recognizer.map, recognizer.usual = state.map, state.usual
        recognizer.lateral = state.lateral
        recognizer.restore(state.judgement)
        return recognizer

    # Steps, on normalised images: `Recognizer` and the protocol `Member`.

    def normalised(self, image: Any) -> tuple[FloatArray, str]:
        """Return the normalised image, (n_inputs,), and its fault, see `Recognizer`."""
        return self.senses.normalise(image)

    def map_anew(self, mapped: FloatArray, queries: Queries | None) -> None:
        """Map places from the start, see `Recognizer`."""
        self.learn(mapped, queries)

    def learn(self, mapped: FloatArray, queries: Queries | None) -> Judged:
        """Map places from the start and calibrate, see `Member`."""
        taught = teach(self.config, self.senses, mapped, queries)
        self.usual = mapped.mean(axis=0)
        self.lateral, self.adaptation = taught.lateral, taught.adaptation
        self.confidence, self.early = taught.judged.confidence, taught.judged.early
        self.calibrated = queries is not None
        self.map = PlaceMap(self.config.n_inputs)
        self.map.imprint(self.senses.codes(mapped, self.usual), self.lateral)
        return taught.judged

    def recalibrate(self, queries: Queries | None) -> Judged:
        """Calibrate on the present map, see `Member`."""
        if queries is None:
            self._require_open()
        with one_blas_thread():
            mapped = self.usual + self.map.codes / self.config.levels
            judged = judge(self.config, self.senses, self.map, mapped, queries)
        self.confidence, self.early = judged.confidence, judged.early
        self.calibrated = queries is not None
        if queries is not None:
            self.adaptation = adaptation_of(self.config, queries)
        return judged

    def evidence(self, image: FloatArray, waiting: Waiting, moved: float) -> Evidence:
        """Return the evidence of a normalised image, and adapt to it, see `Recognizer`."""
        code = self.senses.codes(image, self.adaptation.mean)
        self.adaptation = self.adaptation.after(image, moved)
        every = int(np.abs(code.astype(np.int64)).sum())
        if waiting == Waiting():
            presented = Presented(self.map.potentials(code), every, True, True)
        else:
            presented = present(
                self.map.weights, code, self.senses.start, self.config.ticks,
                waiting.deadline_s, self._settled if waiting.early else None,
            )  # fmt: skip
        alone = self.map.balanced(self.map.answers(presented.potentials))
        arrived = 1.0 if presented.settled else presented.spikes / every
        summed = blended(alone, self.config)
        return Evidence(alone, summed, presented.complete, presented.spikes, arrived)

    def append(self, image: FloatArray) -> int:
        """Append a place by its normalised image; return its number."""
        self._require_open()
        if self.lateral is None:
            raise ParameterError("nothing was mapped yet: `fit` a first stretch of the route")
        code = self.senses.codes(image, self.usual)
        return int(self.map.imprint(code[None], self.lateral)[0])

    def keep(self, positions: IntArray) -> None:
        """Keep the places at some positions, in that order."""
        self._require_open()
        self.map.keep(positions)

    def require_mergeable(self, other: Any) -> None:
        """Require that the map of another recogniser can be appended, see `Member`."""
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

    def require_judgement(self, judgement: Judgement) -> tuple[AdaptationBaseline, FloatArray]:
        """Require a judgement of a recogniser of this size; return its baseline and early leads.

        Raises:
            ParameterError: it is of another kind or size.
        """
        adaptation, early, n = judgement.adaptation, judgement.early, self.config.n_inputs
        if judgement.members or adaptation is None or early is None:
            raise ParameterError("a judgement of another kind; expected one of a PlaceRecognizer")
        if adaptation.mean.shape != (n,) or early.shape != (len(QUARTERS),):
            raise ParameterError(f"a judgement of {adaptation.mean.size} input cells; expected {n}")
        return adaptation, early

    def _settled(self, potentials: npt.NDArray[np.int32], quarter: int) -> bool:
        """Return True if the answer after a quarter of the presentation is as good as the last."""
        alone = self.map.balanced(self.map.answers(potentials))
        lead = float(features(alone, 1, self.config.same_place)[1][0])
        return lead >= self.early[quarter]

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

    def _require_open(self) -> None:
        if self.map.fixed:
            raise ParameterError(
                "this map was saved with deployed=True and cannot be changed; change the one that "
                "it was saved from"
            )
