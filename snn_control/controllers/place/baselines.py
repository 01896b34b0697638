"""What a spiking recogniser must be measured against, behind the same interface.

`SadRecognizer` sums absolute differences of patch-normalised bytes, as SeqSLAM does (M. Milford and
G. Wyeth, ICRA 2012). `LinearRecognizer` is the dense linear discriminant, in double precision and
closed form: what the place neurons do, without spikes, 8-bit weights and homeostasis.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from snn_control.coding.images import checked, resize
from snn_control.coding.patch_normalisation import PatchNormalisation, to_bytes
from snn_control.compiled import kernel
from snn_control.controllers.place.calibration import PARTS, answered, confidence
from snn_control.controllers.place.config import PlaceConfig
from snn_control.controllers.place.place_map import outstanding, standardised
from snn_control.controllers.place.recognizer import (
    FloatArray,
    Images,
    IntArray,
    Look,
    Recognizer,
    Waiting,
)

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

    def fit(self, images: Images, calibration: tuple[Images, Sequence[int]] | None = None) -> Self:
        """Map a route anew, see `Recognizer.fit`; a calibration fits the confidence alone."""
        self._mapped = np.array([self._bytes(image) for image in images])
        self._numbers = np.arange(len(images))
        self.confidence = None
        if calibration is not None:
            shown, places = calibration
            looks = (self._look(image, Waiting(), 1.0) for image in shown)
            found = answered(looks, np.asarray(places, np.int64), _SAME_PLACE)
            self.confidence = confidence([found], _FALSE_ACCEPTANCE, len(self))
        self.reset_sequence()
        return self

    def _look(self, image: Any, waiting: Waiting, moved: float) -> Look:
        differences = np.empty(len(self._mapped), np.int64)
        _differences(self._mapped, self._bytes(image), differences)
        alone = -standardised(differences.astype(np.float64))
        if not self._neighbours:
            return Look(alone, alone)
        return Look(alone, outstanding(alone, self._neighbours))

    def _keep(self, positions: IntArray) -> None:
        self._mapped, self._numbers = self._mapped[positions], self._numbers[positions]

    def _bytes(self, image: Any) -> npt.NDArray[np.uint8]:
        return to_bytes(self._patches.apply(resize(checked(image), *self._size))).ravel()


class LinearRecognizer(Recognizer):
    """Linear discriminant.

    Args:
        config: whose senses, stiffness and sequences it has.
    """

    def __init__(self, config: PlaceConfig | None = None) -> None:
        self._config = config or PlaceConfig()
        super().__init__(self._config.same_place)
        c = self._config
        self._patches = PatchNormalisation(c.window, c.floor, c.clip)
        self._weights = np.zeros((0, c.n_inputs))
        self._numbers = np.zeros(0, np.int64)
        self._usual = np.zeros(c.n_inputs)

    @property
    def places(self) -> IntArray:
        """Numbers of the mapped places, in the order of the route."""
        return self._numbers

    @property
    def n_bytes(self) -> int:
        """Size of the map."""
        return self._weights.nbytes

    def fit(self, images: Images, calibration: tuple[Images, Sequence[int]] | None = None) -> Self:
        """Map a route anew, see `Recognizer.fit`."""
        c = self._config
        mapped = np.array([self._seen(image) for image in images])
        centred = mapped - mapped.mean(axis=0)
        self._numbers = np.arange(len(images))
        self.confidence = None
        self._usual = mapped.mean(axis=0)
        if calibration is None:
            self._weights = self._discriminant(centred, np.sqrt(c.reference_share) * centred)
        else:
            asked, at = (
                np.array([self._seen(i) for i in calibration[0]]),
                np.asarray(calibration[1]),
            )
            every, parts = np.arange(len(at)), []
            for mine in np.array_split(every, PARTS):  # answered by what the others taught
                self._learn(centred, mapped[at], asked, np.setdiff1d(every, mine))
                parts.append(answered((self._says(asked[k]) for k in mine), at[mine], c.same_place))
            self._learn(centred, mapped[at], asked, every)
            self.confidence = confidence(parts, _FALSE_ACCEPTANCE, len(self))
        self.reset_sequence()
        return self

    def _learn(
        self, centred: FloatArray, own: FloatArray, asked: FloatArray, which: IntArray
    ) -> None:
        """Learn from some of the pairs of a mapped image and a query."""
        self._usual = asked[which].mean(axis=0)
        disturbed = asked[which] - self._usual - (own[which] - own[which].mean(axis=0))
        self._weights = self._discriminant(centred, disturbed)

    def _discriminant(self, centred: FloatArray, disturbed: FloatArray) -> FloatArray:
        c = self._config
        scatter = disturbed.T @ disturbed + c.stiffness * np.eye(c.n_inputs)
        weights = np.asarray(np.linalg.solve(scatter, centred.T).T, np.float64)
        return weights / np.sqrt((weights * centred).sum(axis=1))[:, None]

    def _says(self, seen: FloatArray) -> Look:
        c = self._config
        alone = standardised(self._weights @ (seen - self._usual))
        return Look(alone, outstanding(alone, c.neighbours) + c.blend * alone)

    def _look(self, image: Any, waiting: Waiting, moved: float) -> Look:
        return self._says(self._seen(image))

    def _keep(self, positions: IntArray) -> None:
        self._weights, self._numbers = self._weights[positions], self._numbers[positions]

    def _seen(self, image: Any) -> FloatArray:
        small = resize(checked(image), self._config.height, self._config.width)
        return self._patches.apply(small).ravel()


@kernel(nogil=True)
def _differences(mapped: Any, asked: Any, found: Any) -> None:
    for j in range(len(mapped)):
        total = np.int32(0)
        for i in range(asked.size):
            total += abs(np.int32(mapped[j, i]) - np.int32(asked[i]))
        found[j] = total
