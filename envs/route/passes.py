"""A pass along a route: what the camera saw, where it was, and what the odometry said."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from snn_control.errors import ParameterError

__all__ = ["Pass"]


@dataclass(frozen=True, repr=False)
class Pass:
    """One pass, frame by frame.

    Raises:
        ParameterError: images of another type or number of axes, or arrays of other lengths.
    """

    images: NDArray[np.uint8]
    """Grey images, shape (n, height, width)."""
    places: NDArray[np.float64]
    """True position of each frame along the route, in places from its start, shape (n,)."""
    steps: NDArray[np.float64]
    """Odometry: places travelled since the frame before, 0 at the first, shape (n,)."""

    def __post_init__(self) -> None:
        images = self.images
        if images.dtype != np.uint8 or images.ndim != 3:
            raise ParameterError(
                f"images are {images.dtype} of shape {images.shape}; expected uint8 of shape "
                "(n, height, width)"
            )
        for name in ("places", "steps"):
            shape = getattr(self, name).shape
            if shape != (len(images),):
                raise ParameterError(f"{name} of shape {shape} for {len(images)} images")

    def __repr__(self) -> str:
        n, height, width = self.images.shape
        return f"Pass({n} images, {height} x {width})"

    def __len__(self) -> int:
        return len(self.images)

    @property
    def place_index(self) -> NDArray[np.int64]:
        """Nearest place of each frame, shape (n,)."""
        return np.rint(self.places).astype(np.int64)
