"""Health of an altitude controller node, as tasks of `/diagnostics`."""

from __future__ import annotations

from snn_control.loops.blimp.loop import AltitudeLoop
from snn_control.ros.base.controller_health import ControllerHealth, age
from snn_control.ros.base.diagnostics import ERROR, WARN, Status


class AltitudeHealth(ControllerHealth[AltitudeLoop]):
    """Health of a controller node, and of set-point, battery and ceiling."""

    measurement = "range"

    def _tell_mode(self, loop: AltitudeLoop, status: Status) -> None:
        if loop.landing:
            status.say(ERROR, "landing: the battery is critical")

    def _tell_inputs(self, loop: AltitudeLoop, now_s: float, status: Status) -> None:
        config = loop.config
        set_point_s, battery_s = age(loop.set_point_s, now_s), age(loop.battery_s, now_s)
        status.values |= {
            "set-point age (s)": set_point_s,
            "battery age (s)": battery_s,
            "battery (V)": loop.battery_v,
        }
        if config.set_point_max_age_s and not set_point_s <= config.set_point_max_age_s:
            status.say(WARN, "set-point lost: the last one is held")
        if config.battery_max_age_s and not battery_s <= config.battery_max_age_s:
            status.say(WARN, "battery lost: no voltage")
        if loop.battery_v < config.battery_low_v:
            status.say(WARN, f"battery low: {loop.battery_v:.2f} V")

    def _tell_commands(self, loop: AltitudeLoop, status: Status) -> None:
        status.values |= {
            "command (motor units)": loop.gate.last,
            "over the ceiling": loop.over_ceiling,
        }
