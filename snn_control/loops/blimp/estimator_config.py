"""Noise and gates of the sensors of the blimp's height."""

from __future__ import annotations

from dataclasses import dataclass, field

from snn_control.loops.blimp.model import NOISE, RANGE_SD_M
from snn_control.supervision.measurement_noise import MeasurementNoiseConfig
from snn_control.supervision.observer import BiasNoise, ObserverNoise
from snn_control.supervision.trust import TrustConfig

__all__ = ["EstimatorConfig"]


@dataclass(frozen=True)
class EstimatorConfig:
    """Noise and gates of the sensors."""

    lidar_noise: MeasurementNoiseConfig = MeasurementNoiseConfig(0.02, RANGE_SD_M, 0.06)
    """Standard deviation of a range, m, learned from neighbouring ranges; the smallest is that of
    steps of 1 cm and noise of 5 mm."""
    barometer_sd_m: float = 0.06
    """Standard deviation of the white noise of a barometric height, m."""
    accelerometer_sd_m_s2: float = 0.025
    """Standard deviation of the white noise of an acceleration, m/s^2."""
    barometer_bias: BiasNoise = BiasNoise(5.0, 0.02)
    """Offset of the barometric height from that of the lidar, m."""
    accelerometer_bias: BiasNoise = BiasNoise(0.05, 0.0002)
    """Bias of the acceleration, m/s^2."""
    neighbour_sd_m: float = 0.02
    """Standard deviation of the offset of a neighbour's barometer, m."""
    neighbour_far_m: float = 0.5
    """Change of that offset against the estimate that is not used, m."""
    motion: ObserverNoise = NOISE
    """Noise of the motion."""
    lidar: TrustConfig = field(
        default_factory=lambda: TrustConfig(0.0, 12.0, closing_floor=0.03, at_once=0.3)
    )
    """Gate of the lidar, m."""
    barometer: TrustConfig = field(
        default_factory=lambda: TrustConfig(-1000.0, 20000.0, closing_floor=0.2, at_once=1.0)
    )
    """Gate of the barometer, m."""
    accelerometer: TrustConfig = field(
        default_factory=lambda: TrustConfig(
            -50.0, 50.0, closing_floor=0.1, at_once=2.0, reopen_limit=0.15, slow_reopen=0.15
        )
    )
    """Gate of the accelerometer, m/s^2."""
    alone_limit_m: float = 0.25
    """Innovation of a lidar without other sensors that counts as a contradiction, m."""
    without_acceleration_m: float = 0.12
    """Innovation of the lidar up to which it is trusted without an accelerometer: at steps the
    model is off by as much, m."""
    alone_identical_s: float = 15.0
    """Time for which a lidar without other sensors may repeat its value, s."""
    alone_reopen_count: int = 10
    """Consistent ranges in a row after which a lidar without other sensors is trusted again."""
    response_max: float = 1.2
    """Mean NIS of ten accelerations above which they are compared with the other sensors."""
    response_floor_m_s2: float = 0.06
    """Deviation from the commanded acceleration that counts as a fault of the motors, m/s^2."""
    fault_tolerated_m_s2: float = 2.0
    """Innovation of an acceleration up to which it is trusted while the motors have a fault, m/s^2:
    their full thrust in both directions."""
    fault_walk_m_s2_rs: float = 0.3
    """Random walk of the unmodelled acceleration while the motors have a fault, m/s^2 per root
    second."""
    blind_walk_m_s2_rs: float = 0.024
    """The same while neither lidar nor barometer measures the height: the accelerometer then has to
    follow gusts."""
