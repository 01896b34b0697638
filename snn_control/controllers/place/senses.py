"""From an image to the spikes of the input cells.

image -> grey, small -> patch normalisation z -> z - (what the cell is used to) -> spikes

An ON cell of each pixel fires for what is brighter than usual, an OFF cell for what is darker. A
cell is used to its mean over the images of its own visit (intrinsic homeostasis), so that snow or
another camera is no news.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.coding.images import checked, resize
from snn_control.coding.patch_normalisation import PatchNormalisation
from snn_control.controllers.place.config import PlaceConfig

FloatArray = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int8]

BLACK, SATURATED, FLAT = "the image is black", "the image is saturated", "the image has no contrast"
_LEAST_SPREAD = 2.0
"""Standard deviation of grey levels below which an image shows nothing."""


class Senses:
    """Normalises images and turns them into spikes.

    Args:
        config: of the recogniser.
        seed: of which input cells are connected, and of the potentials that they start with, which
            decide between n and n + 1 spikes.
    """

    def __init__(self, config: PlaceConfig, seed: int) -> None:
        self._config = config
        self._patches = PatchNormalisation(config.window, config.floor, config.clip)
        rng = np.random.default_rng(seed)
        self.start: FloatArray = rng.random(config.n_inputs)
        """Potential of each input cell at the start of a presentation, shares of its threshold."""
        self.connected = rng.random(config.n_inputs) < config.input_share
        """Input cells that reach the place neurons."""

    def normalise(self, image: Any) -> tuple[FloatArray, str]:
        """Return what the input cells see, shape (n_inputs,), and what is wrong with it.

        Args:
            image: uint8, (h, w) or (h, w, 3), of any size.

        Raises:
            ObservationError: no image of that kind.
        """
        small = resize(checked(image), self._config.height, self._config.width)
        return self._patches.apply(small).ravel(), fault(small)

    def codes(self, seen: FloatArray, usual: FloatArray) -> Codes:
        """Return spikes of ON less spikes of OFF cells, shape as `seen`, (..., n_inputs)."""
        most = self._config.ticks
        counts = np.floor(self._config.levels * (seen - usual) + self.start)
        return (np.clip(counts, -most, most) * self.connected).astype(np.int8)


class Habit:
    """What the input cells are used to: their running mean over the last places of a visit.

    Args:
        usual: what they start with, shape (n_inputs,).
        seen: places that this counts as.
        memory: most that it can count as.
    """

    def __init__(self, usual: FloatArray, seen: float, memory: int) -> None:
        self.usual, self.seen, self._memory = usual.copy(), seen, memory

    def follow(self, seen: FloatArray, moved: float = 1.0) -> None:
        """Get used to one more image, as far as it is from another place than the last one.

        Who stands still does not get used to what is there, and forgets nothing.

        Args:
            seen: by the input cells, (n_inputs,).
            moved: places since the last image.
        """
        share = min(abs(moved), 1.0)
        self.seen = min(self.seen + share, self._memory)
        self.usual += share * (seen - self.usual) / max(self.seen, 1.0)


def fault(image: npt.NDArray[np.uint8]) -> str:
    """Return why a grey image shows nothing; empty where it shows something."""
    mean, spread = float(image.mean()), float(image.std())
    if spread >= _LEAST_SPREAD:
        return ""
    if mean < _LEAST_SPREAD:
        return BLACK
    return SATURATED if mean > 255.0 - _LEAST_SPREAD else FLAT
