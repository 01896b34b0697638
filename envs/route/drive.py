"""Complete traverse of a route as arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from snn_control.envs.route.camera import RouteCamera
from snn_control.envs.route.conditions import route_conditions
from snn_control.envs.route.passes import Pass

__all__ = ["IMAGE_HEIGHT", "IMAGE_WIDTH", "LENGTH_M", "PLACE_SPACING_M", "drive"]

LENGTH_M = 400.0
"""Length of the route, m."""
PLACE_SPACING_M = 4.0
"""Distance between places, m."""
IMAGE_WIDTH = 64
"""Width of an image, pixels."""
IMAGE_HEIGHT = 32
"""Height of an image, pixels."""


def drive(
    preset: str = "day",
    *,
    seed: int = 0,
    route_seed: int = 0,
    conditions: Mapping[str, Any] | None = None,
    length_m: float = LENGTH_M,
    place_spacing_m: float = PLACE_SPACING_M,
    image_width: int = IMAGE_WIDTH,
    image_height: int = IMAGE_HEIGHT,
) -> Pass:
    """Drive along a route at full speed from start to end.

    The frames equal those of `snn_control/Route-v0` with the same seed and options under action 1.

    Args:
        preset: name of a preset of `conditions.PRESETS`.
        seed: seed of the traverse: position of the first frame, lengths of the steps, noise.
        route_seed: seed of the world.
        conditions: fields of `Conditions` that override the preset.
        length_m: length of the route, 50 to 2000 m.
        place_spacing_m: distance between two places, m.
        image_width: width of the images, pixels, 8 to 512.
        image_height: height of the images, pixels, 8 to 512.

    Raises:
        UnknownNameError: unknown preset.
        ConfigError: unknown condition.
        ParameterError: a value is out of range.
        MissingExtraError: no off-screen renderer is available.
    """
    camera = RouteCamera(
        route_seed, length_m, place_spacing_m, image_width, image_height,
        route_conditions(preset, conditions),
    )  # fmt: skip
    try:
        frames = [camera.start(seed)]
        while not camera.arrived:
            frames.append(camera.advance(1.0))
    finally:
        camera.close()
    return Pass(
        np.stack([frame.image for frame in frames]),
        np.array([frame.place for frame in frames]),
        np.array([frame.step_places for frame in frames]),
    )
