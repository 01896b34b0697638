"""What a spiking recogniser must be measured against, behind the same interface.

`SadRecognizer` sums absolute differences of patch-normalised bytes, as SeqSLAM does (M. Milford and
G. Wyeth, ICRA 2012). `LinearRecognizer` is the dense linear discriminant, in double precision and
closed form: what the place neurons do, without spikes, 8-bit weights and homeostasis.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from snn_control.coding.images import checked, resize
from snn_control.coding.patch_normalisation import PatchNormalisation, to_bytes
from snn_control.compiled import kernel
from snn_control.controllers.place.calibration import blended, confidence, held_out, looked
from snn_control.controllers.place.config import PlaceConfig
from snn_control.controllers.place.look import FloatArray, IntArray, Look, Queries, Waiting
from snn_control.controllers.place.place_map import outstanding, standardised
from snn_control.controllers.place.recognizer import Recognizer
from snn_control.controllers.place.senses import Senses, fault

_FALSE_ACCEPTANCE, _SAME_PLACE = 0.01, 2


class SadRecognizer(Recognizer):
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
        super().__init__(_SAME_PLACE)
        self._size, self._patches = (height, width), PatchNormalisation(window)
        self._neighbours = neighbours
        self._mapped = np.zeros((0, height * width), np.uint8)
        self._numbers = np.zeros(0, np.int64)

    @property
    def places(self) -> IntArray:
        """Numbers of the mapped places, in the order of the route."""
        return self._numbers

    @property
    def n_bytes(self) -> int:
        """Size of the map."""
        return self._mapped.nbytes

    def _see(self, image: Any) -> tuple[FloatArray, str]:
        small = resize(checked(image), *self._size)
        return to_bytes(self._patches.apply(small)).ravel().astype(np.float64), fault(small)

    def _fit(self, mapped: FloatArray, queries: Queries | None) -> None:
        self._mapped, self._numbers = mapped.astype(np.uint8), np.arange(len(mapped))
        self.confidence = None
        if queries is not None:
            looks = looked(queries, lambda seen: self._look(seen, Waiting(), 1.0))
            self.confidence = confidence([looks], _SAME_PLACE, _FALSE_ACCEPTANCE)

    def _look(self, seen: FloatArray, waiting: Waiting, moved: float) -> Look:
        differences = np.empty(len(self._mapped), np.int64)
        _differences(self._mapped, seen.astype(np.uint8), differences)
        alone = -standardised(differences.astype(np.float64))
        if not self._neighbours:
            return Look(alone, alone)
        return Look(alone, outstanding(alone, self._neighbours))

    def _keep(self, positions: IntArray) -> None:
        self._mapped, self._numbers = self._mapped[positions], self._numbers[positions]


class LinearRecognizer(Recognizer):
    """Linear discriminant.

    Args:
        config: whose senses, stiffness and sequences it has.
    """

    def __init__(self, config: PlaceConfig | None = None) -> None:
        self._config = config or PlaceConfig()
        super().__init__(self._config.same_place)
        self._senses = Senses(self._config, 0)
        self._weights = np.zeros((0, self._config.n_inputs))
        self._numbers = np.zeros(0, np.int64)
        self._usual = np.zeros(self._config.n_inputs)

    @property
    def places(self) -> IntArray:
        """Numbers of the mapped places, in the order of the route."""
        return self._numbers

    @property
    def n_bytes(self) -> int:
        """Size of the map."""
        return self._weights.nbytes

    def _see(self, image: Any) -> tuple[FloatArray, str]:
        return self._senses.normalise(image)

    def _fit(self, mapped: FloatArray, queries: Queries | None) -> None:
        c = self._config
        self._numbers, self.confidence = np.arange(len(mapped)), None
        if queries is None:
            self._usual = mapped.mean(axis=0)
            centred = mapped - self._usual
            self._weights = self._discriminant(centred, np.sqrt(c.reference_share) * centred)
            return
        looks = held_out(queries, lambda others: self._taught(mapped, others))
        self.confidence = confidence(looks, c.same_place, c.false_acceptance)
        self._taught(mapped, queries)

    def _taught(self, mapped: FloatArray, queries: Queries) -> Callable[[FloatArray], Look]:
        """Learn from pairs of a mapped image and a query; return how to look then."""
        own = mapped[queries.places]
        self._usual = queries.seen.mean(axis=0)
        disturbed = queries.seen - self._usual - (own - own.mean(axis=0))
        self._weights = self._discriminant(mapped - mapped.mean(axis=0), disturbed)
        return lambda seen: self._look(seen, Waiting(), 1.0)

    def _discriminant(self, centred: FloatArray, disturbed: FloatArray) -> FloatArray:
        c = self._config
        scatter = disturbed.T @ disturbed + c.stiffness * np.eye(c.n_inputs)
        weights = np.asarray(np.linalg.solve(scatter, centred.T).T, np.float64)
        return weights / np.sqrt((weights * centred).sum(axis=1))[:, None]

    def _look(self, seen: FloatArray, waiting: Waiting, moved: float) -> Look:
        alone = standardised(self._weights @ (seen - self._usual))
        return Look(alone, blended(alone, self._config))

    def _keep(self, positions: IntArray) -> None:
        self._weights, self._numbers = self._weights[positions], self._numbers[positions]


@kernel(nogil=True)
def _differences(mapped: Any, asked: Any, found: Any) -> None:
    for j in range(len(mapped)):
        total = np.int32(0)
        for i in range(asked.size):
            total += abs(np.int32(mapped[j, i]) - np.int32(asked[i]))
        found[j] = total
