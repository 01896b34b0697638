"""From an image to the spikes of the input cells.

image -> grey, small -> patch normalisation z -> z - adaptation baseline -> spikes

An ON cell of each pixel fires for what is brighter than the baseline, an OFF cell for what is
darker. The baseline is the cell's mean over the images of its own traverse (intrinsic homeostasis,
see `adaptation`), so that global changes of appearance are discounted.
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
        """Return the normalised image, shape (n_inputs,), and its fault; empty where it has none.

        Args:
            image: uint8, (h, w) or (h, w, 3), of any size.

        Raises:
            ObservationError: no image of that kind.
        """
        small = resize(checked(image), self._config.height, self._config.width)
        return self._patches.apply(small).ravel(), fault(small)

    def codes(self, images: FloatArray, baseline: FloatArray) -> Codes:
        """Return spikes of ON less spikes of OFF cells, shape as `images`.

        Args:
            images: normalised, (..., n_inputs).
            baseline: mean image that the cells are adapted to, (n_inputs,).
        """
        most = self._config.ticks
        counts = np.floor(self._config.levels * (images - baseline) + self.start)
        return (np.clip(counts, -most, most) * self.connected).astype(np.int8)


def fault(image: npt.NDArray[np.uint8]) -> str:
    """Return why a grey image shows nothing; empty where it shows something."""
    mean, spread = float(image.mean()), float(image.std())
    if spread >= _LEAST_SPREAD:
        return ""
    if mean < _LEAST_SPREAD:
        return BLACK
    return SATURATED if mean > 255.0 - _LEAST_SPREAD else FLAT
