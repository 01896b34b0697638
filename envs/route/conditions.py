"""Conditions of one traverse: appearance of the world, viewpoint, speed and sensors.

| preset | differences from `day` |
|---|---|
| day | - |
| dusk | low red sun from the opposite side, lit windows, purple sky |
| night | moonlight, headlight, lit windows and street lamps, more noise |
| winter | snow, bare trees, low pale sun, white sky |
| fog | visibility of 45 m, little sunlight |
| offset | camera 1.2 m to the left, turned by 0.08 rad to the right, 0.3 m higher |
| stress | winter dusk, visibility 90 m, offset to the right, noise, uneven speed, odometry errors |
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from math import isfinite
from typing import Any, Literal, get_args

from snn_control.config import from_mapping
from snn_control.errors import ParameterError, UnknownNameError

__all__ = ["PRESETS", "Conditions", "Rgb", "Season", "route_conditions"]

Season = Literal["summer", "autumn", "winter"]
Rgb = tuple[float, float, float]
"""Red, green and blue components, 0 to 1."""


@dataclass(frozen=True)
class Conditions:
    """Appearance, viewpoint, speed and sensors of a traverse.

    Raises:
        ParameterError: a value is not finite or out of range.
        UnknownNameError: unknown season.
    """

    sun_azimuth_rad: float = 0.9
    """Direction of sun or moon, anticlockwise from x of the world, rad."""
    sun_elevation_rad: float = 0.8
    """Elevation of sun or moon above the horizon, rad, 0 to pi / 2."""
    sun_rgb: Rgb = (0.80, 0.77, 0.70)
    """Colour of the light of sun or moon."""
    ambient_rgb: Rgb = (0.36, 0.38, 0.42)
    """Colour of the ambient light."""
    sky_rgb: Rgb = (0.30, 0.48, 0.78)
    """Colour of the sky at the zenith."""
    horizon_rgb: Rgb = (0.78, 0.84, 0.90)
    """Colour of the sky at the horizon, and of haze and fog."""
    lamp: float = 0.0
    """Brightness of the headlight at the camera, 0 to 1."""
    windows: float = 0.0
    """Brightness of lit windows and street lamps, 0 to 1."""
    season: Season = "summer"
    """Season of plants and ground; winter has snow."""
    visibility_m: float = 400.0
    """Distance at which objects fade completely into the colour of the horizon, linearly, m."""

    lateral_m: float = 0.0
    """Lateral offset of the camera from the route, m, -3 to 3, positive left."""
    yaw_rad: float = 0.0
    """Yaw offset of the camera, rad, -1 to 1, positive left."""
    height_m: float = 0.0
    """Height offset of the camera above 1.5 m, m, -1 to 3."""

    step_m: float = 1.0
    """Distance between frames at full speed, m."""
    step_spread: float = 0.1
    """Relative spread of the steps: `step_m` (1 + u), u uniform in [-step_spread, step_spread]."""

    noise_sd: float = 2.0
    """Standard deviation of the pixel noise, grey levels of 255."""
    odometry_noise: float = 0.0
    """Standard deviation of the relative error of the measured step."""

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if item.name.endswith("_rgb"):
                object.__setattr__(self, item.name, tuple(value))
                if len(value) != 3 or not all(0.0 <= part <= 1.0 for part in value):
                    raise ParameterError(f"{item.name} is {value!r}; expected 3 numbers in [0, 1]")
            elif item.name == "season":
                if value not in get_args(Season):
                    raise UnknownNameError("season", value, get_args(Season))
            else:
                low, high = _BOUNDS.get(item.name, (0.0, 1.0))
                if not (isfinite(value) and low <= value <= high):
                    raise ParameterError(f"{item.name} is {value!r}; expected {low} to {high}")


_BOUNDS = {
    "sun_azimuth_rad": (-6.3, 6.3),
    "sun_elevation_rad": (0.0, 1.5708),
    "visibility_m": (5.0, 1000.0),
    "lateral_m": (-3.0, 3.0),
    "yaw_rad": (-1.0, 1.0),
    "height_m": (-1.0, 3.0),
    "step_m": (0.01, 20.0),
    "step_spread": (0.0, 0.9),
    "noise_sd": (0.0, 100.0),
}
"""Ranges of the numeric fields; the others range from 0 to 1."""

_DAY = Conditions()
_DUSK = replace(
    _DAY,
    sun_azimuth_rad=-2.2,
    sun_elevation_rad=0.18,
    sun_rgb=(0.72, 0.42, 0.24),
    ambient_rgb=(0.22, 0.21, 0.28),
    sky_rgb=(0.16, 0.17, 0.34),
    horizon_rgb=(0.62, 0.42, 0.34),
    windows=0.7,
    visibility_m=300.0,
    noise_sd=3.0,
)
_WINTER = replace(
    _DAY,
    sun_azimuth_rad=0.3,
    sun_elevation_rad=0.35,
    sun_rgb=(0.62, 0.61, 0.58),
    ambient_rgb=(0.50, 0.52, 0.56),
    sky_rgb=(0.62, 0.68, 0.76),
    horizon_rgb=(0.84, 0.86, 0.88),
    season="winter",
    visibility_m=300.0,
)

PRESETS: dict[str, Conditions] = {
    "day": _DAY,
    "dusk": _DUSK,
    "night": replace(
        _DAY,
        sun_azimuth_rad=2.4,
        sun_elevation_rad=0.6,
        sun_rgb=(0.30, 0.32, 0.38),
        ambient_rgb=(0.16, 0.17, 0.23),
        sky_rgb=(0.07, 0.08, 0.14),
        horizon_rgb=(0.27, 0.28, 0.35),
        lamp=0.6,
        windows=1.0,
        visibility_m=220.0,
        noise_sd=4.0,
    ),
    "winter": _WINTER,
    "fog": replace(
        _DAY,
        sun_rgb=(0.15, 0.15, 0.15),
        ambient_rgb=(0.55, 0.56, 0.58),
        sky_rgb=(0.70, 0.72, 0.74),
        horizon_rgb=(0.70, 0.72, 0.74),
        visibility_m=45.0,
    ),
    "offset": replace(_DAY, lateral_m=1.2, yaw_rad=-0.08, height_m=0.3),
    "stress": replace(
        _DUSK,
        season="winter",
        visibility_m=90.0,
        lateral_m=-1.0,
        yaw_rad=0.06,
        height_m=-0.2,
        step_m=0.9,
        step_spread=0.4,
        noise_sd=6.0,
        odometry_noise=0.1,
    ),
}


def route_conditions(preset: str = "day", overrides: Mapping[str, Any] | None = None) -> Conditions:
    """Return the conditions of `preset` with `overrides` (name -> value) applied.

    Raises:
        UnknownNameError: unknown preset; the message lists close names.
        ConfigError: unknown field or wrong type; the message lists close names.
        ParameterError: a value is out of range.
    """
    if preset not in PRESETS:
        raise UnknownNameError("route preset", preset, PRESETS)
    return from_mapping(Conditions, asdict(PRESETS[preset]) | dict(overrides or {}), "conditions")
