"""Health of the swimmer's controller node, as tasks of `/diagnostics`."""

from __future__ import annotations

import numpy as np

from snn_control.loops.control_loop import ControlLoop
from snn_control.loops.swimmer.adapter import ORDERS, SwimmerAdapter
from snn_control.ros.base.controller_health import VehicleStatus, age
from snn_control.ros.base.diagnostics import WARN, Status

RESTS_BELOW = 0.5
"""Speed command (0 to 1) below which the shipped circuits may rest."""


TRIED = ("period_s", "receptor_gain", "trial", "change")
"""Read-outs of trials, see `Swimmer.readouts`."""


class SwimmerStatus(VehicleStatus[SwimmerAdapter]):
    """Status of cmd_vel and efforts."""

    measurement = "joint_states"

    def add_inputs(self, loop: ControlLoop[SwimmerAdapter], now_s: float, status: Status) -> None:
        """Add the age of cmd_vel and the state of trials; warn of lost and limited inputs."""
        status.values["cmd_vel age (s)"] = age(loop.adapter.cmd_vel_s, now_s)
        if loop.adapter.lost(now_s):
            status.escalate(WARN, "cmd_vel lost: the body rests")
        elif loop.adapter.velocity_limit:
            status.escalate(WARN, loop.adapter.velocity_limit)
        if loop.adapter.blind:
            status.escalate(WARN, "no recent odometry: period and receptor gain are not tried")
        if loop.adapter.tries:
            readouts = loop.controller.readouts
            status.values |= {name: readouts[name] for name in TRIED if name in readouts}

    def expects_spikes(self, loop: ControlLoop[SwimmerAdapter]) -> bool:
        """Return True if the speed command is above `RESTS_BELOW`."""
        if loop.ordered is None:
            return loop.adapter.config.cruise_speed > RESTS_BELOW
        return loop.ordered[ORDERS.index("speed")] > RESTS_BELOW

    def add_commands(self, loop: ControlLoop[SwimmerAdapter], status: Status) -> None:
        """Add the largest effort."""
        status.values["largest effort"] = float(np.abs(loop.gate.last).max())
