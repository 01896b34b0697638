"""Faults of a single range, and their remedies."""

from __future__ import annotations

import math

__all__ = ["range_fault"]


def range_fault(
    range_m: float, range_max_m: float, reach_m: tuple[float, float] = (0.0, 0.0)
) -> str:
    """Return the fault of a measured range and how to fix it, or an empty string if it is usable.

    Args:
        range_m: measured range.
        range_max_m: maximum plausible range.
        reach_m: minimum and maximum range of the sensor; a maximum of 0: unknown.
    """
    nearest_m, farthest_m = reach_m if reach_m[1] > 0 else (0.0, math.inf)
    if 0 < range_m <= range_max_m and nearest_m <= range_m <= farthest_m:
        return ""
    if math.isnan(range_m):
        return "range is NaN"
    if math.isinf(range_m):
        return "no return (range is infinite): point the sensor at the floor, within its reach"
    if range_m == 0:
        return (
            "range is 0: no height, but the value of many drivers for no return; point the sensor "
            "at the floor, within its reach"
        )
    if range_m < 0:
        return f"range {range_m:g} m is negative: ranges are positive distances"
    if range_m > range_max_m:
        return (
            f"range {range_m:g} m is above range_max_m {range_max_m:g}: does the "
            "sensor report millimetres? Range messages are in metres (REP-103)"
        )
    return (
        f"range {range_m:g} m is outside the sensor's min_range {nearest_m:g} to max_range "
        f"{farthest_m:g} m"
    )
