"""Camera that travels along a route frame by frame, with seeded noise."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from snn_control.copies import Copied
from snn_control.envs.route.body import RouteBody
from snn_control.envs.route.conditions import Conditions
from snn_control.errors import ParameterError

LARGEST_IMAGE = 512


@dataclass(frozen=True)
class Frame:
    """Grey image, true position and travel, and odometry since the last frame."""

    image: NDArray[np.uint8] = field(repr=False)
    """Grey image, shape (height, width)."""
    arc_m: float
    """True position along the route, m."""
    place: float
    """True position along the route, places."""
    travelled_m: float
    """True distance since the previous frame, m."""
    step_places: float
    """Odometry distance since the previous frame, places."""


class RouteCamera(Copied):
    """Camera under fixed conditions, for any number of traverses.

    Args:
        route_seed: seed of the world, at least 0.
        length_m: length of the route, m.
        place_spacing_m: distance between two places, m.
        image_width: width of the images, pixels, 8 to 512.
        image_height: height of the images, pixels, 8 to 512.
        conditions: appearance, viewpoint, speed and sensors.

    Raises:
        ParameterError: a value is out of range.
    """

    def __init__(
        self,
        route_seed: int,
        length_m: float,
        place_spacing_m: float,
        image_width: int,
        image_height: int,
        conditions: Conditions,
    ) -> None:
        for name, size in (("image_width", image_width), ("image_height", image_height)):
            if not 8 <= size <= LARGEST_IMAGE:
                raise ParameterError(f"{name} is {size}; expected 8 to {LARGEST_IMAGE} pixels")
        if not 0.1 <= place_spacing_m <= length_m:
            raise ParameterError(
                f"place_spacing_m is {place_spacing_m!r}; expected 0.1 m to the route's length, "
                f"{length_m:g} m"
            )
        self.body = RouteBody(route_seed, length_m, conditions)
        self.conditions, self.length_m = conditions, length_m
        self.place_spacing_m = place_spacing_m
        self.image_shape = (image_height, image_width)
        self.arc_m = 0.0

    @property
    def arrived(self) -> bool:
        """True at the end of the route."""
        return self.arc_m >= self.length_m

    def start(self, seed: int) -> Frame:
        """Start a traverse, at most one full step beyond the start of the route.

        Raises:
            MissingExtraError: no off-screen renderer is available.
        """
        # Separate streams: one kind of noise does not change the draws of another.
        self._speed_rng, self._odometry_rng, self._pixel_rng = (
            np.random.default_rng([seed, k]) for k in range(3)
        )
        first_m = self.conditions.step_m * self._speed_rng.random()
        self.arc_m = min(first_m, 0.5 * self.length_m)
        return self._frame(0.0)

    def advance(self, speed: float) -> Frame:
        """Travel for one frame at a fraction of the full speed, clipped to [0, 1]."""
        conditions = self.conditions
        variation = 1.0 + conditions.step_spread * self._speed_rng.uniform(-1.0, 1.0)
        before_m = self.arc_m
        self.arc_m += conditions.step_m * variation * min(max(speed, 0.0), 1.0)
        self.arc_m = min(self.arc_m, self.length_m)
        return self._frame(self.arc_m - before_m)

    def close(self) -> None:
        """Free the renderers."""
        self.body.close()

    def _frame(self, travelled_m: float) -> Frame:
        self.body.place(self.arc_m)
        height, width = self.image_shape
        image = self.body.grey(width, height)
        if self.conditions.noise_sd > 0.0:
            noise = self._pixel_rng.normal(0.0, self.conditions.noise_sd, image.shape)
            image = np.clip(np.rint(image + noise), 0.0, 255.0).astype(np.uint8)
        scale = 1.0 + self.conditions.odometry_noise * self._odometry_rng.normal()
        spacing_m = self.place_spacing_m
        return Frame(
            image, self.arc_m, self.arc_m / spacing_m, travelled_m, travelled_m / spacing_m * scale
        )
