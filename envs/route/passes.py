"""Recorded traverse of a route: images, true positions and odometry."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from snn_control.errors import ParameterError

__all__ = ["Pass"]


@dataclass(frozen=True, repr=False)
class Pass:
    """One traverse of a route, frame by frame.

    Raises:
        ParameterError: wrong type or number of axes of the images, or unequal lengths.
    """

    images: NDArray[np.uint8]
    """Grey images, shape (n, height, width)."""
    places: NDArray[np.float64]
    """True position of each frame, places from the start of the route, shape (n,)."""
    steps: NDArray[np.float64]
    """Odometry distance since the previous frame, places, 0 at the first, shape (n,)."""
    names: tuple[str, ...] = ()
    """File of each frame, if there is one."""
    notes: tuple[str, ...] = ()
    """Skipped files, and the choice of the order, if there was one."""

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
                raise ParameterError(f"{name} has shape {shape}; expected ({len(images)},)")
        if self.names and len(self.names) != len(images):
            raise ParameterError(f"{len(self.names)} names for {len(images)} images")

    def __repr__(self) -> str:
        n, height, width = self.images.shape
        return f"Pass({n} images, {height} x {width})"

    def __len__(self) -> int:
        return len(self.images)

    @property
    def place_index(self) -> NDArray[np.int64]:
        """Index of the nearest place of each frame, shape (n,)."""
        return np.rint(self.places).astype(np.int64)
