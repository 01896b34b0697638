"""Image encoder: from an image to the spike counts of the input cells.

image -> grey, downsampled -> patch normalisation z -> z - adaptation baseline -> spikes

Each pixel has an ON cell, which fires if it is brighter than the baseline, and an OFF cell, which
fires if it is darker. The baseline is the mean over the images of the same traverse (intrinsic
homeostasis, see `adaptation`), so that global changes of appearance are discounted.
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
"""Standard deviation of grey levels below which an image is featureless."""


class ImageEncoder:
    """Encoder from images to spike counts.

    Args:
        config: configuration of the recogniser.
        seed: seed of the connected input cells and of their initial potentials, which decide
            between n and n + 1 spikes.
    """

    def __init__(self, config: PlaceConfig, seed: int) -> None:
        self._config = config
        self._patches = PatchNormalisation(config.window, config.floor, config.clip)
        rng = np.random.default_rng(seed)
        self.start: FloatArray = rng.random(config.n_inputs)
        """Initial potential of each input cell in a presentation, fraction of its threshold."""
        self.connected = rng.random(config.n_inputs) < config.input_share
        """Mask of the input cells that are connected to the place neurons."""

    def normalise(self, image: Any) -> tuple[FloatArray, str]:
        """Return the normalised image, shape (n_inputs,), and its fault, or an empty string.

        Args:
            image: uint8, (h, w) or (h, w, 3), of any size.

        Raises:
            ObservationError: an invalid image.
        """
        small = resize(checked(image), self._config.height, self._config.width)
        return self._patches.apply(small).ravel(), fault(small)

    def codes(self, images: FloatArray, baseline: FloatArray) -> Codes:
        """Return spikes of the ON minus spikes of the OFF cells, shape as `images`.

        Args:
            images: normalised images, (..., n_inputs).
            baseline: adaptation baseline, (n_inputs,).
        """
        most = self._config.ticks
        counts = np.floor(self._config.levels * (images - baseline) + self.start)
        return (np.clip(counts, -most, most) * self.connected).astype(np.int8)


def fault(image: npt.NDArray[np.uint8]) -> str:
    """Return the reason for a grey image being featureless; an empty string if it is usable."""
    mean, spread = float(image.mean()), float(image.std())
    if spread >= _LEAST_SPREAD:
        return ""
    if mean < _LEAST_SPREAD:
        return BLACK
    return SATURATED if mean > 255.0 - _LEAST_SPREAD else FLAT
