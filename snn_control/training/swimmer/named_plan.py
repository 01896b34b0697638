"""Plans of swimmers by model name."""

from __future__ import annotations

from snn_control.controllers.swimmer.plan import SwimmerPlan
from snn_control.controllers.swimmer.swimmer import Swimmer
from snn_control.errors import ParameterError
from snn_control.training.model_name import load_named

CLOCK_FREE = "clock-free"
"""Name of the untrained circuit with a half-centre in place of the clock."""


def named_plan(name: str) -> SwimmerPlan:
    """Return the plan of a swimmer's model, or of the untrained clock-free circuit.

    Raises:
        UnknownNameError: no such model.
        ParameterError: the model is not a swimmer controller.
    """
    if name == CLOCK_FREE:
        return SwimmerPlan(sub_ticks=15, clock_free=True)
    controller = load_named(name)
    if not isinstance(controller, Swimmer):
        raise ParameterError(
            f"{name} is not a swimmer controller; name one, for example swimmer-spiking"
        )
    return controller.plan
