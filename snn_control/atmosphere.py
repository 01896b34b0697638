"""Pressure and height in the troposphere of the ICAO Standard Atmosphere (Doc 7488).

    p = p_0 (1 - L h / T_0)^n,  n = g_0 / (L R) = 5.2559

with T_0 = 288.15 K, the lapse rate L = 0.0065 K/m, g_0 = 9.80665 m/s^2 and R = 287.05287 J/(kg K).
Heights are geopotential, m above the level where the pressure is p_0; the layer reaches from
-5000 to 11000 m.
"""

from __future__ import annotations

import math

from snn_control.errors import ParameterError

__all__ = [
    "HIGHEST_M",
    "LOWEST_M",
    "SEA_LEVEL_PA",
    "STANDARD_GRAVITY_M_S2",
    "height_m",
    "pressure_pa",
]

SEA_LEVEL_PA = 101325.0
"""Standard pressure at sea level, Pa."""
STANDARD_GRAVITY_M_S2 = 9.80665
"""Standard acceleration of free fall, m/s^2."""
LOWEST_M = -5000.0
"""Lower limit of the layer, m."""
HIGHEST_M = 11000.0
"""Upper limit of the layer, m."""

_SCALE_M = 288.15 / 0.0065
_EXPONENT = STANDARD_GRAVITY_M_S2 / (0.0065 * 287.05287)
_SLACK_M = 1e-6
"""Tolerance of the limits, m, for heights from rounded pressures."""


def pressure_pa(height_m: float, sea_level_pa: float = SEA_LEVEL_PA) -> float:
    """Return the pressure at a height, Pa.

    Args:
        height_m: height, m, from `LOWEST_M` to `HIGHEST_M`.
        sea_level_pa: pressure at height 0, Pa, positive.

    Raises:
        ParameterError: a value is not finite or outside its range.
    """
    return _checked_sea_level(sea_level_pa) * _ratio(_checked_height(height_m))


def height_m(pressure_pa: float, sea_level_pa: float = SEA_LEVEL_PA) -> float:
    """Return the height of a pressure, m.

    Args:
        pressure_pa: pressure, Pa, between those at `HIGHEST_M` and `LOWEST_M`.
        sea_level_pa: pressure at height 0, Pa, positive.

    Raises:
        ParameterError: a value is not finite or outside its range.
    """
    ratio = pressure_pa / _checked_sea_level(sea_level_pa)
    if not (math.isfinite(ratio) and ratio > 0.0):
        raise ParameterError(f"pressure_pa is {pressure_pa:g}; expected positive and finite, Pa")
    height = _SCALE_M * (1.0 - ratio ** (1.0 / _EXPONENT))
    if not LOWEST_M - _SLACK_M <= height <= HIGHEST_M + _SLACK_M:
        low, high = (sea_level_pa * _ratio(limit) for limit in (HIGHEST_M, LOWEST_M))
        raise ParameterError(
            f"pressure_pa is {pressure_pa:g}; expected {low:.0f} to {high:.0f} Pa, the pressures "
            f"of the troposphere above {sea_level_pa:g} Pa: check the unit"
        )
    return height


def _ratio(height: float) -> float:
    return float((1.0 - height / _SCALE_M) ** _EXPONENT)


def _checked_height(height: float) -> float:
    if not LOWEST_M - _SLACK_M <= height <= HIGHEST_M + _SLACK_M:
        raise ParameterError(
            f"height_m is {height:g}; expected {LOWEST_M:g} to {HIGHEST_M:g} m, the troposphere"
        )
    return height


def _checked_sea_level(pressure: float) -> float:
    if not 0.0 < pressure < math.inf:
        raise ParameterError(f"sea_level_pa is {pressure:g}; expected positive and finite, Pa")
    return pressure
