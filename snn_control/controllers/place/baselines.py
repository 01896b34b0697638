"""What a spiking recogniser must be measured against, behind the same interface.

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
from snn_control.controllers.place.calibration import confidence, held_out, looked
from snn_control.controllers.place.config import PlaceConfig
from snn_control.controllers.place.match import FloatArray, IntArray, Look, Queries, Waiting
from snn_control.controllers.place.place_map import LEAST_SPREAD, blended, outstanding, standardised
from snn_control.controllers.place.recognizer import Recognizer, readable
from snn_control.controllers.place.senses import Senses, fault
from snn_control.errors import ParameterError

_FALSE_ACCEPTANCE, _SAME_PLACE = 0.01, 2


class _RowRecognizer(Recognizer):
    """Has a row of numbers a place.

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
    def _row(self, seen: FloatArray) -> npt.NDArray[Any]:
        """Return the rows of places that look so, shape as `seen`, (..., n_inputs)."""

    def _map(self, rows: npt.NDArray[Any]) -> None:
        self._rows = rows
        self._numbers, self._next = np.arange(len(rows)), len(rows)

    def _add(self, seen: FloatArray) -> int:
        if not self._next:
            raise ParameterError("nothing was mapped yet: `fit` a first stretch of the route")
        self._rows = np.vstack([self._rows, self._row(seen)])
        self._numbers = np.append(self._numbers, self._next)
        self._next += 1
        return self._next - 1

    def _keep(self, positions: IntArray) -> None:
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

    def _see(self, image: Any) -> tuple[FloatArray, str]:
        small = resize(checked(image), *self._size)
        return to_bytes(self._patches.apply(small)).ravel().astype(np.float64), fault(small)

    def _fit(self, mapped: FloatArray, queries: Queries | None) -> None:
        self._map(self._row(mapped))
        self.confidence = None
        if queries is not None:
            looks = looked(queries, lambda seen: self._look(seen, Waiting(), 1.0))
            self.confidence = confidence([looks], _SAME_PLACE, _FALSE_ACCEPTANCE)

    def _row(self, seen: FloatArray) -> npt.NDArray[np.uint8]:
        return seen.astype(np.uint8)

    def _look(self, seen: FloatArray, waiting: Waiting, moved: float) -> Look:
        differences = np.empty(len(self), np.int64)
        _differences(self._rows, self._row(seen), differences)
        alone = -standardised(differences.astype(np.float64))
        if not self._neighbours:
            return Look(alone, alone)
        return Look(alone, outstanding(alone, self._neighbours))


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

    def _see(self, image: Any) -> tuple[FloatArray, str]:
        return self._senses.normalise(image)

    def _fit(self, mapped: FloatArray, queries: Queries | None) -> None:
        c = self._config
        self._mapped_usual, self.confidence = mapped.mean(axis=0), None
        if queries is None:
            self._usual = self._mapped_usual
            self._learn(mapped, np.sqrt(c.reference_share) * (mapped - self._usual))
            return
        looks = held_out(queries, lambda others: self._taught(mapped, others))
        self.confidence = confidence(looks, c.same_place, c.false_acceptance)
        self._taught(mapped, queries)

    def _taught(self, mapped: FloatArray, queries: Queries) -> Callable[[FloatArray], Look]:
        """Learn from pairs of a mapped image and a query; return how to look then."""
        own = mapped[queries.places]
        self._usual = queries.seen.mean(axis=0)
        self._learn(mapped, queries.seen - self._usual - (own - own.mean(axis=0)))
        return lambda seen: self._look(seen, Waiting(), 1.0)

    def _learn(self, mapped: FloatArray, disturbed: FloatArray) -> None:
        c = self._config
        self._scatter = cho_factor(disturbed.T @ disturbed + c.stiffness * np.eye(c.n_inputs))
        self._map(self._row(mapped))

    def _row(self, seen: FloatArray) -> FloatArray:
        centred = seen - self._mapped_usual
        weights: FloatArray = cho_solve(self._scatter, centred.T).T
        drive = (weights * centred).sum(axis=-1, keepdims=True)
        return weights / np.sqrt(np.maximum(drive, LEAST_SPREAD))

    def _look(self, seen: FloatArray, waiting: Waiting, moved: float) -> Look:
        alone = standardised(self._rows @ (seen - self._usual))
        return Look(alone, blended(alone, self._config))


@kernel(nogil=True)
def _differences(mapped: Any, asked: Any, found: Any) -> None:
    for j in range(len(mapped)):
        total = np.int32(0)
        for i in range(asked.size):
            total += abs(np.int32(mapped[j, i]) - np.int32(asked[i]))
        found[j] = total
