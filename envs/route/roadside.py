"""Roadside objects, each made of a few primitive parts.

An object stands at the origin with its front towards -y; `scenery` rotates and places it. Every
function takes the random generator of its sizes and colours.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from snn_control.envs.route.conditions import Rgb


@dataclass(frozen=True)
class Part:
    """One geom of an object."""

    shape: str
    """`box`, `cylinder`, `ellipsoid` or `sphere` of MuJoCo, or a mesh: `cone` or `roof`."""
    surface: str
    """Surface of the part, see `palette`."""
    rgb: Rgb
    """Colour in summer."""
    position_m: tuple[float, float, float]
    """Position of the centre, m; for a mesh, of the centre of its base."""
    size_m: tuple[float, float, float]
    """Half sizes along the part's x, y, z, m; for a mesh, half sizes of the base and its height."""
    yaw_rad: float = 0.0
    """Rotation about z, rad."""


RoadsideObject = list[Part]

_WALLS: tuple[Rgb, ...] = (
    (0.85, 0.80, 0.68), (0.62, 0.28, 0.20), (0.93, 0.92, 0.88), (0.45, 0.55, 0.65),
    (0.80, 0.62, 0.30), (0.42, 0.38, 0.34), (0.70, 0.45, 0.42),
)  # fmt: skip
_ROOFS: tuple[Rgb, ...] = ((0.52, 0.20, 0.14), (0.25, 0.25, 0.28), (0.40, 0.28, 0.18))
_SIGNS: tuple[Rgb, ...] = ((0.85, 0.15, 0.1), (0.1, 0.25, 0.7), (0.95, 0.8, 0.1), (0.95, 0.95, 0.9))
_TRUNK: Rgb = (0.30, 0.22, 0.15)
_POST: Rgb = (0.35, 0.34, 0.33)
_GLASS: Rgb = (0.10, 0.13, 0.18)


def _tint(rng: np.random.Generator, rgb: Rgb, spread: float = 0.2) -> Rgb:
    red, green, blue = np.clip(np.array(rgb) * (1.0 + rng.uniform(-spread, spread)), 0.0, 1.0)
    return float(red), float(green), float(blue)


def _pick(rng: np.random.Generator, colours: tuple[Rgb, ...]) -> Rgb:
    return colours[int(rng.integers(len(colours)))]


def broadleaf(rng: np.random.Generator) -> RoadsideObject:
    """Tree with a round crown of one or two lobes."""
    trunk_m, radius_m = rng.uniform(1.5, 3.5), rng.uniform(1.3, 3.0)
    green = _tint(rng, (0.24, 0.40, 0.15), 0.35)
    tall_m = radius_m * rng.uniform(0.8, 1.4)
    parts = [
        Part("box", "trunk", _TRUNK, (0.0, 0.0, 0.5 * trunk_m), (0.18, 0.18, 0.5 * trunk_m)),
        Part("ellipsoid", "leaf", green, (0.0, 0.0, trunk_m + 0.7 * tall_m),
             (radius_m, radius_m, tall_m)),
    ]  # fmt: skip
    if rng.random() < 0.5:
        side_m = 0.6 * radius_m
        parts.append(
            Part("ellipsoid", "leaf", _tint(rng, green),
                 (side_m, -side_m, trunk_m + 0.3 * tall_m), (side_m, side_m, 0.8 * side_m))
        )  # fmt: skip
    return parts


def conifer(rng: np.random.Generator) -> RoadsideObject:
    """Tree of one or two cones."""
    height_m, radius_m = rng.uniform(4.0, 10.0), rng.uniform(1.2, 2.2)
    green = _tint(rng, (0.12, 0.26, 0.15), 0.35)
    parts = [
        Part("box", "trunk", _TRUNK, (0.0, 0.0, 0.5), (0.16, 0.16, 0.5)),
        Part("cone", "conifer", green, (0.0, 0.0, 0.9), (radius_m, radius_m, 0.75 * height_m)),
    ]
    if rng.random() < 0.6:
        narrow_m = 0.7 * radius_m
        parts.append(
            Part("cone", "conifer", green, (0.0, 0.0, 0.45 * height_m),
                 (narrow_m, narrow_m, 0.6 * height_m))
        )  # fmt: skip
    return parts


