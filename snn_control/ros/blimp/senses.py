"""Messages of the barometer and the IMU of a simulated blimp."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from sensor_msgs.msg import FluidPressure, Imu

from snn_control.atmosphere import STANDARD_GRAVITY_M_S2, pressure_pa
from snn_control.envs.blimp.sensing.errors import SenseParameters

__all__ = ["SenseMessages"]

LEVEL_SD_RAD = math.radians(1.0)
"""Standard deviation of roll and pitch, rad: the gondola hangs below the envelope."""
SIDEWAYS_SD_M_S2 = 1.0
"""Standard deviation of the horizontal accelerations, m/s^2, which are not measured."""


@dataclass(frozen=True)
class SenseMessages:
    """Builder of messages, with the variances of the noise."""

    noise: SenseParameters
    """Noise of the sensors."""
    site_height_m: float
    """Height of the floor above sea level, m."""

    def pressure(self, barometer_m: float, stamp: Any) -> FluidPressure:
        """Return the pressure at a barometric height above the floor, m."""
        height_m, noise = self.site_height_m + barometer_m, self.noise
        slope_pa_m = pressure_pa(height_m - 0.5) - pressure_pa(height_m + 0.5)
        variance_m2 = noise.barometer_noise_m**2 + noise.barometer_drift_m**2
        message = FluidPressure(
            fluid_pressure=pressure_pa(height_m), variance=variance_m2 * slope_pa_m**2
        )
        message.header.stamp, message.header.frame_id = stamp, "barometer"
        return message

    def imu(self, vertical_acceleration_m_s2: float, stamp: Any) -> Imu:
        """Return the specific force of a level IMU in ENU, as REP-145: gravity is included.

        The heading is unknown, and the angular velocity is not measured.
        """
        noise = self.noise
        vertical = noise.accelerometer_noise_m_s2**2 + noise.accelerometer_bias_m_s2**2
        message = Imu()
        message.header.stamp, message.header.frame_id = stamp, "imu"
        message.orientation.w = 1.0
        message.orientation_covariance = _diagonal(LEVEL_SD_RAD**2, LEVEL_SD_RAD**2, math.pi**2)
        message.angular_velocity_covariance = _diagonal(-1.0, 0.0, 0.0)
        message.linear_acceleration.z = vertical_acceleration_m_s2 + STANDARD_GRAVITY_M_S2
        message.linear_acceleration_covariance = _diagonal(
            SIDEWAYS_SD_M_S2**2, SIDEWAYS_SD_M_S2**2, vertical
        )
        return message


def _diagonal(x: float, y: float, z: float) -> list[float]:
    """Return a covariance, row by row."""
    return [x, 0.0, 0.0, 0.0, y, 0.0, 0.0, 0.0, z]
