"""Placement of objects along a route: districts, landmarks, hills and fields.

The placement depends only on the seed of the route, so the world is the same under all conditions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from snn_control.envs.route import roadside
from snn_control.envs.route.path import BEFORE_M, BEYOND_M, RoutePath
from snn_control.envs.route.roadside import Maker, Part, RoadsideObject

Mix = Sequence[tuple[Maker, float, float]]
"""Makers of objects, each with its relative frequency and the length of road it occupies, m."""

DISTRICTS: dict[str, Mix] = {
    "village": (
        (roadside.house, 5.0, 12.0), (roadside.broadleaf, 2.0, 5.0), (roadside.hedge, 1.5, 9.0),
        (roadside.street_lamp, 1.5, 4.0), (roadside.sign, 1.0, 4.0), (roadside.fence, 1.0, 9.0),
    ),
    "town": (
        (roadside.block, 5.0, 11.0), (roadside.house, 2.0, 11.0), (roadside.street_lamp, 2.0, 4.0),
        (roadside.billboard, 1.0, 6.0), (roadside.sign, 1.0, 4.0), (roadside.poplar, 1.0, 4.0),
    ),
    "wood": (
        (roadside.conifer, 4.0, 3.5), (roadside.broadleaf, 3.0, 4.5), (roadside.bush, 1.5, 3.0),
        (roadside.rock, 1.0, 5.0),
    ),
    "fields": (
        (roadside.fence, 2.0, 9.0), (roadside.bales, 2.0, 8.0), (roadside.bush, 2.0, 5.0),
        (roadside.power_pole, 2.0, 8.0), (roadside.broadleaf, 1.0, 8.0), (roadside.barn, 1.0, 18.0),
    ),
    "heath": (
        (roadside.rock, 4.0, 5.0), (roadside.bush, 2.0, 4.0), (roadside.stone_wall, 2.0, 9.0),
        (roadside.conifer, 1.0, 6.0), (roadside.sign, 0.5, 4.0),
    ),
    "avenue": (
        (roadside.poplar, 5.0, 4.5), (roadside.hedge, 1.0, 9.0), (roadside.power_pole, 1.0, 6.0),
        (roadside.stone_wall, 1.0, 9.0),
    ),
}  # fmt: skip
LANDMARKS: tuple[Maker, ...] = (roadside.church, roadside.water_tower, roadside.silo, roadside.barn)
ROAD_HALF_M = 3.0
_SLAB_M = 5.0
_HILL_RGB, _ROAD_RGB, _LINE_RGB = (0.30, 0.40, 0.24), (0.30, 0.30, 0.31), (0.82, 0.81, 0.76)
_FIELDS = ((0.56, 0.50, 0.26), (0.26, 0.36, 0.15), (0.44, 0.36, 0.24), (0.42, 0.48, 0.20))


def draw_scenery(path: RoutePath, route_seed: int) -> list[Part]:
    """Return all parts of a route's world except the ground, in world coordinates."""
    rng = np.random.default_rng([route_seed, 1])
    parts = _road(path)
    districts = _districts(path, rng)
    for side in (1.0, -1.0):
        for near_m, spread_m, sparse in ((5.0, 2.5, 1.0), (14.0, 8.0, 1.6)):
            parts += _row(path, rng, districts, side, (near_m, spread_m, sparse))
    return parts + _landmarks(path, rng) + _fields(path, rng) + _hills(path, rng)


def _stand(item: RoadsideObject, x_m: float, y_m: float, turn_rad: float) -> RoadsideObject:
    """Rotate an object about z and move it to its position."""
    cos, sin, parts = np.cos(turn_rad), np.sin(turn_rad), []
    for part in item:
        x, y, z = part.position_m
        place = (float(x_m + cos * x - sin * y), float(y_m + sin * x + cos * y), z)
        parts.append(replace(part, position_m=place, yaw_rad=part.yaw_rad + turn_rad))
    return parts


def _reach_m(item: RoadsideObject) -> float:
    """Return the half width of an object across the road, m."""
    return max(abs(part.position_m[1]) + part.size_m[1] for part in item)


def _districts(path: RoutePath, rng: np.random.Generator) -> list[tuple[float, Mix]]:
    """Return the end of each district, arc length in m, and its mix; neighbours differ."""
    names, districts, last = list(DISTRICTS), [], ""
    end_m = -BEFORE_M
    while end_m < path.length_m + BEYOND_M:
        end_m += float(rng.uniform(35.0, 75.0))
        last = str(rng.choice([name for name in names if name != last]))
        districts.append((end_m, DISTRICTS[last]))
    return districts