def poplar(rng: np.random.Generator) -> RoadsideObject:
    """Slim tall tree."""
    tall_m = rng.uniform(3.0, 5.5)
    green = _tint(rng, (0.20, 0.34, 0.14), 0.3)
    return [
        Part("box", "trunk", _TRUNK, (0.0, 0.0, 0.6), (0.15, 0.15, 0.6)),
        Part("ellipsoid", "leaf", green, (0.0, 0.0, 1.0 + tall_m), (0.9, 0.9, tall_m)),
    ]


def bush(rng: np.random.Generator) -> RoadsideObject:
    """Low plant."""
    radius_m = rng.uniform(0.5, 1.3)
    green = _tint(rng, (0.30, 0.42, 0.18), 0.4)
    size = (radius_m, rng.uniform(0.6, 1.2) * radius_m, 0.8 * radius_m)
    return [Part("ellipsoid", "leaf", green, (0.0, 0.0, 0.5 * radius_m), size)]


def rock(rng: np.random.Generator) -> RoadsideObject:
    """One or two boulders."""
    grey, big_m = _tint(rng, (0.52, 0.50, 0.47), 0.35), rng.uniform(0.6, 1.8)
    size = (big_m, rng.uniform(0.5, 1.0) * big_m, rng.uniform(0.5, 1.0) * big_m)
    parts = [Part("ellipsoid", "rock", grey, (0.0, 0.0, 0.3 * big_m), size)]
    if rng.random() < 0.5:
        small_m, turn = 0.5 * big_m, float(rng.uniform(0.0, 3.0))
        parts.append(
            Part("box", "rock", _tint(rng, grey), (1.3 * big_m, 0.2, 0.5 * small_m),
                 (small_m, 0.7 * small_m, 0.6 * small_m), turn)
        )  # fmt: skip
    return parts


def house(rng: np.random.Generator) -> RoadsideObject:
    """House with roof, door and windows to the road."""
    wide, deep, wall = rng.uniform(2.5, 5.0), rng.uniform(2.2, 3.5), rng.uniform(1.3, 3.2)
    colour, roof = _pick(rng, _WALLS), _tint(rng, _pick(rng, _ROOFS))
    parts = [Part("box", "wall", _tint(rng, colour, 0.1), (0.0, 0.0, wall), (wide, deep, wall))]
    if rng.random() < 0.75:
        size = (wide + 0.3, deep + 0.3, rng.uniform(1.2, 2.8))
        parts.append(Part("roof", "roof", roof, (0.0, 0.0, 2.0 * wall), size))
    else:
        parts.append(
            Part("box", "roof", roof, (0.0, 0.0, 2.0 * wall), (wide + 0.2, deep + 0.2, 0.15))
        )
    door_m = rng.uniform(-0.4, 0.4) * wide
    parts.append(
        Part("box", "wall", _tint(rng, (0.35, 0.22, 0.15), 0.5), (door_m, -deep, 1.0),
             (0.45, 0.06, 1.0))
    )  # fmt: skip
    for x_m in (-0.65 * wide, 0.65 * wide):
        for side, tall in ((-deep, 1.5), (-deep, 2.0 * wall - 0.9))[: 2 if wall > 2.0 else 1]:
            glass = "window_lit" if rng.random() < 0.5 else "window"
            parts.append(Part("box", glass, _GLASS, (x_m, side, tall), (0.55, 0.05, 0.5)))
    # The gables face along the road.
    for x_m in (-wide, wide):
        glass = "window_lit" if rng.random() < 0.5 else "window"
        parts.append(Part("box", glass, _GLASS, (x_m, 0.0, 1.1 * wall), (0.05, 0.7, 0.55)))
    return parts


