"""Path of a route: a smooth curve on the ground, fixed by the seed of the route."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from snn_control.errors import ParameterError

FloatArray = NDArray[np.float64]

SHORTEST_M, LONGEST_M = 50.0, 2000.0
BEFORE_M, BEYOND_M = 40.0, 160.0
"""Length of the path before the start and beyond the end of the route, m."""
_GRID_M = 0.25
_WAVES = 4
_TURN_RAD = 0.3
"""Largest heading amplitude of one wave, rad; the sum stays below a right angle, so that the route
never crosses itself."""


@dataclass(frozen=True)
class RoutePath:
    """Path of a route, sampled by arc length."""

    length_m: float
    """Length of the route, m."""
    arc_m: FloatArray = field(repr=False)
    """Arc length of the grid points, m; 0 is the start of the route."""
    position_m: FloatArray = field(repr=False)
    """Positions of the grid points, m, shape (n, 2)."""
    heading_rad: FloatArray = field(repr=False)
    """Headings at the grid points, anticlockwise from x, rad."""

    def pose(self, arc_m: float, lateral_m: float = 0.0) -> tuple[float, float, float]:
        """Return (x m, y m, heading rad) at an arc length, `lateral_m` to the left of the path."""
        x_m = float(np.interp(arc_m, self.arc_m, self.position_m[:, 0]))
        y_m = float(np.interp(arc_m, self.arc_m, self.position_m[:, 1]))
        heading = float(np.interp(arc_m, self.arc_m, self.heading_rad))
        return x_m - lateral_m * np.sin(heading), y_m + lateral_m * np.cos(heading), heading

    def distance_m(self, x_m: float, y_m: float) -> float:
        """Return the distance of a point from the path, m."""
        away = self.position_m - (x_m, y_m)
        return float(np.sqrt((away * away).sum(axis=1).min()))


def draw_path(route_seed: int, length_m: float) -> RoutePath:
    """Draw a path: heading(s) = sum of 4 sines of wavelengths 70 to 260 m and up to 0.3 rad.

    Raises:
        ParameterError: the length is out of range, or the seed negative.
    """
    if not SHORTEST_M <= length_m <= LONGEST_M:
        raise ParameterError(f"length_m is {length_m!r}; expected {SHORTEST_M} to {LONGEST_M} m")
    if route_seed < 0:
        raise ParameterError(f"route_seed is {route_seed}; expected at least 0")
    rng = np.random.default_rng([route_seed, 0])
    wave_m = rng.uniform(70.0, 260.0, _WAVES)
    swing, phase = rng.uniform(0.1, _TURN_RAD, _WAVES), rng.uniform(0.0, 2.0 * np.pi, _WAVES)
    arc_m = np.arange(-BEFORE_M, length_m + BEYOND_M + _GRID_M, _GRID_M)
    heading = (swing * np.sin(2.0 * np.pi * arc_m[:, None] / wave_m + phase)).sum(axis=1)
    direction = np.stack([np.cos(heading), np.sin(heading)], axis=1)
    middle = 0.5 * _GRID_M * (direction[1:] + direction[:-1])
    position = np.concatenate([np.zeros((1, 2)), np.cumsum(middle, axis=0)])
    start = np.array([np.interp(0.0, arc_m, position[:, axis]) for axis in (0, 1)])
    return RoutePath(length_m, arc_m, position - start, heading)
