"""Voltage of the blimp's battery: critical voltages, and drops that are doubted."""

from __future__ import annotations

import math

from snn_control.copies import Copied
from snn_control.loops.blimp.config import AltitudeNodeConfig

__all__ = ["Battery"]


class Battery(Copied):
    """State of the battery by its messages."""

    def __init__(self) -> None:
        self.voltage_v = math.nan
        """Last voltage, V; NaN before the first one."""
        self.at_s: float | None = None
        """Time of the last voltage, s."""
        self.doubt = ""
        """Evidence against the voltage; empty if there is none."""
        self._doubted_s = -math.inf
        self._critical_since_s: float | None = None

    def receive(self, voltage_v: float, now_s: float, config: AltitudeNodeConfig) -> None:
        """Process a finite, positive voltage.

        After a drop by more than `battery_jump_v` at once it is doubted for some time.
        """
        if self.voltage_v - voltage_v > config.battery_jump_v:
            fell = f"from {self.voltage_v:.2f} to {voltage_v:.2f} V"
            self.doubt, self._doubted_s = f"battery fell {fell} at once", now_s
        elif now_s - self._doubted_s > config.battery_doubt_s:
            self.doubt = ""
        self.voltage_v, self.at_s = voltage_v, now_s
        if voltage_v >= config.battery_critical_v:
            self._critical_since_s = None
        elif self._critical_since_s is None:
            self._critical_since_s = now_s

    def trouble(self, now_s: float, config: AltitudeNodeConfig) -> str:
        """Return the voltage if it has been critical for too long, otherwise an empty string.

        A voltage that stays critical is trouble, also if no further voltage follows.
        """
        since_s = self._critical_since_s
        longest_s = config.battery_doubt_s if self.doubt else config.battery_critical_s
        if since_s is None or now_s - since_s < longest_s:
            return ""
        return f"the battery is critical at {self.voltage_v:.2f} V"