def barn(rng: np.random.Generator) -> RoadsideObject:
    """Long low building."""
    wide, deep, wall = rng.uniform(5.0, 8.0), rng.uniform(3.0, 4.0), rng.uniform(1.5, 2.2)
    colour = _tint(rng, (0.50, 0.22, 0.16) if rng.random() < 0.5 else (0.55, 0.52, 0.48))
    return [
        Part("box", "wall", colour, (0.0, 0.0, wall), (wide, deep, wall)),
        Part("roof", "roof", _tint(rng, _pick(rng, _ROOFS)), (0.0, 0.0, 2.0 * wall),
             (wide + 0.4, deep + 0.4, 2.0)),
        Part("box", "wall", (0.2, 0.15, 0.1), (0.0, -deep, 1.3), (1.4, 0.06, 1.3)),
    ]  # fmt: skip


def block(rng: np.random.Generator) -> RoadsideObject:
    """Block of flats with bands of windows."""
    wide, deep, tall = rng.uniform(3.0, 5.0), rng.uniform(3.0, 4.0), rng.uniform(4.0, 7.0)
    colour = _tint(rng, _pick(rng, _WALLS), 0.1)
    parts = [Part("box", "wall", colour, (0.0, 0.0, tall), (wide, deep, tall))]
    for floor in range(int(tall / 1.5)):
        glass = "window_lit" if rng.random() < 0.4 else "window"
        size = (wide * 0.85, deep + 0.06, 0.5)
        parts.append(Part("box", glass, _GLASS, (0.0, 0.0, 1.7 + 2.9 * floor), size))
        size = (wide + 0.06, deep * 0.8, 0.5)
        parts.append(Part("box", glass, _GLASS, (0.0, 0.0, 1.7 + 2.9 * floor), size))
    return parts


def street_lamp(rng: np.random.Generator) -> RoadsideObject:
    """Post with a lamp over the road."""
    tall_m = rng.uniform(2.2, 2.8)
    return [
        Part("box", "post", _POST, (0.0, 0.0, tall_m), (0.09, 0.09, tall_m)),
        Part("box", "post", _POST, (0.0, -0.6, 2.0 * tall_m), (0.07, 0.7, 0.06)),
        Part("box", "lamp", (0.8, 0.8, 0.75), (0.0, -1.2, 2.0 * tall_m - 0.15), (0.2, 0.35, 0.12)),
    ]


def power_pole(rng: np.random.Generator) -> RoadsideObject:
    """Wooden mast with one or two arms."""
    tall_m, wood = rng.uniform(3.5, 4.5), _tint(rng, (0.38, 0.29, 0.2))
    parts = [Part("box", "post", wood, (0.0, 0.0, tall_m), (0.14, 0.14, tall_m))]
    for down_m in (0.5, 1.5)[: int(rng.integers(1, 3))]:
        parts.append(Part("box", "post", wood, (0.0, 0.0, 2.0 * tall_m - down_m), (0.1, 1.2, 0.1)))
    return parts


def sign(rng: np.random.Generator) -> RoadsideObject:
    """Board on a post, its face along the road."""
    tall_m, half_m = rng.uniform(1.0, 1.6), rng.uniform(0.4, 0.9)
    board = Part("box", "sign", _pick(rng, _SIGNS), (0.0, 0.0, 2.0 * tall_m),
                 (0.05, half_m, rng.uniform(0.4, 0.8)))  # fmt: skip
    return [Part("box", "post", _POST, (0.0, 0.0, tall_m), (0.06, 0.06, tall_m)), board]


def billboard(rng: np.random.Generator) -> RoadsideObject:
    """Large board of two colours."""
    post = Part("box", "post", _POST, (0.0, 0.0, 1.5), (0.2, 0.2, 1.5))
    base, stripe = (_pick(rng, _SIGNS) for _ in range(2))
    back = Part("box", "sign", base, (0.0, 0.0, 4.2), (0.12, 2.6, 1.5))
    high_m = float(rng.uniform(3.4, 5.0))
    return [post, back, Part("box", "sign", stripe, (0.0, 0.0, high_m), (0.16, 2.2, 0.4))]


def hedge(rng: np.random.Generator) -> RoadsideObject:
    """Clipped hedge along the road."""
    tall_m, green = rng.uniform(0.5, 1.1), _tint(rng, (0.20, 0.34, 0.14), 0.3)
    return [Part("box", "hedge", green, (0.0, 0.0, tall_m), (rng.uniform(3.0, 6.0), 0.5, tall_m))]


