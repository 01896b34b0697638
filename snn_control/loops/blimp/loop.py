"""Altitude loop of the blimp with its reserve, as in the nodes and in simulations."""

from __future__ import annotations

from snn_control.controllers import PID, Controller, PIDConfig
from snn_control.controllers.blimp.motion import BlimpMotion
from snn_control.loops.blimp.adapter import BlimpAdapter
from snn_control.loops.blimp.config import AltitudeNodeConfig
from snn_control.loops.control_loop import ControlLoop
from snn_control.supervision.simplex import Simplex, SimplexConfig

__all__ = ["RETREAT", "altitude_loop"]

RETREAT = PIDConfig(kp=1.6, ki=0.02, kd=7.0)
"""PID of a retreat, added to the trim: stable up to a delay of the motors of 1.6 s."""


def altitude_loop(
    controller: Controller,
    config: AltitudeNodeConfig,
    motion: BlimpMotion | None = None,
    simulated_time: bool = False,
) -> ControlLoop[BlimpAdapter]:
    """Return the loop of a controller: a PID as the fallback, one of low gain for retreats.

    Args:
        controller: altitude controller.
        config: limits and times.
        motion: parameters of the model of the estimate; None: nominal.
        simulated_time: True if stamps may run at another rate than the monotonic clock.
    """
    period_s = controller.control_period_s
    simplex = Simplex(SimplexConfig(envelope=config.envelope_m)) if config.envelope_m else None
    return ControlLoop(
        controller,
        BlimpAdapter(controller, config, motion),
        PID(control_period_s=period_s),
        simulated_time,
        simplex,
        PID(RETREAT, period_s) if simplex else None,
    )
