"""All random quantities of an episode, drawn in advance into plain arrays.

Noise has one value for each tick and ray, whether the ray is fired or not: episodes of one seed
differ only by the actions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from snn_control.envs.corridor.worlds import Obstacles, draw_obstacles
from snn_control.errors import ParameterError

FloatArray = NDArray[np.float64]

PHYSICS_STEP_S = 0.02
SUBSTEPS = 5
CONTROL_PERIOD_S = SUBSTEPS * PHYSICS_STEP_S
N_RAYS = 72
"""Rays of the lidar, 5 degrees apart."""
MAX_DURATION_S = 600.0


@dataclass(frozen=True)
class Errors:
    """Errors of the sensors; each is a standard deviation.

    Raises:
        ParameterError: a value is negative or not finite.
    """

    range_noise_sd_m: float = 0.01
    """White noise of a range, m."""
    odometry_scale_sd: float = 0.02
    """Relative error of the distances of an episode."""
    yaw_drift_sd_rad_s: float = 0.01
    """Drift of the yaw of an episode, rad/s."""

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not (math.isfinite(value) and value >= 0.0):
                raise ParameterError(f"{name} is {value!r}; expected a number of at least 0")


@dataclass(frozen=True)
class Scenario:
    """Random quantities of one episode: obstacles, start pose, errors of the sensors."""

    seed: int
    """Seed of the scenario."""
    world: str
    """One of `worlds.WORLDS`."""
    obstacles: Obstacles = field(repr=False)
    """Standing and moving obstacles."""
    start_y_m: float
    """Start across the corridor, m; along it the robot starts at 0."""
    start_yaw_rad: float
    """Start direction, rad; 0 is along the corridor."""
    odometry_scale: float
    """Measured over true distance."""
    yaw_drift_rad_s: float
    """Drift of the measured yaw, rad/s."""
    range_noise_m: FloatArray = field(repr=False)
    """Noise of the range of each scan and ray, m, shape (n_ticks + 1, N_RAYS)."""

    @property
    def n_ticks(self) -> int:
        """Largest number of control periods."""
        return len(self.range_noise_m) - 1


def draw_scenario(
    world: str, seed: int, duration_s: float = 40.0, errors: Errors | None = None
) -> Scenario:
    """Draw the episode of `seed` in a world, at most `duration_s` long (0.1 to 600 s).

    Raises:
        ParameterError: `duration_s` is not finite or out of range.
        UnknownNameError: no such world; with the closest names.
    """
    if not CONTROL_PERIOD_S <= duration_s <= MAX_DURATION_S:
        raise ParameterError(
            f"duration_s is {duration_s!r}; expected {CONTROL_PERIOD_S:g} to {MAX_DURATION_S:g} s"
        )
    errors = errors or Errors()
    n_ticks = round(duration_s / CONTROL_PERIOD_S)
    places, sensors = (np.random.default_rng([seed, k]) for k in range(2))
    return Scenario(
        seed=seed,
        world=world,
        obstacles=draw_obstacles(world, places, n_ticks * SUBSTEPS, PHYSICS_STEP_S),
        start_y_m=float(places.uniform(-0.3, 0.3)),
        start_yaw_rad=float(places.uniform(-0.1, 0.1)),
        odometry_scale=1.0 + errors.odometry_scale_sd * float(sensors.normal()),
        yaw_drift_rad_s=errors.yaw_drift_sd_rad_s * float(sensors.normal()),
        range_noise_m=errors.range_noise_sd_m * sensors.normal(size=(n_ticks + 1, N_RAYS)),
    )