def fence(rng: np.random.Generator) -> RoadsideObject:
    """Posts and rails along the road."""
    wood = _tint(rng, (0.62, 0.54, 0.42), 0.4)
    rails = [Part("box", "fence", wood, (0.0, 0.0, z_m), (4.0, 0.05, 0.09)) for z_m in (0.55, 1.05)]
    posts = [
        Part("box", "fence", wood, (x_m, 0.0, 0.65), (0.09, 0.09, 0.65)) for x_m in (-3.5, 0.0, 3.5)
    ]
    return rails + posts


def stone_wall(rng: np.random.Generator) -> RoadsideObject:
    """Low wall along the road."""
    tall_m, grey = rng.uniform(0.4, 0.9), _tint(rng, (0.58, 0.55, 0.50), 0.3)
    return [Part("box", "rock", grey, (0.0, 0.0, tall_m), (rng.uniform(2.5, 5.0), 0.3, tall_m))]


def bales(rng: np.random.Generator) -> RoadsideObject:
    """Round bales of straw."""
    straw = _tint(rng, (0.78, 0.66, 0.35))
    return [
        Part(
            "ellipsoid", "straw", straw, (x_m, float(rng.uniform(-0.8, 0.8)), 0.8), (0.9, 0.8, 0.9)
        )
        for x_m in (-2.2, 0.0, 2.2)[: int(rng.integers(1, 4))]
    ]


def water_tower(rng: np.random.Generator) -> RoadsideObject:
    """Tank on a shaft."""
    colour, tall_m = _tint(rng, _pick(rng, _WALLS)), rng.uniform(4.0, 6.0)
    top_m = 2.0 * tall_m
    return [
        Part("cylinder", "wall", colour, (0.0, 0.0, tall_m), (0.9, 0.9, tall_m)),
        Part("cylinder", "wall", _tint(rng, colour), (0.0, 0.0, top_m + 1.2), (2.6, 2.6, 1.4)),
        Part(
            "cone", "roof", _tint(rng, (0.3, 0.3, 0.33)), (0.0, 0.0, top_m + 2.6), (2.8, 2.8, 1.6)
        ),
    ]


def church(rng: np.random.Generator) -> RoadsideObject:
    """Nave and tower with a spire."""
    colour, roof = _tint(rng, (0.86, 0.82, 0.72), 0.1), _tint(rng, _pick(rng, _ROOFS))
    tall_m = rng.uniform(4.5, 6.5)
    return [
        Part("box", "wall", colour, (2.0, 0.0, 2.5), (5.0, 3.0, 2.5)),
        Part("roof", "roof", roof, (2.0, 0.0, 5.0), (5.2, 3.3, 3.0)),
        Part("box", "wall", colour, (-4.5, 0.0, tall_m), (1.7, 1.7, tall_m)),
        Part("cone", "roof", roof, (-4.5, 0.0, 2.0 * tall_m), (2.0, 2.0, 5.0)),
        Part("box", "window_lit", _GLASS, (-6.2, 0.0, 1.5 * tall_m), (0.06, 0.5, 0.9)),
    ]


def silo(rng: np.random.Generator) -> RoadsideObject:
    """One to three silos in a row."""
    steel, parts = _tint(rng, (0.72, 0.74, 0.75), 0.2), []
    for x_m in (-3.3, 0.0, 3.3)[: int(rng.integers(1, 4))]:
        tall_m = float(rng.uniform(3.0, 5.0))
        parts.append(Part("cylinder", "wall", steel, (x_m, 0.0, tall_m), (1.5, 1.5, tall_m)))
    return parts


def bridge(rng: np.random.Generator) -> RoadsideObject:
    """Bridge across the road on two piers."""
    colour, high_m = _tint(rng, (0.60, 0.57, 0.52)), rng.uniform(2.6, 3.2)
    parts = [
        Part("box", "rock", colour, (0.0, y_m, high_m), (1.2, 0.9, high_m)) for y_m in (-6.2, 6.2)
    ]
    size = (1.4, 12.0, rng.uniform(0.6, 1.1))
    return [*parts, Part("box", "rock", _tint(rng, colour), (0.0, 0.0, 2.0 * high_m), size)]


Maker = Callable[[np.random.Generator], RoadsideObject]
