"""What an altitude controller node can give to a controller, and takes from it."""

from __future__ import annotations

from snn_control.controllers import Controller
from snn_control.errors import ControlPeriodError, InterfaceMismatchError

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


def require_same(new: Controller, old: Controller) -> None:
    """Refuse a controller that cannot take the place of another one in flight.

    Raises:
        InterfaceMismatchError: it takes or gives something else.
        ControlPeriodError: it was made for another period.
    """
    require_interface(new)
    if tuple(new.observation_names) != tuple(old.observation_names):
        raise InterfaceMismatchError(
            f"the controller takes {new.observation_names}, the one it replaces "
            f"{old.observation_names}: configure the node anew"
        )
    if new.control_period_s != old.control_period_s:
        raise ControlPeriodError(
            f"the controller was made for {new.control_period_s:g} s, the one it replaces for "
            f"{old.control_period_s:g} s: configure the node anew"
        )
