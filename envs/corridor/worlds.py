"""Obstacles of the corridor's worlds, drawn from a seed.

| world | standing | moving |
|---|---|---|
| static | cylinders, radius 0.1 to 0.3 m | none |
| novel | pairs of poles of 4 cm, wall stubs, planks | none |
| moving | half of the cylinders of `static` | the others, across the corridor, 0.1 to 0.3 m/s |
| novel-moving | those of `novel` | two walkers, radius 0.2 m, towards the robot, 1.0 m/s |

The rows of obstacles are 1.1 to 1.9 m apart along the corridor. Movers follow paths that are drawn
in advance, and wait on them while the robot is in their way (see `body`). Training uses `static`
only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from snn_control.errors import UnknownNameError

FloatArray = NDArray[np.float64]

LENGTH_M = 20.0
"""Distance from the start to the goal line, m."""
HALF_WIDTH_M = 1.25
WORLDS = ("static", "novel", "moving", "novel-moving")
FIRST_ROW_M, LAST_ROW_M = 2.0, 19.0
"""Positions between which the rows of obstacles lie, m."""
SPACING_M = (1.1, 1.9)
POLE_RADIUS_M = 0.02
WALKER_RADIUS_M, WALKER_SPEED_M_S = 0.2, 1.0
WALKER_STARTS_M = ((10.0, 14.0), (20.0, 24.0))
"""Range of the start of each walker along the corridor, m."""
WALKER_CLEARANCE_M = 0.05
"""Distance of a walker from the wall or obstacle at its side, m."""


@dataclass(frozen=True)
class Obstacles:
    """Rectangles with rounded corners: a cylinder has no sides, a box no radius.

    The first ones stand still, the last ones, as many as `mover_m` has, move.
    """

    position_m: FloatArray
    """Centres at the start, m, shape (n, 2)."""
    yaw_rad: FloatArray
    """Direction of the long side, rad, shape (n,)."""
    half_m: FloatArray
    """Half sides, m, shape (n, 2)."""
    radius_m: FloatArray
    """Radius of the corners, m, shape (n,)."""
    mover_m: FloatArray
    """Path of the moving ones, a point for each physics step, m, (n_steps + 1, n_movers, 2)."""

    @property
    def n_standing(self) -> int:
        """Number of obstacles that stand still."""
        return len(self.radius_m) - self.mover_m.shape[1]


@dataclass(frozen=True)
class _Shape:
    x_m: float
    y_m: float
    yaw_rad: float = 0.0
    half_m: tuple[float, float] = (0.0, 0.0)
    radius_m: float = 0.0

    @property
    def extent_m(self) -> tuple[float, float]:
        """Half extents along and across the corridor, m."""
        c, s = abs(math.cos(self.yaw_rad)), abs(math.sin(self.yaw_rad))
        a, b = self.half_m
        return a * c + b * s + self.radius_m, a * s + b * c + self.radius_m


def draw_obstacles(world: str, rng: np.random.Generator, n_steps: int, step_s: float) -> Obstacles:
    """Draw the obstacles of a world.

    Args:
        world: one of `WORLDS`.
        rng: generator; equal states give equal obstacles.
        n_steps: number of physics steps of the episode.
        step_s: length of a physics step, s.

    Raises:
        UnknownNameError: no such world; with the closest names.
    """
    if world not in WORLDS:
        raise UnknownNameError("world", world, WORLDS)
    rows = _rows(rng)
    time_s = np.arange(n_steps + 1) * step_s
    if world.startswith("novel"):
        standing = [shape for x_m in rows for shape in _novel(x_m, rng)]
    else:
        standing = [_cylinder(x_m, rng) for x_m in rows]
    movers: list[_Shape] = []
    paths: list[FloatArray] = []
    if world == "moving":
        chosen = rng.random(len(standing)) < 0.5
        movers = [shape for shape, moves in zip(standing, chosen, strict=True) if moves]
        standing = [shape for shape, moves in zip(standing, chosen, strict=True) if not moves]
        paths = [_across(shape, rng, time_s) for shape in movers]
    elif world == "novel-moving":
        starts = [rng.uniform(*start) for start in WALKER_STARTS_M]
        movers = [_Shape(x_m, 0.0, radius_m=WALKER_RADIUS_M) for x_m in starts]
        paths = [_walk(shape.x_m, standing, rng, time_s) for shape in movers]
    mover_m = np.stack(paths, axis=1) if paths else np.zeros((n_steps + 1, 0, 2))
    shapes = standing + movers
    position_m = np.array([[shape.x_m, shape.y_m] for shape in shapes])
    if movers:
        position_m[len(standing) :] = mover_m[0]
    return Obstacles(
        position_m,
        np.array([shape.yaw_rad for shape in shapes]),
        np.array([shape.half_m for shape in shapes]),
        np.array([shape.radius_m for shape in shapes]),
        mover_m,
    )


def _rows(rng: np.random.Generator) -> list[float]:
    rows, x_m = [], FIRST_ROW_M
    while x_m < LAST_ROW_M:
        rows.append(x_m)
        x_m += rng.uniform(*SPACING_M)
    return rows


def _cylinder(x_m: float, rng: np.random.Generator) -> _Shape:
    return _Shape(x_m, rng.uniform(-1.0, 1.0), radius_m=rng.uniform(0.1, 0.3))


def _novel(x_m: float, rng: np.random.Generator) -> list[_Shape]:
    """Draw two poles, a wall stub or a plank."""
    kind = rng.integers(3)
    if kind == 0:
        y_m = rng.uniform(-1.0, 0.2)
        ys_m = (y_m, y_m + rng.uniform(0.7, 1.0))
        return [_Shape(x_m, y, radius_m=POLE_RADIUS_M) for y in ys_m]
    if kind == 1:
        side, half_m = rng.choice((-1.0, 1.0)), 0.5 * rng.uniform(0.4, 1.1)
        return [_Shape(x_m, side * (HALF_WIDTH_M - half_m), 0.0, (0.05, half_m))]
    half_m = 0.5 * rng.uniform(0.5, 0.9)
    return [_Shape(x_m, rng.uniform(-0.7, 0.7), rng.uniform(0.0, math.pi), (half_m, 0.015))]


def _across(shape: _Shape, rng: np.random.Generator, time_s: FloatArray) -> FloatArray:
    """Return a path back and forth across the corridor, shape (n, 2)."""
    reach_m = HALF_WIDTH_M - shape.radius_m
    speed_m_s = rng.uniform(0.1, 0.3) * rng.choice((-1.0, 1.0))
    phase = (shape.y_m + reach_m + speed_m_s * time_s) % (4.0 * reach_m)
    y_m = np.where(phase > 2.0 * reach_m, 4.0 * reach_m - phase, phase) - reach_m
    return np.stack([np.full_like(y_m, shape.x_m), y_m], axis=1)


def _walk(
    start_m: float, standing: list[_Shape], rng: np.random.Generator, time_s: FloatArray
) -> FloatArray:
    """Return a path towards the start that keeps close to one side, shape (n, 2).

    At each row the path passes beside the wall of that side, or through the widest gap if there is
    no room.
    """
    side = float(rng.choice((-1.0, 1.0)))
    near_m = HALF_WIDTH_M - WALKER_RADIUS_M - WALKER_CLEARANCE_M
    xs_m, ys_m = [-10.0], [side * near_m]
    for x_m in sorted({shape.x_m for shape in standing}):
        row = [shape for shape in standing if shape.x_m == x_m]
        margin_m = WALKER_RADIUS_M + WALKER_CLEARANCE_M
        low_m, high_m = _gap(row, side, 2.0 * margin_m)
        y_m = high_m - margin_m if side > 0.0 else low_m + margin_m
        extent_m = max(shape.extent_m[0] for shape in row) + WALKER_RADIUS_M
        xs_m += [x_m - extent_m, x_m + extent_m]
        ys_m += [y_m, y_m]
    order = np.argsort(xs_m, kind="stable")
    path_x_m, path_y_m = np.array(xs_m)[order], np.array(ys_m)[order]
    path_x_m, path_y_m = np.append(path_x_m, 40.0), np.append(path_y_m, side * near_m)
    steps_m = np.hypot(np.diff(path_x_m), np.diff(path_y_m))
    arc_m = np.concatenate([[0.0], np.cumsum(steps_m)])
    at_m = np.interp(start_m, path_x_m, arc_m) - WALKER_SPEED_M_S * time_s
    return np.stack([np.interp(at_m, arc_m, path_x_m), np.interp(at_m, arc_m, path_y_m)], axis=1)


def _gap(row: list[_Shape], side: float, least_m: float) -> tuple[float, float]:
    """Return the ends of a free interval across the corridor, m.

    It is the one beside the wall of `side` if it has at least `least_m`, else the widest.
    """
    spans = sorted((s.y_m - s.extent_m[1], s.y_m + s.extent_m[1]) for s in row)
    low_m, gaps = -HALF_WIDTH_M, []
    for lower_m, upper_m in spans:
        gaps.append((low_m, lower_m))
        low_m = max(low_m, upper_m)
    gaps.append((low_m, HALF_WIDTH_M))
    beside = gaps[-1 if side > 0.0 else 0]
    if beside[1] - beside[0] >= least_m:
        return beside
    return max(gaps, key=lambda gap: gap[1] - gap[0])
