"""Non-spiking baselines with the interface of the spiking recogniser.

`SadRecognizer` sums absolute differences of patch-normalised bytes, as SeqSLAM does (M. Milford and
G. Wyeth, ICRA 2012). `LinearRecognizer` is the linear discriminant in double precision and closed
form, equivalent to the place neurons without spikes, 8-bit weights and homeostasis.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_factor, cho_solve

from snn_control.coding.images import checked, resize
from snn_control.coding.patch_normalisation import PatchNormalisation, to_bytes
from snn_control.compiled import kernel
from snn_control.controllers.place.confidence.calibration import confidence, held_out, observed
from snn_control.controllers.place.confidence.calibration_state import CalibrationState
from snn_control.controllers.place.config import PlaceConfig
from snn_control.controllers.place.evidence import Evidence
from snn_control.controllers.place.image_encoder import ImageEncoder, fault
from snn_control.controllers.place.numbering import read_only
from snn_control.controllers.place.place_map import (
    LEAST_SPREAD,
    blended,
    contrast_enhanced,
    standardised,
)
from snn_control.controllers.place.presentation_options import PresentationOptions
from snn_control.controllers.place.queries import Queries
from snn_control.controllers.place.recognizer import Recognizer
from snn_control.errors import ParameterError

__all__ = ["LinearRecognizer", "SadRecognizer"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_FALSE_ACCEPTANCE, _SAME_PLACE = 0.01, 2


class _RowRecognizer(Recognizer):
    """Recogniser whose map is an array with one row per place.

    Args:
        same_place: see `Recognizer`.
        rows: rows of an empty map, (0, n_inputs).
    """

    def __init__(self, same_place: int, rows: npt.NDArray[Any]) -> None:
        super().__init__(same_place)
        self._map(rows)

    @property
    def places(self) -> IntArray:
        """Numbers of the mapped places, in the order of the route."""
        return read_only(self._numbers)

    @property
    def n_bytes(self) -> int:
        """Size of the map, bytes."""
        return self._rows.nbytes

    @abstractmethod
    def _row(self, images: FloatArray) -> npt.NDArray[Any]:
        """Return the rows of places from their normalised images, shape as `images`."""

    def _map(self, rows: npt.NDArray[Any]) -> None:
        self._rows = rows
        self._numbers, self._next = np.arange(len(rows)), len(rows)

    def calibration_state(self) -> CalibrationState:
        """Return the calibrated state without the map."""
        return CalibrationState(self.confidence, self.hindsight.bias, self.confidence is not None)

    def restore(self, state: CalibrationState) -> None:
        """Set the calibrated state, see `Recognizer.restore`."""
        if state.members or state.adaptation is not None:
            raise ParameterError(
                "calibration state of a spiking recogniser; expected a non-spiking one's"
            )
        self.confidence, self.hindsight.bias = state.confidence, state.bias

    def append(self, image: FloatArray) -> int:
        """Append a place by its normalised image; return its number."""
        if not self._next:
            raise ParameterError(
                "no place is mapped yet; call `fit` with the first part of the route"
            )
        self._rows = np.vstack([self._rows, self._row(image)])
        self._numbers = np.append(self._numbers, self._next)
        self._next += 1
        return self._next - 1

    def renumber(self, numbers: IntArray, next_number: int) -> None:
        """Set the numbers of all places, see `Recognizer`."""
        self._numbers, self._next = numbers, next_number

    def keep(self, positions: IntArray) -> None:
        """Keep the places at some positions, in that order."""
        self._rows, self._numbers = self._rows[positions], self._numbers[positions]


class SadRecognizer(_RowRecognizer):
    """Recogniser by the sum of absolute differences.

    Args:
        height: height of the downsampled image, pixels.
        width: width of the downsampled image, pixels.
        window: window of the patch normalisation, pixels.
        neighbours: half-width of the local contrast enhancement in sequences, places (local z); 0:
            scores are standardised over the whole map only (row z).
    """

    def __init__(
        self, height: int = 28, width: int = 28, window: int = 7, neighbours: int = 5
    ) -> None:
        super().__init__(_SAME_PLACE, np.zeros((0, height * width), np.uint8))
        self._size, self._patches = (height, width), PatchNormalisation(window)
        self._neighbours = neighbours

    def normalised(self, image: Any) -> tuple[FloatArray, str]:
        """Return the normalised image, (n_inputs,), and its fault, see `Recognizer`."""
        small = resize(checked(image), *self._size)
        return to_bytes(self._patches.apply(small)).ravel().astype(np.float64), fault(small)

    def rebuild_map(self, mapped: FloatArray, queries: Queries | None) -> None:
        """Replace the map, and fit the confidence if there are queries."""
        self._map(self._row(mapped))
        self.confidence = None
        if queries is not None:
            parts = [
                observed(queries, lambda image: self.evidence(image, PresentationOptions(), 1.0))
            ]
            self.confidence = confidence(parts, _SAME_PLACE, _FALSE_ACCEPTANCE)

    def _row(self, images: FloatArray) -> npt.NDArray[np.uint8]:
        return images.astype(np.uint8)

    def evidence(
        self, image: FloatArray, options: PresentationOptions, distance: float
    ) -> Evidence:
        """Return the evidence of a normalised image; options and distance have no effect."""
        differences = np.empty(len(self), np.int64)
        _differences(self._rows, self._row(image), differences)
        alone = -standardised(differences.astype(np.float64))
        if not self._neighbours:
            return Evidence(alone, alone)
        return Evidence(alone, contrast_enhanced(alone, self._neighbours))


class LinearRecognizer(_RowRecognizer):
    """Recogniser by a linear discriminant.

    Args:
        config: configuration of encoder, stiffness and sequences.
    """

    def __init__(self, config: PlaceConfig | None = None) -> None:
        self._config = c = config or PlaceConfig()
        super().__init__(c.same_place, np.zeros((0, c.n_inputs)))
        self._encoder = ImageEncoder(c, 0)
        self._mapped_usual = self._usual = np.zeros(c.n_inputs)
        self._scatter: Any = None
        """Cholesky factor of the regularised scatter matrix of the disturbances."""

    def normalised(self, image: Any) -> tuple[FloatArray, str]:
        """Return the normalised image, (n_inputs,), and its fault, see `Recognizer`."""
        return self._encoder.normalise(image)

    def rebuild_map(self, mapped: FloatArray, queries: Queries | None) -> None:
        """Replace the map, and fit the confidence if there are queries."""
        c = self._config
        self._mapped_usual, self.confidence = mapped.mean(axis=0), None
        if queries is None:
            self._usual = self._mapped_usual
            self._learn(mapped, np.sqrt(c.reference_share) * (mapped - self._usual))
            return
        parts = held_out(queries, lambda others: self._learn_pairs(mapped, others))
        self.confidence = confidence(parts, c.same_place, c.false_acceptance)
        self._learn_pairs(mapped, queries)

    def _learn_pairs(
        self, mapped: FloatArray, queries: Queries
    ) -> Callable[[FloatArray], Evidence]:
        """Learn from pairs of a mapped image and a query; return a function image -> evidence."""
        own = mapped[queries.places]
        self._usual = queries.images.mean(axis=0)
        self._learn(mapped, queries.images - self._usual - (own - own.mean(axis=0)))
        return lambda image: self.evidence(image, PresentationOptions(), 1.0)

    def _learn(self, mapped: FloatArray, disturbances: FloatArray) -> None:
        c = self._config
        self._scatter = cho_factor(disturbances.T @ disturbances + c.stiffness * np.eye(c.n_inputs))
        self._map(self._row(mapped))

    def _row(self, images: FloatArray) -> FloatArray:
        centred = images - self._mapped_usual
        weights: FloatArray = cho_solve(self._scatter, centred.T).T
        drive = (weights * centred).sum(axis=-1, keepdims=True)
        return weights / np.sqrt(np.maximum(drive, LEAST_SPREAD))

    def evidence(
        self, image: FloatArray, options: PresentationOptions, distance: float
    ) -> Evidence:
        """Return the evidence of a normalised image; options and distance have no effect."""
        alone = standardised(self._rows @ (image - self._usual))
        return Evidence(alone, blended(alone, self._config))


@kernel(nogil=True)
def _differences(mapped: Any, query: Any, differences: Any) -> None:
    for j in range(len(mapped)):
        total = np.int32(0)
        for i in range(query.size):
            total += abs(np.int32(mapped[j, i]) - np.int32(query[i]))
        differences[j] = total
