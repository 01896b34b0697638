"""Spiking place recogniser."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.controllers.place import files
from snn_control.controllers.place.adaptation import AdaptationBaseline
from snn_control.controllers.place.confidence.calibration import (
    Calibration,
    adaptation_of,
    calibrate,
    learn_transform,
)
from snn_control.controllers.place.confidence.calibration_state import CalibrationState
from snn_control.controllers.place.confidence.confidence import features
from snn_control.controllers.place.confidence.hindsight import Hindsight
from snn_control.controllers.place.config import PlaceConfig
from snn_control.controllers.place.evidence import Evidence
from snn_control.controllers.place.files import RecognizerState
from snn_control.controllers.place.image_encoder import ImageEncoder
from snn_control.controllers.place.numbering import read_only
from snn_control.controllers.place.place_map import PlaceMap, blended, imprinted
from snn_control.controllers.place.presentation import QUARTERS, PresentationResult, present
from snn_control.controllers.place.presentation_options import PresentationOptions
from snn_control.controllers.place.queries import Queries
from snn_control.controllers.place.recognizer import Images, Recognizer
from snn_control.errors import ParameterError
from snn_control.network.files import Document
from snn_control.plasticity.decorrelation import Decorrelation
from snn_control.threads import one_blas_thread

__all__ = ["PlaceRecognizer"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_ENCODER_SETTINGS = ("height", "width", "window", "floor", "clip", "levels", "ticks")
"""Settings that must be equal for maps to be merged."""


class PlaceRecognizer(Recognizer):
    """Spiking place recogniser that learns each place from one image.

    Input cells (`image_encoder`) drive place neurons (`place_map`); their responses are summed
    along the route (`sequence`) and rated (`confidence`). Without calibration images, `fit` and
    `calibrate` use augmented copies of the mapped images; the probabilities then do not account for
    changes of season or light.

    Args:
        seed: seed of the initial potentials and connections of the input cells, at least 0.
        config: see `PlaceConfig`.

    Raises:
        ParameterError: an invalid seed.
    """

    def __init__(self, seed: int = 0, config: PlaceConfig | None = None) -> None:
        if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
            raise ParameterError(f"seed is {seed!r}; expected an integer of at least 0")
        self.seed, self.config = int(seed), config or PlaceConfig()
        super().__init__(self.config.same_place)
        self.encoder = ImageEncoder(self.config, seed)
        self.map = PlaceMap(self.config.n_inputs)
        self.usual = np.zeros(self.config.n_inputs)
        """Mean normalised image of the places of `fit`, (n_inputs,); also the baseline of places
        added later."""
        self.adaptation = AdaptationBaseline(self.usual, 1, self.config.memory)
        """Adaptation baseline of the query traverse."""
        self.lateral: Decorrelation | None = None
        """Lateral weights for imprinting new places; None before `fit` and in deployed maps."""
        self.calibrated = False
        """True if the confidence was fitted on a query traverse."""
        self.early = np.full(len(QUARTERS), np.inf)
        """Lead of the best place that triggers an early exit after each of `QUARTERS`."""

    @property
    def places(self) -> IntArray:
        """Numbers of the mapped places, in the order of the route."""
        return read_only(self.map.numbers)

    @property
    def senses(self) -> ImageEncoder:
        """Deprecated name of `encoder`."""
        warnings.warn("use encoder", DeprecationWarning, stacklevel=2)
        return self.encoder

    # Mapping.

    def stay(self) -> None:
        """Set the adaptation baseline to that of the reference traverse, for queries from it."""
        n = min(len(self), self.config.memory)
        self.adaptation = AdaptationBaseline(self.usual, n, self.config.memory)

    def merge(self, other: PlaceRecognizer) -> IntArray:
        """Append the places of another map; return their new numbers.

        Weights are unchanged: the places of `other` stay imprinted through its lateral weights, and
        the standardisation of all neurons makes their responses comparable.

        Raises:
            ParameterError: a different encoder, or a deployed map; nothing is changed.
        """
        self.require_mergeable(other)
        first = self.map.next_number
        numbers = np.arange(first, first + len(other.map))
        self.map.append(other.map.codes, other.map.weights.T, other.map.scales, numbers)
        return numbers

    def fuse(self, places: Sequence[int] | IntArray) -> int:
        """Fuse several places that are the same one; return its number.

        The result has the number and position of the first of `places`. Its neuron is imprinted
        with the mean spike code of all of them. Other places are unchanged.

        Raises:
            ParameterError: no such place, fewer than two, or a deployed map; nothing is changed.
        """
        positions = self._positions(places)
        self._require_open()
        if len(positions) < 2:
            raise ParameterError(f"places {places!r}; expected at least two to fuse")
        number, keep = self.places[positions[0]], np.setdiff1d(np.arange(len(self)), positions[1:])
        self._fuse(positions)
        self._reduce_history(keep)
        return int(number)

    def calibrate(
        self,
        calibration: tuple[Images, Sequence[int]] | None = None,
        *,
        skip_blank: bool = False,
    ) -> None:
        """Recalibrate the confidence on the present map.

        Args:
            calibration: images of a query traverse, in order, and the place number of each; the
                next queries are adapted to that traverse. None: augmented copies of the mapped
                images.
            skip_blank: True to leave out featureless images, listed in `skipped`.

        Raises:
            ObservationError: an invalid or featureless image; the message gives its index.
            ParameterError: too few places or images, a place that is not on the map, or no
                calibration images for a deployed map; nothing is changed.
        """
        queries, skipped = self._calibration(calibration, skip_blank)
        self.recalibrate(queries)
        self.skipped = skipped
        self.hindsight = Hindsight()

    def calibration_state(self) -> CalibrationState:
        """Return the calibrated and adapted state without the map."""
        return CalibrationState(
            self.confidence, self.hindsight.bias, self.calibrated, self.adaptation, self.early
        )

    def restore(self, state: CalibrationState) -> None:
        """Set the calibrated and adapted state, see `Recognizer.restore`."""
        self.adaptation, self.early = self.require_calibration_state(state)
        self.confidence, self.hindsight.bias = state.confidence, state.bias
        self.calibrated = state.calibrated

    # Files.

    def save(
        self, path: str | Path, *, deployed: bool = False, about: Document | None = None
    ) -> Path:
        """Write the map, see `files.save`; return the path of its document."""
        return files.save(
            self.to_state(), path, deployed=deployed, about=files.provenance(self.skipped, about)
        )

    @classmethod
    def load(cls, path: str | Path) -> PlaceRecognizer:
        """Read a map written by `save`.

        Raises:
            ModelFileError: missing, broken or of another version; the message names file or field.
        """
        return cls.from_state(files.load(path))

    def to_state(self) -> RecognizerState:
        """Return the learned state to be saved."""
        return RecognizerState(
            self.config, self.seed, self.map, self.usual, self.lateral, self.calibration_state()
        )

    @classmethod
    def from_state(cls, state: RecognizerState) -> PlaceRecognizer:
        """Return a recogniser with a learned state."""
        recognizer = cls(state.seed, state.config)
        recognizer.map, recognizer.usual = state.map, state.usual
        recognizer.lateral = state.lateral
        recognizer.restore(state.calibration)
        return recognizer

    # Hooks of `Recognizer` and of the protocol `Member`, on normalised images.

    def normalised(self, image: Any) -> tuple[FloatArray, str]:
        """Return the normalised image, (n_inputs,), and its fault, see `Recognizer`."""
        return self.encoder.normalise(image)

    def rebuild_map(self, mapped: FloatArray, queries: Queries | None) -> None:
        """Replace the map, see `Recognizer`."""
        self.learn(mapped, queries)

    def learn(self, mapped: FloatArray, queries: Queries | None) -> Calibration:
        """Replace the map and calibrate, see `Member`."""
        learned = learn_transform(self.config, self.encoder, mapped, queries)
        self.usual = mapped.mean(axis=0)
        self.lateral, self.adaptation = learned.lateral, learned.adaptation
        self.confidence, self.early = learned.calibration.confidence, learned.calibration.early
        self.calibrated = queries is not None
        self.map = PlaceMap(self.config.n_inputs)
        self.map.imprint(self.encoder.codes(mapped, self.usual), self.lateral)
        return learned.calibration

    def recalibrate(self, queries: Queries | None) -> Calibration:
        """Calibrate on the present map, see `Member`."""
        if queries is None:
            self._require_open()
        with one_blas_thread():
            mapped = self.usual + self.map.codes / self.config.levels
            calibration = calibrate(self.config, self.encoder, self.map, mapped, queries)
        self.confidence, self.early = calibration.confidence, calibration.early
        self.calibrated = queries is not None
        if queries is not None:
            self.adaptation = adaptation_of(self.config, queries)
        return calibration

    def evidence(
        self, image: FloatArray, options: PresentationOptions, distance: float
    ) -> Evidence:
        """Return the evidence of a normalised image, and adapt to it, see `Recognizer`."""
        code = self.encoder.codes(image, self.adaptation.mean)
        self.adaptation = self.adaptation.after(image, distance)
        n_spikes = int(np.abs(code.astype(np.int64)).sum())
        if options == PresentationOptions():
            result = PresentationResult(self.map.potentials(code), n_spikes, True, True)
        else:
            result = present(
                self.map.weights, code, self.encoder.start, self.config.ticks,
                options.deadline_s, self._settled if options.early else None,
            )  # fmt: skip
        alone = self.map.scores(result.potentials)
        arrived = 1.0 if result.settled else result.spikes / n_spikes
        summed = blended(alone, self.config)
        return Evidence(alone, summed, result.complete, result.spikes, arrived)

    def append(self, image: FloatArray) -> int:
        """Append a place by its normalised image; return its number."""
        self._require_open()
        if self.lateral is None:
            raise ParameterError(
                "no place is mapped yet; call `fit` with the first part of the route"
            )
        code = self.encoder.codes(image, self.usual)
        return int(self.map.imprint(code[None], self.lateral)[0])

    def renumber(self, numbers: IntArray, next_number: int) -> None:
        """Set the numbers of all places, see `Recognizer`."""
        self.map.numbers, self.map.next_number = numbers, next_number

    def keep(self, positions: IntArray) -> None:
        """Keep the places at some positions, in that order."""
        self._require_open()
        self.map.keep(positions)

    def require_mergeable(self, other: Any) -> None:
        """Check that the map of another recogniser can be appended, see `Member`."""
        if not isinstance(other, PlaceRecognizer):
            raise ParameterError(f"{other!r} is not a PlaceRecognizer")
        self._require_open()
        other._require_open()
        if other is self or self.lateral is None or other.lateral is None:
            raise ParameterError("expected two different recognisers, both after `fit`")
        for name in _ENCODER_SETTINGS:
            own, theirs = getattr(self.config, name), getattr(other.config, name)
            if own != theirs:
                raise ParameterError(
                    f"{name} is {theirs} in the other map and {own} in this one; map both with the "
                    "same settings"
                )
        if not np.array_equal(self.encoder.connected, other.encoder.connected):
            raise ParameterError(
                "the maps are connected to different input cells; map both with the same seed"
            )

    def require_calibration_state(
        self, state: CalibrationState
    ) -> tuple[AdaptationBaseline, FloatArray]:
        """Check that a state fits this recogniser; return its baseline and early-exit leads.

        Raises:
            ParameterError: the state of another kind of recogniser, or of another size.
        """
        adaptation, early, n = state.adaptation, state.early, self.config.n_inputs
        if state.members or adaptation is None or early is None:
            raise ParameterError(
                "calibration state of another kind of recogniser; expected a PlaceRecognizer's"
            )
        if adaptation.mean.shape != (n,) or early.shape != (len(QUARTERS),):
            raise ParameterError(
                f"calibration state of {adaptation.mean.size} input cells; expected {n}"
            )
        return adaptation, early

    def _settled(self, potentials: npt.NDArray[np.int32], quarter: int) -> bool:
        """Return True if the lead after a quarter of the presentation allows an early exit."""
        alone = self.map.scores(potentials)
        lead = float(features(alone, 1, self.config.same_place)[1][0])
        return lead >= self.early[quarter]

    def _fuse(self, positions: IntArray) -> None:
        """Fuse the places at these positions at the first of them."""
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
                "this map was saved with deployed=True and cannot be changed; change the original "
                "map"
            )
