"""Health of an altitude controller node, as tasks of `/diagnostics`."""

from __future__ import annotations

from snn_control.loops.blimp.adapter import BlimpAdapter
from snn_control.loops.control_loop import ControlLoop
from snn_control.ros.base.controller_health import VehicleStatus, age
from snn_control.ros.base.diagnostics import ERROR, WARN, Status


class AltitudeStatus(VehicleStatus[BlimpAdapter]):
    """Status of setpoint, battery and ceiling."""

    measurement = "range"

    def add_inputs(self, loop: ControlLoop[BlimpAdapter], now_s: float, status: Status) -> None:
        """Add input ages and voltage; warn of lost inputs and low voltage."""
        blimp, config = loop.adapter, loop.adapter.config
        setpoint_s, battery_s = age(blimp.setpoint_s, now_s), age(blimp.battery_s, now_s)
        ages_s = {"set-point": setpoint_s, "battery": battery_s}
        status.values |= {f"{name} age (s)": age_s for name, age_s in ages_s.items()}
        status.values["battery (V)"] = blimp.battery_v
        if blimp.monitor is not None:
            status.values["height by the model (m)"] = blimp.monitor.observer.position_m
            if blimp.monitor.reason and loop.modes.armed:
                status.escalate(ERROR, f"range refused: {blimp.monitor.reason}")
        if blimp.setpoint_limit:
            status.escalate(WARN, blimp.setpoint_limit)
        if config.set_point_max_age_s and not setpoint_s <= config.set_point_max_age_s:
            status.escalate(WARN, "setpoint lost: the last one is held")
        if config.battery_max_age_s and not battery_s <= config.battery_max_age_s:
            status.escalate(WARN, "battery lost: no voltage")
        if blimp.battery_v < config.battery_low_v:
            status.escalate(WARN, f"battery low: {blimp.battery_v:.2f} V")

    def add_commands(self, loop: ControlLoop[BlimpAdapter], status: Status) -> None:
        """Add command and ceiling."""
        status.values |= {
            "command (motor units)": float(loop.gate.last[0]),
            "over the ceiling": loop.adapter.over_ceiling,
        }

    def expects_spikes(self, loop: ControlLoop[BlimpAdapter]) -> bool:
        """Return True: altitude networks spike at any height."""
        return True
