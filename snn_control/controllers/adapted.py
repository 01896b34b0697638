"""Adapting controllers from controllers of a vehicle with a forward model."""

from __future__ import annotations

from snn_control.controllers.adapting import Adapting
from snn_control.controllers.adapting_config import AdaptingConfig
from snn_control.controllers.controller import Controller
from snn_control.controllers.forward_models import FORWARD_MODELS, forward_model_class
from snn_control.errors import ParameterError

__all__ = ["adapted"]


def adapted(controller: Controller) -> Adapting:
    """Return a controller on the forward model of its vehicle; an adapting one is returned itself.

    The read-out `pd`, if there is one, acts on the prediction: the model replaces the integral.

    Raises:
        ParameterError: there is no forward model of the vehicle.
    """
    if isinstance(controller, Adapting):
        return controller
    for name in FORWARD_MODELS:
        kind = forward_model_class(name)
        if tuple(controller.action_names) == (kind.action_name,):
            readout = "pd" if "pd" in controller.readouts else ""
            return Adapting(controller, kind.from_settings({}), AdaptingConfig(readout=readout))
    raise ParameterError(
        f"no forward model commands {', '.join(controller.action_names)}; there are those of: "
        f"{', '.join(FORWARD_MODELS)}"
    )
