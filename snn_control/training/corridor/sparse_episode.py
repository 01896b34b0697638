"""Episodes in the corridor with few rays: the controller acts on the estimated ranges."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from snn_control.controllers.controller import Controller
from snn_control.envs.corridor.navigation import CorridorNav
from snn_control.errors import InterfaceMismatchError
from snn_control.loops.corridor.adapter import DRIVE
from snn_control.loops.corridor.rays import ANGLES_RAD, N_RAYS, Motion
from snn_control.loops.corridor.sensing import RaySensing

FloatArray = npt.NDArray[np.float64]

NEAR_M = 1.0
"""Range below which an obstacle counts, m."""
FARTHER_M = 0.5
"""Error of a estimated range from which an obstacle is hallucinated free, m."""
AHEAD = np.cos(ANGLES_RAD) > math.cos(math.radians(45.0)) - 1e-9
"""True for the rays within 45 degrees of straight ahead, shape (N_RAYS,)."""


@dataclass(frozen=True, eq=False)
class Scan:
    """One scan of an episode."""

    range_m: FloatArray
    """Measured ranges, m, shape (N_RAYS,); below 0: not fired."""
    estimated_m: FloatArray
    """Estimated ranges, m, shape (N_RAYS,)."""
    true_m: FloatArray
    """True ranges, m, shape (N_RAYS,)."""


@dataclass(frozen=True)
class SparseEpisode:
    """Result of an episode."""

    metrics: dict[str, float]
    """Metrics of the environment."""
    near_scans: int
    """Scans with an obstacle nearer than 1 m ahead."""
    hallucinated_scans: int
    """Near scans with such an obstacle estimated more than 0.5 m farther."""


def require_interface(controller: Controller) -> None:
    """Require a controller of speed and turn rate from ranges and odometry.

    Raises:
        InterfaceMismatchError: other observations or actions.
    """
    names = CorridorNav.observation_names
    unknown = [name for name in controller.observation_names if name not in names]
    if unknown or tuple(controller.action_names) != DRIVE:
        raise InterfaceMismatchError(
            f"controller takes {_listed(controller.observation_names)} and gives "
            f"{_listed(controller.action_names)}; expected some of {_listed(names)}, and "
            f"{_listed(DRIVE)}: name a controller of the corridor, such as gap"
        )


def _listed(names: Sequence[str]) -> str:
    """Return names, shortened if there are many."""
    shown = names if len(names) <= 8 else (*names[:3], "...", *names[-4:])
    return ", ".join(shown)


def scans(
    env: CorridorNav, controller: Controller, sensing: RaySensing, seed: int
) -> Iterator[Scan]:
    """Run an episode and yield its scans.

    Args:
        env: environment with `ray_choice`.
        controller: controller of speed and turn rate from estimated ranges and odometry.
        sensing: choice of the rays and completion of the scans.
        seed: seed of the episode.

    Raises:
        InterfaceMismatchError: other observations or actions.
    """
    require_interface(controller)
    picked = [env.observation_names.index(name) for name in controller.observation_names]
    controller.reset(seed)
    sensing.reset()
    observation, _ = env.reset(seed=seed, options={"fire": sensing.fire()})
    done = False
    while not done:
        range_m = observation[:N_RAYS].copy()
        estimated_m = sensing.update(range_m, Motion(*observation[N_RAYS:].tolist()))
        yield Scan(range_m, estimated_m, env.body.ranges_m())
        observation[:N_RAYS] = estimated_m
        action = controller.step(observation[picked])
        action = np.concatenate([action, sensing.fire()])
        observation, _, terminated, truncated, _ = env.step(action)
        done = terminated or truncated


def hallucinated_free(true_m: FloatArray, estimated_m: FloatArray) -> bool | None:
    """Return True if an obstacle ahead is estimated too far; None if none is near."""
    near = AHEAD & (true_m < NEAR_M)
    if not near.any():
        return None
    return bool((estimated_m[near] > true_m[near] + FARTHER_M).any())


def sparse_episode(
    env: CorridorNav, controller: Controller, sensing: RaySensing, seed: int
) -> SparseEpisode:
    """Run an episode, see `scans`."""
    judged = [
        hallucinated_free(scan.true_m, scan.estimated_m)
        for scan in scans(env, controller, sensing, seed)
    ]
    near = [each for each in judged if each is not None]
    return SparseEpisode(env.metrics(), len(near), sum(near))
