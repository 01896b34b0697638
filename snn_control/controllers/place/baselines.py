"""Baselines without spikes for a spiking recogniser, behind the same interface.

`SadRecognizer` sums absolute differences of patch-normalised bytes, as SeqSLAM does (M. Milford and
G. Wyeth, ICRA 2012). `LinearRecognizer` is the dense linear discriminant, in double precision and
closed form: what the place neurons do, without spikes, 8-bit weights and homeostasis.
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
from snn_control.controllers.place.confidence.judgement import Judgement
from snn_control.controllers.place.config import PlaceConfig
from snn_control.controllers.place.evidence import Evidence
from snn_control.controllers.place.numbering import readable
from snn_control.controllers.place.place_map import LEAST_SPREAD, blended, outstanding, standardised
from snn_control.controllers.place.queries import Queries
from snn_control.controllers.place.recognizer import Recognizer
from snn_control.controllers.place.senses import Senses, fault
from snn_control.controllers.place.waiting import Waiting
from snn_control.errors import ParameterError

__all__ = ["LinearRecognizer", "SadRecognizer"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_FALSE_ACCEPTANCE, _SAME_PLACE = 0.01, 2


class _RowRecognizer(Recognizer):
    """Recogniser whose map has a row of numbers a place.

    Args:
        same_place: see `Recognizer`.
        rows: of an empty map, (0, n_inputs).
    """

    def __init__(self, same_place: int, rows: npt.NDArray[Any]) -> None:
        super().__init__(same_place)
        self._map(rows)

    @property
    def places(self) -> IntArray:
        """Numbers of the mapped places, in the order of the route."""
        return readable(self._numbers)

    @property
    def n_bytes(self) -> int:
        """Size of the map."""
        return self._rows.nbytes

    @abstractmethod
    def _row(self, images: FloatArray) -> npt.NDArray[Any]:
        """Return the rows of places by their normalised images, shape as `images`."""

    def _map(self, rows: npt.NDArray[Any]) -> None:
        self._rows = rows
        self._numbers, self._next = np.arange(len(rows)), len(rows)

    def judgement(self) -> Judgement:
        """Return the calibrated state, apart from the map."""
        return Judgement(self.confidence, self.hindsight.bias, self.confidence is not None)

    def restore(self, judgement: Judgement) -> None:
        """Set the calibrated state, see `Recognizer.restore`."""
        if judgement.members or judgement.adaptation is not None:
            raise ParameterError("a judgement of a spiking recogniser; expected one of this kind")
        self.confidence, self.hindsight.bias = judgement.confidence, judgement.bias

    def append(self, image: FloatArray) -> int:
        """Append a place by its normalised image; return its number."""
        if not self._next:
            raise ParameterError("nothing was mapped yet: `fit` a first stretch of the route")
        self._rows = np.vstack([self._rows, self._row(image)])
        self._numbers = np.append(self._numbers, self._next)
        self._next += 1
        return self._next - 1

    def keep(self, positions: IntArray) -> None:
        """Keep the places at some positions, in that order."""
        self._rows, self._numbers = self._rows[positions], self._numbers[positions]


class SadRecognizer(_RowRecognizer):
    """Sum of absolute differences.

    Args:
        height: of the image that is compared, pixels.
        width: of that.
        window: of the patch normalisation, pixels.
        neighbours: places to either side that a place is compared with in sequences (local z); 0:
            none, rows are standardised alone (row z).
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

    def map_anew(self, mapped: FloatArray, queries: Queries | None) -> None:
        """Map places from the start, and fit the confidence where there are queries."""
        self._map(self._row(mapped))
        self.confidence = None
        if queries is not None:
            parts = [observed(queries, lambda image: self.evidence(image, Waiting(), 1.0))]
            self.confidence = confidence(parts, _SAME_PLACE, _FALSE_ACCEPTANCE)

    def _row(self, images: FloatArray) -> npt.NDArray[np.uint8]:
        return images.astype(np.uint8)

    def evidence(self, image: FloatArray, waiting: Waiting, moved: float) -> Evidence:
        """Return the evidence of a normalised image; waits for no spikes."""
        differences = np.empty(len(self), np.int64)
        _differences(self._rows, self._row(image), differences)
        alone = -standardised(differences.astype(np.float64))
        if not self._neighbours:
            return Evidence(alone, alone)
        return Evidence(alone, outstanding(alone, self._neighbours))


class LinearRecognizer(_RowRecognizer):
    """Linear discriminant.

    Args:
        config: whose senses, stiffness and sequences it has.
    """

    def __init__(self, config: PlaceConfig | None = None) -> None:
        self._config = c = config or PlaceConfig()
        super().__init__(c.same_place, np.zeros((0, c.n_inputs)))
        self._senses = Senses(c, 0)
        self._mapped_usual = self._usual = np.zeros(c.n_inputs)
        self._scatter: Any = None
        """Of what disturbs, factorised."""

    def normalised(self, image: Any) -> tuple[FloatArray, str]:
        """Return the normalised image, (n_inputs,), and its fault, see `Recognizer`."""
        return self._senses.normalise(image)

    def map_anew(self, mapped: FloatArray, queries: Queries | None) -> None:
        """Map places from the start, and fit the confidence where there are queries."""
        c = self._config
        self._mapped_usual, self.confidence = mapped.mean(axis=0), None
        if queries is None:
            self._usual = self._mapped_usual
            self._learn(mapped, np.sqrt(c.reference_share) * (mapped - self._usual))
            return
        parts = held_out(queries, lambda others: self._taught(mapped, others))
        self.confidence = confidence(parts, c.same_place, c.false_acceptance)
        self._taught(mapped, queries)

    def _taught(self, mapped: FloatArray, queries: Queries) -> Callable[[FloatArray], Evidence]:
        """Learn from pairs of a mapped image and a query; return the evidence as a function."""
        own = mapped[queries.places]
        self._usual = queries.images.mean(axis=0)
        self._learn(mapped, queries.images - self._usual - (own - own.mean(axis=0)))
        return lambda image: self.evidence(image, Waiting(), 1.0)

    def _learn(self, mapped: FloatArray, disturbed: FloatArray) -> None:
        c = self._config
        self._scatter = cho_factor(disturbed.T @ disturbed + c.stiffness * np.eye(c.n_inputs))
        self._map(self._row(mapped))

    def _row(self, images: FloatArray) -> FloatArray:
        centred = images - self._mapped_usual
        weights: FloatArray = cho_solve(self._scatter, centred.T).T
        drive = (weights * centred).sum(axis=-1, keepdims=True)
        return weights / np.sqrt(np.maximum(drive, LEAST_SPREAD))

    def evidence(self, image: FloatArray, waiting: Waiting, moved: float) -> Evidence:
        """Return the evidence of a normalised image; waits for no spikes."""
        alone = standardised(self._rows @ (image - self._usual))
        return Evidence(alone, blended(alone, self._config))


@kernel(nogil=True)
def _differences(mapped: Any, asked: Any, found: Any) -> None:
    for j in range(len(mapped)):
        total = np.int32(0)
        for i in range(asked.size):
            total += abs(np.int32(mapped[j, i]) - np.int32(asked[i]))
        found[j] = total
