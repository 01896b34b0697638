"""Where things stand along a route: districts with their own mix, landmarks, hills, fields.

Drawn from the seed of the route alone, so it is the same world under all conditions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from snn_control.envs.route import things
from snn_control.envs.route.path import BEFORE_M, BEYOND_M, RoutePath
from snn_control.envs.route.things import Maker, Part, Thing

Mix = Sequence[tuple[Maker, float, float]]
"""Things, how often each stands there, and the length of road that it takes, m."""

DISTRICTS: dict[str, Mix] = {
    "village": (
        (things.house, 5.0, 12.0), (things.broadleaf, 2.0, 5.0), (things.hedge, 1.5, 9.0),
        (things.street_lamp, 1.5, 4.0), (things.sign, 1.0, 4.0), (things.fence, 1.0, 9.0),
    ),
    "town": (
        (things.block, 5.0, 11.0), (things.house, 2.0, 11.0), (things.street_lamp, 2.0, 4.0),
        (things.billboard, 1.0, 6.0), (things.sign, 1.0, 4.0), (things.poplar, 1.0, 4.0),
    ),
    "wood": (
        (things.conifer, 4.0, 3.5), (things.broadleaf, 3.0, 4.5), (things.bush, 1.5, 3.0),
        (things.rock, 1.0, 5.0),
    ),
    "fields": (
        (things.fence, 2.0, 9.0), (things.bales, 2.0, 8.0), (things.bush, 2.0, 5.0),
        (things.power_pole, 2.0, 8.0), (things.broadleaf, 1.0, 8.0), (things.barn, 1.0, 18.0),
    ),
    "heath": (
        (things.rock, 4.0, 5.0), (things.bush, 2.0, 4.0), (things.stone_wall, 2.0, 9.0),
        (things.conifer, 1.0, 6.0), (things.sign, 0.5, 4.0),
    ),
    "avenue": (
        (things.poplar, 5.0, 4.5), (things.hedge, 1.0, 9.0), (things.power_pole, 1.0, 6.0),
        (things.stone_wall, 1.0, 9.0),
    ),
}  # fmt: skip
LANDMARKS: tuple[Maker, ...] = (things.church, things.water_tower, things.silo, things.barn)
ROAD_HALF_M = 3.0
_SLAB_M = 5.0
_HILL_RGB, _ROAD_RGB, _LINE_RGB = (0.30, 0.40, 0.24), (0.30, 0.30, 0.31), (0.82, 0.81, 0.76)
_FIELDS = ((0.56, 0.50, 0.26), (0.26, 0.36, 0.15), (0.44, 0.36, 0.24), (0.42, 0.48, 0.20))


def draw_scenery(path: RoutePath, route_seed: int) -> list[Part]:
    """Return all parts of the world of a route but the ground, in its coordinates."""
    rng = np.random.default_rng([route_seed, 1])
    parts = _road(path)
    districts = _districts(path, rng)
    for side in (1.0, -1.0):
        for near_m, spread_m, sparse in ((5.0, 2.5, 1.0), (14.0, 8.0, 1.6)):
            parts += _row(path, rng, districts, side, (near_m, spread_m, sparse))
    return parts + _landmarks(path, rng) + _fields(path, rng) + _hills(path, rng)


def _stand(thing: Thing, x_m: float, y_m: float, turn_rad: float) -> Thing:
    """Turn a thing about z and put it where it belongs."""
    cos, sin, found = np.cos(turn_rad), np.sin(turn_rad), []
    for part in thing:
        x, y, z = part.position_m
        place = (float(x_m + cos * x - sin * y), float(y_m + sin * x + cos * y), z)
        found.append(replace(part, position_m=place, yaw_rad=part.yaw_rad + turn_rad))
    return found


def _reach_m(thing: Thing) -> float:
    """Half width of a thing across the road, m."""
    return max(abs(part.position_m[1]) + part.size_m[1] for part in thing)


def _districts(path: RoutePath, rng: np.random.Generator) -> list[tuple[float, Mix]]:
    """End of each district by arc length, m, and its mix; neighbours differ."""
    names, found, last = list(DISTRICTS), [], ""
    end_m = -BEFORE_M
    while end_m < path.length_m + BEYOND_M:
        end_m += float(rng.uniform(35.0, 75.0))
        last = str(rng.choice([name for name in names if name != last]))
        found.append((end_m, DISTRICTS[last]))
    return found


def _row(
    path: RoutePath,
    rng: np.random.Generator,
    districts: list[tuple[float, Mix]],
    side: float,
    spacing: tuple[float, float, float],
) -> list[Part]:
    """Things in a row along one side; `spacing` is distance, its spread and a factor of gaps."""
    near_m, spread_m, sparse = spacing
    found: list[Part] = []
    arc_m = -BEFORE_M
    while arc_m < path.length_m + BEYOND_M - 20.0:
        mix = next(mix for end_m, mix in districts if arc_m <= end_m)
        weights = np.array([weight for _, weight, _ in mix])
        maker, _, takes_m = mix[int(rng.choice(len(mix), p=weights / weights.sum()))]
        thing, turn = maker(rng), 0.0 if side > 0 else np.pi
        reach = _reach_m(thing)
        lateral = side * (near_m + reach + rng.uniform(0.0, spread_m))
        x_m, y_m, heading = path.pose(arc_m + 0.5 * takes_m, lateral)
        if path.distance_m(x_m, y_m) > ROAD_HALF_M + reach:
            found += _stand(thing, x_m, y_m, heading + turn)
        arc_m += sparse * takes_m * float(rng.uniform(0.9, 1.7))
    return found


def _landmarks(path: RoutePath, rng: np.random.Generator) -> list[Part]:
    """Something large every 60 to 110 m, now and then a bridge."""
    found: list[Part] = []
    arc_m = float(rng.uniform(20.0, 60.0))
    while arc_m < path.length_m + BEYOND_M - 20.0:
        if rng.random() < 0.3:
            x_m, y_m, heading = path.pose(arc_m)
            found += _stand(things.bridge(rng), x_m, y_m, heading)
        else:
            thing = LANDMARKS[int(rng.integers(len(LANDMARKS)))](rng)
            side = 1.0 if rng.random() < 0.5 else -1.0
            x_m, y_m, heading = path.pose(arc_m, side * rng.uniform(28.0, 40.0))
            if path.distance_m(x_m, y_m) > 20.0:
                found += _stand(thing, x_m, y_m, heading + (0.0 if side > 0 else np.pi))
        arc_m += float(rng.uniform(60.0, 110.0))
    return found


def _road(path: RoutePath) -> list[Part]:
    found = []
    slabs = np.arange(-BEFORE_M, path.length_m + BEYOND_M - _SLAB_M, _SLAB_M)
    for k, arc_m in enumerate(slabs):
        x_m, y_m, heading = path.pose(float(arc_m) + 0.5 * _SLAB_M)
        # Slabs overlap on bends; one height each keeps them from flickering through each other.
        top = 0.02 + 0.0005 * (k % 2)
        slab = (0.5 * _SLAB_M + 0.3, ROAD_HALF_M, top)
        found.append(Part("box", "road", _ROAD_RGB, (x_m, y_m, 0.0), slab, heading))
        if k % 2:
            line = (0.3 * _SLAB_M, 0.09, top + 0.01)
            found.append(Part("box", "line", _LINE_RGB, (x_m, y_m, 0.0), line, heading))
    return found


def _fields(path: RoutePath, rng: np.random.Generator) -> list[Part]:
    """Patches of ground of other colours."""
    found = []
    for k, arc_m in enumerate(np.arange(-BEFORE_M, path.length_m + BEYOND_M - 20.0, 9.0)):
        side = 1.0 if k % 2 else -1.0
        half = (float(rng.uniform(4.0, 14.0)), float(rng.uniform(3.0, 12.0)))
        lateral = side * (ROAD_HALF_M + 1.0 + half[1] + rng.uniform(0.0, 6.0))
        x_m, y_m, heading = path.pose(float(arc_m), lateral)
        rgb = _FIELDS[int(rng.integers(len(_FIELDS)))]
        if path.distance_m(x_m, y_m) > ROAD_HALF_M + half[1]:
            size = (*half, 0.002 + 0.0004 * (k % 30))
            found.append(Part("box", "field", rgb, (x_m, y_m, 0.0), size, heading))
    return found


def _hills(path: RoutePath, rng: np.random.Generator) -> list[Part]:
    found = []
    for arc_m in np.arange(-BEFORE_M, path.length_m + BEYOND_M, 26.0):
        side = 1.0 if rng.random() < 0.5 else -1.0
        wide_m, tall_m = float(rng.uniform(20.0, 55.0)), float(rng.uniform(7.0, 24.0))
        x_m, y_m, heading = path.pose(float(arc_m), side * (wide_m + rng.uniform(25.0, 90.0)))
        shade = float(rng.uniform(0.75, 1.15))
        red, green, blue = (shade * share for share in _HILL_RGB)
        size = (float(rng.uniform(0.6, 1.0)) * wide_m, wide_m, tall_m)
        if path.distance_m(x_m, y_m) > wide_m + 15.0:
            place = (x_m, y_m, -0.15 * tall_m)
            found.append(Part("ellipsoid", "hill", (red, green, blue), place, size, heading))
    return found
