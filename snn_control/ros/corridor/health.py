"""Health of the corridor robot's controller node, as tasks of `/diagnostics`."""

from __future__ import annotations

from snn_control.loops.control_loop import ControlLoop
from snn_control.loops.corridor.adapter import DRIVE, CorridorAdapter
from snn_control.ros.base.controller_health import VehicleStatus
from snn_control.ros.base.diagnostics import Status


class CorridorStatus(VehicleStatus[CorridorAdapter]):
    """Status of the rays and of the velocity."""

    measurement = "scan"

    def add_inputs(self, loop: ControlLoop[CorridorAdapter], now_s: float, status: Status) -> None:
        """Add the number of requested rays; a scan without odom counts as a bad value."""
        status.values["requested rays"] = int(loop.adapter.request.sum())

    def expects_spikes(self, loop: ControlLoop[CorridorAdapter]) -> bool:
        """Return False: a circuit may be silent in a free space."""
        return False

    def add_commands(self, loop: ControlLoop[CorridorAdapter], status: Status) -> None:
        """Add speed and turn rate."""
        status.values |= dict(zip(DRIVE, loop.gate.last.tolist(), strict=True))
