"""Observables, command and orders of an altitude controller."""

from __future__ import annotations

from snn_control.controllers import Controller
from snn_control.controllers.adapting_config import ORDERS
from snn_control.errors import InterfaceMismatchError

__all__ = ["ACTIONS", "OBSERVABLE", "require_altitude_controller"]

OBSERVABLE = ("height_error_m", "height_ref_m", "range_m", "dt_s", "battery_v")
"""Observables, as in `snn_control/BlimpAltitude-v0`."""
ACTIONS = ("motor_command",)


def require_altitude_controller(controller: Controller) -> None:
    """Refuse a controller with other inputs, outputs or orders.

    Raises:
        InterfaceMismatchError: lists those of the controller and of the node.
    """
    wrong = [name for name in controller.observation_names if name not in OBSERVABLE]
    if wrong or tuple(controller.action_names) != ACTIONS:
        raise InterfaceMismatchError(
            f"the controller has inputs {controller.observation_names} and outputs "
            f"{controller.action_names}, the node has {OBSERVABLE} and {ACTIONS}: "
            "name a model of an altitude controller"
        )
    if unknown := [name for name in controller.order_names if name not in ORDERS]:
        raise InterfaceMismatchError(
            f"the controller takes the orders {unknown}, the node has {ORDERS}"
        )
