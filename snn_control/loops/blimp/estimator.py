"""Height of the blimp from lidar, barometer and accelerometer, each behind a trust gate."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from snn_control.copies import Copied
from snn_control.loops.blimp.model import NOISE, RANGE_SD_M, BlimpModel, BlimpMotion, lidar_sd_m
from snn_control.supervision.fusion import BiasNoise, Correction, FusionObserver
from snn_control.supervision.monitors.monitor import Sample
from snn_control.supervision.observer import ObserverNoise
from snn_control.supervision.trust import TrustConfig, TrustGate, Verdict

__all__ = ["SENSORS", "EstimatorConfig", "HeightEstimator"]

SENSORS = ("lidar", "barometer", "accelerometer")


@dataclass(frozen=True)
class EstimatorConfig:
    """Noise and gates of the sensors."""

    lidar_sd_m: float = RANGE_SD_M
    """Standard deviation of a range, m: steps of 1 cm and noise of 5 mm."""
    barometer_sd_m: float = 0.06
    """Standard deviation of the white noise of a barometric height, m."""
    accelerometer_sd_m_s2: float = 0.025
    """Standard deviation of the white noise of an acceleration, m/s^2."""
    barometer_bias: BiasNoise = BiasNoise(5.0, 0.015)
    """Offset of the barometric height from that of the lidar, m."""
    accelerometer_bias: BiasNoise = BiasNoise(0.05, 0.001)
    """Bias of the acceleration, m/s^2."""
    motion: ObserverNoise = NOISE
    """Noise of the motion."""
    lidar: TrustConfig = field(
        default_factory=lambda: TrustConfig(0.0, 12.0, closing_floor=0.03, at_once=0.3)
    )
    """Gate of the lidar, m."""
    barometer: TrustConfig = field(
        default_factory=lambda: TrustConfig(-100.0, 1000.0, closing_floor=0.2, at_once=1.0)
    )
    """Gate of the barometer, m."""
    accelerometer: TrustConfig = field(
        default_factory=lambda: TrustConfig(-50.0, 50.0, closing_floor=0.1, at_once=1.0)
    )
    """Gate of the accelerometer, m/s^2."""


class HeightEstimator(Copied):
    """Observer of the height with its gates.

    Times are on one clock. Until the first range there is no estimate.

    Args:
        config: noise and gates.
        motion: parameters of the blimp; None: nominal.
    """

    def __init__(
        self, config: EstimatorConfig | None = None, motion: BlimpMotion | None = None
    ) -> None:
        self.config = config = config or EstimatorConfig()
        biases = {
            "barometer": config.barometer_bias,
            "accelerometer": config.accelerometer_bias,
        }
        model = BlimpModel(motion or BlimpMotion())
        self.observer = FusionObserver(model, config.motion, biases)
        self.gates = {name: TrustGate(getattr(config, name)) for name in SENSORS}
        self.restart()

    def restart(self) -> None:
        """Start again from the next range, with all gates open."""
        self.observer.reset()
        for gate in self.gates.values():
            gate.reset()
        self._command = 0.0

    @property
    def started(self) -> bool:
        """True after the first range."""
        return self.observer.started

    def sent(self, command: float, at_s: float) -> None:
        """Register a command, motor units, that is in force from `at_s` on."""
        self._command = command
        if self.started:
            self.observer.model.send(command, at_s)

    def estimate(self, now_s: float) -> tuple[float, float]:
        """Return the height and its standard deviation at `now_s`, m; NaN before the start."""
        self.observer.predict(now_s)
        return self.observer.position_m, self.observer.position_sd_m

    def on_range(self, range_m: float, stamp_s: float, now_s: float) -> Verdict:
        """Judge a range, and correct the estimate by a trusted one."""
        sd_m = lidar_sd_m(range_m, self.config.lidar_sd_m)
        if not self.started:
            verdict = self.gates["lidar"].judge(Sample(now_s, stamp_s, range_m))
            if verdict.fuse:
                self.observer.start(range_m, sd_m, self._command, now_s)
            return verdict
        self.observer.predict(stamp_s)
        made = self.observer.position(range_m, sd_m)
        return self._judge("lidar", range_m, made, stamp_s, now_s)

    def on_barometer(self, height_m: float, stamp_s: float, now_s: float) -> Verdict | None:
        """Judge a barometric height, and correct by a trusted one; None before the start."""
        if not self.started:
            return None
        self.observer.predict(stamp_s)
        made = self.observer.position(height_m, self.config.barometer_sd_m, "barometer")
        return self._judge("barometer", height_m, made, stamp_s, now_s)

    def on_acceleration(self, value_m_s2: float, stamp_s: float, now_s: float) -> Verdict | None:
        """Judge a vertical acceleration without gravity, and correct by a trusted one.

        It is the mean since the last message of any sensor; None before the start.
        """
        if not self.started:
            return None
        self.observer.predict(stamp_s)
        sd_m_s2 = self.config.accelerometer_sd_m_s2
        made = self.observer.acceleration(value_m_s2, sd_m_s2, "accelerometer")
        return self._judge("accelerometer", value_m_s2, made, stamp_s, now_s)

    def distrusted(self, now_s: float) -> dict[str, str]:
        """Return the sensors that do not correct the estimate, with the reason."""
        reasons = {}
        for name, gate in self.gates.items():
            if not gate.trusted:
                reasons[name] = gate.reason
            elif gate.silent(now_s):
                reasons[name] = "silent"
        return reasons

    def _judge(
        self, name: str, value: float, made: Correction, stamp_s: float, now_s: float
    ) -> Verdict:
        innovation = made.innovation if math.isfinite(value) else None
        verdict = self.gates[name].judge(Sample(now_s, stamp_s, value, innovation))
        if verdict.fuse:
            self.observer.correct(made)
        return verdict