def _row(
    path: RoutePath,
    rng: np.random.Generator,
    districts: list[tuple[float, Mix]],
    side: float,
    spacing: tuple[float, float, float],
) -> list[Part]:
    """Place a row of objects along one side; `spacing` is distance, its spread, factor of gaps."""
    near_m, spread_m, sparse = spacing
    parts: list[Part] = []
    arc_m = -BEFORE_M
    while arc_m < path.length_m + BEYOND_M - 20.0:
        mix = next(mix for end_m, mix in districts if arc_m <= end_m)
        weights = np.array([weight for _, weight, _ in mix])
        maker, _, takes_m = mix[int(rng.choice(len(mix), p=weights / weights.sum()))]
        item, turn = maker(rng), 0.0 if side > 0 else np.pi
        reach = _reach_m(item)
        lateral = side * (near_m + reach + rng.uniform(0.0, spread_m))
        x_m, y_m, heading = path.pose(arc_m + 0.5 * takes_m, lateral)
        if path.distance_m(x_m, y_m) > ROAD_HALF_M + reach:
            parts += _stand(item, x_m, y_m, heading + turn)
        arc_m += sparse * takes_m * float(rng.uniform(0.9, 1.7))
    return parts


def _landmarks(path: RoutePath, rng: np.random.Generator) -> list[Part]:
    """Place a landmark or a bridge every 60 to 110 m."""
    parts: list[Part] = []
    arc_m = float(rng.uniform(20.0, 60.0))
    while arc_m < path.length_m + BEYOND_M - 20.0:
        if rng.random() < 0.3:
            x_m, y_m, heading = path.pose(arc_m)
            parts += _stand(roadside.bridge(rng), x_m, y_m, heading)
        else:
            item = LANDMARKS[int(rng.integers(len(LANDMARKS)))](rng)
            side = 1.0 if rng.random() < 0.5 else -1.0
            x_m, y_m, heading = path.pose(arc_m, side * rng.uniform(28.0, 40.0))
            if path.distance_m(x_m, y_m) > 20.0:
                parts += _stand(item, x_m, y_m, heading + (0.0 if side > 0 else np.pi))
        arc_m += float(rng.uniform(60.0, 110.0))
    return parts


def _road(path: RoutePath) -> list[Part]:
    parts = []
    slabs = np.arange(-BEFORE_M, path.length_m + BEYOND_M - _SLAB_M, _SLAB_M)
    for k, arc_m in enumerate(slabs):
        x_m, y_m, heading = path.pose(float(arc_m) + 0.5 * _SLAB_M)
        # Slabs overlap on bends; alternating heights avoid z-fighting.
        top = 0.02 + 0.0005 * (k % 2)
        slab = (0.5 * _SLAB_M + 0.3, ROAD_HALF_M, top)
        parts.append(Part("box", "road", _ROAD_RGB, (x_m, y_m, 0.0), slab, heading))
        if k % 2:
            line = (0.3 * _SLAB_M, 0.09, top + 0.01)
            parts.append(Part("box", "line", _LINE_RGB, (x_m, y_m, 0.0), line, heading))
    return parts


def _fields(path: RoutePath, rng: np.random.Generator) -> list[Part]:
    """Place patches of ground in other colours."""
    parts = []
    for k, arc_m in enumerate(np.arange(-BEFORE_M, path.length_m + BEYOND_M - 20.0, 9.0)):
        side = 1.0 if k % 2 else -1.0
        half = (float(rng.uniform(4.0, 14.0)), float(rng.uniform(3.0, 12.0)))
        lateral = side * (ROAD_HALF_M + 1.0 + half[1] + rng.uniform(0.0, 6.0))
        x_m, y_m, heading = path.pose(float(arc_m), lateral)
        rgb = _FIELDS[int(rng.integers(len(_FIELDS)))]
        if path.distance_m(x_m, y_m) > ROAD_HALF_M + half[1]:
            size = (*half, 0.002 + 0.0004 * (k % 30))
            parts.append(Part("box", "field", rgb, (x_m, y_m, 0.0), size, heading))
    return parts


def _hills(path: RoutePath, rng: np.random.Generator) -> list[Part]:
    parts = []
    for arc_m in np.arange(-BEFORE_M, path.length_m + BEYOND_M, 26.0):
        side = 1.0 if rng.random() < 0.5 else -1.0
        wide_m, tall_m = float(rng.uniform(20.0, 55.0)), float(rng.uniform(7.0, 24.0))
        x_m, y_m, heading = path.pose(float(arc_m), side * (wide_m + rng.uniform(25.0, 90.0)))
        shade = float(rng.uniform(0.75, 1.15))
        red, green, blue = (shade * part for part in _HILL_RGB)
        size = (float(rng.uniform(0.6, 1.0)) * wide_m, wide_m, tall_m)
        if path.distance_m(x_m, y_m) > wide_m + 15.0:
            place = (x_m, y_m, -0.15 * tall_m)
            parts.append(Part("ellipsoid", "hill", (red, green, blue), place, size, heading))
    return parts
