"""Health of an altitude controller node, as tasks of `/diagnostics`."""

from __future__ import annotations

from snn_control.loops.blimp.adapter import BlimpAdapter
from snn_control.loops.blimp.estimator import HeightEstimator
from snn_control.loops.control_loop import ControlLoop
from snn_control.ros.base.controller_health import VehicleStatus, age
from snn_control.ros.base.diagnostics import ERROR, WARN, Status


class AltitudeStatus(VehicleStatus[BlimpAdapter]):
    """Status of setpoint, battery and ceiling."""

    measurement = "range"

    def add_inputs(self, loop: ControlLoop[BlimpAdapter], now_s: float, status: Status) -> None:
        """Add input ages and voltage; warn of lost inputs and low voltage."""
        blimp, config = loop.adapter, loop.adapter.config
        setpoint_s, battery_s = age(blimp.setpoint_s, now_s), age(blimp.battery.at_s, now_s)
        ages_s = {"set-point": setpoint_s, "battery": battery_s}
        status.values |= {f"{name} age (s)": age_s for name, age_s in ages_s.items()}
        status.values["battery (V)"] = blimp.battery.voltage_v
        if blimp.estimator is not None and blimp.estimator.started:
            self._add_estimate(loop, blimp.estimator, status)
        if blimp.setpoint_limit:
            status.escalate(WARN, blimp.setpoint_limit)
        if config.set_point_max_age_s and not setpoint_s <= config.set_point_max_age_s:
            status.escalate(WARN, "setpoint lost: the last one is held")
        if config.battery_max_age_s and not battery_s <= config.battery_max_age_s:
            status.escalate(WARN, "battery lost: no voltage")
        if blimp.battery.doubt:
            status.escalate(WARN, blimp.battery.doubt)
        if blimp.battery.voltage_v < config.battery_low_v:
            status.escalate(WARN, f"battery low: {blimp.battery.voltage_v:.2f} V")

    def _add_estimate(
        self, loop: ControlLoop[BlimpAdapter], estimator: HeightEstimator, status: Status
    ) -> None:
        """Add the estimate, and the evidence against sensors and motors."""
        observer = estimator.observer
        status.values["estimated height (m)"] = observer.position_m
        status.values["its deviation (m)"] = observer.position_sd_m
        if not loop.modes.armed:
            return
        for name, gate in estimator.gates.items():
            if not gate.trusted:
                status.escalate(ERROR, f"{name} not trusted: {gate.reason}")
        if estimator.actuator_fault:
            status.escalate(ERROR, f"motors: {estimator.actuator_fault}")
        if estimator.undecided:
            status.escalate(WARN, f"contradiction: {estimator.undecided}")

    def add_commands(self, loop: ControlLoop[BlimpAdapter], status: Status) -> None:
        """Add command and ceiling."""
        status.values |= {
            "command (motor units)": float(loop.gate.last[0]),
            "over the ceiling": loop.adapter.over_ceiling,
        }

    def expects_spikes(self, loop: ControlLoop[BlimpAdapter]) -> bool:
        """Return True: altitude networks spike at any height."""
        return True
