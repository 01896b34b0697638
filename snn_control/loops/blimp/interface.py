"""What an altitude controller node takes from its sensor and gives to a controller."""

from __future__ import annotations

import math

from snn_control.controllers import Controller
from snn_control.errors import InterfaceMismatchError

OBSERVABLE = ("height_error_m", "height_ref_m", "range_m", "dt_s", "battery_v")
"""What a controller may observe, as in `snn_control/BlimpAltitude-v0`."""
ACTIONS = ("motor_command",)


def require_interface(controller: Controller) -> None:
    """Refuse a controller that is not one of altitude.

    Raises:
        InterfaceMismatchError: lists the names of both.
    """
    wrong = [name for name in controller.observation_names if name not in OBSERVABLE]
    if wrong or tuple(controller.action_names) != ACTIONS:
        raise InterfaceMismatchError(
            f"the controller takes {controller.observation_names} and gives "
            f"{controller.action_names}; the node has {OBSERVABLE} and sends {ACTIONS}: "
            "name a model of an altitude controller"
        )


def range_fault(
    range_m: float, range_max_m: float, reach_m: tuple[float, float] = (0.0, 0.0)
) -> str:
    """Return what is wrong with a measured range and how to mend it, nothing where it is usable.

    Args:
        range_m: measured.
        range_max_m: largest that is believed.
        reach_m: smallest and largest that the sensor says it can measure; a largest of 0: unknown.
    """
    nearest_m, farthest_m = reach_m if reach_m[1] > 0 else (0.0, math.inf)
    if 0 <= range_m <= range_max_m and nearest_m <= range_m <= farthest_m:
        return ""
    if math.isnan(range_m):
        return "range is NaN"
    if math.isinf(range_m):
        return "no return (range is infinite): point the sensor at the floor, within its reach"
    if range_m < 0:
        return f"range {range_m:g} m is negative: ranges are distances, positive"
    if range_m > range_max_m:
        return (
            f"range {range_m:g} m is beyond range_max_m {range_max_m:g}: does the "
            "sensor speak of millimetres? Range messages are in metres (REP-103)"
        )
    return (
        f"range {range_m:g} m is outside of the sensor's own min_range {nearest_m:g} to max_range "
        f"{farthest_m:g} m"
    )
