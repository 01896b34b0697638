"""Landing of the blimp on the estimate of its height, once that is too uncertain."""

from __future__ import annotations

import math

from snn_control.copies import Copied
from snn_control.loops.blimp.config import AltitudeNodeConfig
from snn_control.loops.blimp.estimator import HeightEstimator

__all__ = ["BELOW_FLOOR_M", "EstimateLanding"]

BELOW_FLOOR_M = -0.3
"""Setpoint at the end of a landing, m."""
TOUCHED_S = 3.0
"""Time at that setpoint after which the blimp has landed, s."""


class EstimateLanding(Copied):
    """Decision to land, and the setpoint of the landing."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Return to the state before the first trusted range."""
        self.reason = ""
        """Reason to land; empty while there is none."""
        self.seen_s = math.nan
        """Time of the last trusted range, s."""
        self.supported_s = math.nan
        """Time of the last trusted range or barometric height, s."""
        self._floor_s = math.nan

    def decide(
        self, estimator: HeightEstimator, sd_m: float, at_s: float, config: AltitudeNodeConfig
    ) -> str:
        """Return the reason to land, or an empty string; a reason lasts for a while.

        Args:
            estimator: estimate of the height.
            sd_m: its standard deviation.
            at_s: its time.
            config: limits.
        """
        sensor = estimator.height_sensor(at_s)
        if sensor or math.isnan(self.supported_s):
            self.supported_s = at_s
        if sensor == "lidar" or math.isnan(self.seen_s):
            self.seen_s = at_s
        kept = self.reason and not (sensor and sd_m < 0.5 * config.land_sd_m)
        if not kept:
            self.reason = self._reason(sd_m, at_s, config)
        if not self.reason:
            self._floor_s = math.nan
        return self.reason

    def lowered(self, setpoint_m: float, dt_s: float, at_s: float, rate_m_s: float) -> float:
        """Return the setpoint after a step of the landing, down to below the floor."""
        lower_m = max(setpoint_m - rate_m_s * max(dt_s, 0.0), BELOW_FLOOR_M)
        if lower_m == BELOW_FLOOR_M and math.isnan(self._floor_s):
            self._floor_s = at_s
        return lower_m

    def landed(self, at_s: float) -> bool:
        """Return True if the setpoint has been below the floor for some time."""
        return at_s - self._floor_s >= TOUCHED_S

    def _reason(self, sd_m: float, at_s: float, config: AltitudeNodeConfig) -> str:
        if at_s - self.seen_s <= config.coast_max_s:
            return ""
        if at_s - self.supported_s > config.coast_max_s:
            return f"no sensor of the height for {config.coast_max_s:g} s"
        return f"the height is uncertain by {sd_m:.2f} m" if sd_m > config.land_sd_m else ""
