"""Streams of labelled digits in which two labels are swapped again and again.

Each sample is drawn with replacement from the 1797 images of 8 x 8 pixels of scikit-learn
(E. Alpaydin and C. Kaynak, UCI Machine Learning Repository 1998, doi:10.24432/C50P49). After every
`swap_every` samples two labels, uniformly drawn, are swapped from then on: the true label of an
image is that of its class by the present mapping. A share of the labels that the learner receives
is replaced by uniformly drawn ones; accuracy counts true labels.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from snn_control.errors import require

__all__ = ["CLASSES", "DigitStream", "digit_images", "draw_stream"]

CLASSES = 10
FULL = 16.0
"""Largest value of a pixel in the data."""


class DigitStream(NamedTuple):
    """Stream of n samples, as arrays for the kernels."""

    images: npt.NDArray[np.float64]
    """Pixels of all images, 0 to 1, shape (1797, 64)."""
    order: npt.NDArray[np.int64]
    """Image of each sample, shape (n,)."""
    truth: npt.NDArray[np.int64]
    """True label of each sample, shape (n,)."""
    labels: npt.NDArray[np.int64]
    """Label that the learner receives with each sample, shape (n,)."""
    classes: npt.NDArray[np.int64]
    """Class of which `labels` is the mapped label, shape (n,)."""
    mappings: npt.NDArray[np.int64]
    """Label of each class between two swaps, shape (swaps + 1, 10)."""
    between: int
    """Number of samples between two swaps."""


@cache
def digit_images() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Return pixels, 0 to 1, shape (1797, 64), and classes, shape (1797,).

    Raises:
        MissingExtraError: scikit-learn is not installed.
    """
    data = require("sklearn.datasets", "digits").load_digits()
    pixels, classes = np.ascontiguousarray(data.data / FULL), data.target.astype(np.int64)
    for array in (pixels, classes):
        array.setflags(write=False)
    return pixels, classes


def draw_stream(seed: int, samples: int, swap_every: int, noise: float) -> DigitStream:
    """Draw a stream; images and replaced labels of a seed are the same for every `swap_every`.

    Args:
        seed: seed.
        samples: number of samples n.
        swap_every: samples between two swaps, 0 for none.
        noise: share of random labels, 0 to 1.
    """
    images, image_classes = digit_images()
    rng = np.random.default_rng([seed, 1])
    order = rng.integers(len(images), size=samples)
    replaced = rng.random(samples) < noise
    drawn = rng.integers(CLASSES, size=samples)
    between = swap_every or samples
    mappings = np.tile(np.arange(CLASSES), (-(-samples // between), 1))
    for k in range(1, len(mappings)):
        mappings[k] = mappings[k - 1]
        one, other = rng.choice(CLASSES, 2, replace=False)
        first, second = (mappings[k] == label for label in (one, other))
        mappings[k, first], mappings[k, second] = other, one
    epoch = np.arange(samples) // between
    classes = np.where(replaced, drawn, image_classes[order])
    return DigitStream(
        images,
        order,
        mappings[epoch, image_classes[order]],
        mappings[epoch, classes],
        classes,
        mappings,
        between,
    )
