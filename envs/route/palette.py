"""Colours of surfaces by season.

A surface first takes the season's colour `bare`, if there is one, and is then covered by snow:
rgb = (1 - cover) bare + cover snow. Each part keeps its relative brightness.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from snn_control.envs.route.conditions import Rgb

WARM: Rgb = (1.0, 0.85, 0.55)
"""Colour of lit windows and lamps."""
SNOW: Rgb = (0.90, 0.92, 0.95)
GROUND: Rgb = (0.34, 0.43, 0.21)
MATERIALS: dict[str, str] = {
    "leaf": "rough", "conifer": "rough", "hedge": "rough", "rock": "rough", "straw": "rough",
    "hill": "rough", "ground": "ground", "window_lit": "glow", "lamp": "glow",
}  # fmt: skip
"""Material of each surface that is not `plain`."""


@dataclass(frozen=True)
class Season:
    """Appearance of the surfaces in one season."""

    bare: dict[str, Rgb] = field(default_factory=dict)
    """Colour of each surface at medium brightness; other surfaces keep theirs."""
    snow: dict[str, float] = field(default_factory=dict)
    """Fraction of each surface covered by snow."""


SEASONS: dict[str, Season] = {
    "summer": Season(),
    "autumn": Season(
        bare={
            "leaf": (0.62, 0.36, 0.12), "hedge": (0.45, 0.34, 0.16), "field": (0.42, 0.33, 0.22),
            "hill": (0.42, 0.37, 0.22), "ground": (0.42, 0.40, 0.22),
        },
    ),
    "winter": Season(
        bare={"leaf": (0.40, 0.35, 0.30), "hedge": (0.34, 0.30, 0.26)},
        snow={
            "ground": 0.92, "field": 0.85, "hill": 0.80, "roof": 0.85, "leaf": 0.15,
            "conifer": 0.35, "hedge": 0.5, "rock": 0.45, "road": 0.35, "straw": 0.6, "line": 0.3,
            "fence": 0.2,
        },
    ),
}  # fmt: skip
_MIDDLE = 0.3
"""Summer brightness of a part that takes a season's colour unscaled."""


def coloured(surface: str, rgb: Rgb, season: str) -> Rgb:
    """Return the seasonal colour of a part of `surface` whose summer colour is `rgb`."""
    look, colour = SEASONS[season], np.array(rgb)
    if surface in look.bare:
        colour = np.array(look.bare[surface]) * np.clip(colour.mean() / _MIDDLE, 0.5, 1.5)
    cover = look.snow.get(surface, 0.0)
    red, green, blue = np.clip((1.0 - cover) * colour + cover * np.array(SNOW), 0.0, 1.0)
    return float(red), float(green), float(blue)
