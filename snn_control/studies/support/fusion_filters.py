"""Estimates of the height by a sensor alone, by constant weights and by Kalman filters."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Literal, final

import numpy as np
import numpy.typing as npt

from snn_control.studies.support.fused_episodes import (
    ACCELERATION_BIAS_M_S2,
    ACCELERATION_SD_M_S2,
    BAROMETER_SD_M,
    STEP_M,
    TICK_S,
    Episodes,
)
from snn_control.supervision.measurement_noise import MeasurementNoise, MeasurementNoiseConfig
from snn_control.supervision.monitors.monitor import Sample
from snn_control.supervision.observer import (
    NO_BIAS,
    BiasNoise,
    MotionModel,
    Observer,
    ObserverNoise,
)
from snn_control.supervision.trust import TrustConfig, TrustGate

FloatArray = npt.NDArray[np.float64]
Known = Literal["known", "fixed", "adaptive"]

FIXED_SD_M = 0.05
NOISE = ObserverNoise(
    start_speed_m_s=0.05,
    start_acceleration_m_s2=0.2,
    speed_m_s_rs=0.003,
    acceleration_m_s2_rs=0.1,
    model_error=0.0,
)
"""Noise of a motion whose commands the filter does not have."""
ADAPTIVE = MeasurementNoiseConfig(start_sd=FIXED_SD_M, floor_sd=0.005, ceiling_sd=3.0)
GATE = TrustConfig(-5.0, 12.0, closing_floor=0.03, at_once=0.3)
_STEP_SD_M = STEP_M / math.sqrt(12.0)


class Free(MotionModel):
    """Vehicle without known commands or drag."""

    def __init__(self) -> None:
        self.lowest_m = -math.inf

    def start(self, command: float, now_s: float) -> None:
        """Do nothing."""

    def send(self, command: float, now_s: float) -> None:
        """Do nothing."""

    def advance(self, end_s: float) -> float:
        """Return no acceleration."""
        return 0.0

    def damping_per_s(self, speed_m_s: float) -> float:
        """Return no drag."""
        return 0.0


class Method(ABC):
    """Estimate of the height from all readings up to the same tick."""

    @abstractmethod
    def estimates(self, episodes: Episodes) -> FloatArray:
        """Return the estimates, m, shape (n_episodes, n_ticks)."""


@final
class Weighted(Method):
    """Lidar, held where it is missing, and barometer with a constant weight.

    Args:
        lidar: weight of the lidar, 0 to 1.
    """

    def __init__(self, lidar: float) -> None:
        self._lidar = lidar

    def estimates(self, episodes: Episodes) -> FloatArray:
        """Return the weighted sum; the barometer alone before the first range."""
        held = episodes.lidar_m.copy()
        held[:, 0] = np.where(np.isnan(held[:, 0]), episodes.barometer_m[:, 0], held[:, 0])
        for k in range(1, held.shape[1]):
            held[:, k] = np.where(np.isnan(held[:, k]), held[:, k - 1], held[:, k])
        return self._lidar * held + (1.0 - self._lidar) * episodes.barometer_m


@final
class Kalman(Method):
    """Observer of lidar, barometer and accelerometer.

    Args:
        noise: noise of the lidar: `known` from the simulation, without the bias; `fixed` 5 cm; or
            `adaptive` from the innovations.
        gate: True: the lidar is behind a trust gate.
        drift: True: the barometer has a bias that walks.
    """

    def __init__(self, noise: Known, gate: bool = False, drift: bool = False) -> None:
        self._noise, self._gate, self._drift = noise, gate, drift

    def estimates(self, episodes: Episodes) -> FloatArray:
        """Filter the episodes one by one."""
        return np.array([self._episode(episodes, k) for k in range(len(episodes.height_m))])

    def _episode(self, episodes: Episodes, episode: int) -> list[float]:
        drift = BiasNoise(0.15, 0.01) if self._drift else NO_BIAS
        observer = Observer(Free(), NOISE, drift, BiasNoise(ACCELERATION_BIAS_M_S2, 1e-4))
        adaptive, gate = MeasurementNoise(ADAPTIVE), TrustGate(GATE)
        estimates = []
        readings = zip(
            episodes.lidar_m[episode].tolist(),
            episodes.barometer_m[episode].tolist(),
            episodes.acceleration_m_s2[episode].tolist(),
            np.hypot(episodes.sigma_m[episode], _STEP_SD_M).tolist(),
            strict=True,
        )
        for k, (lidar_m, barometer_m, acceleration, sigma_m) in enumerate(readings):
            now_s = TICK_S * k
            if not observer.started:
                sd_m = math.hypot(BAROMETER_SD_M, 0.15 * self._drift)
                observer.start(barometer_m, sd_m, 0.0, now_s)
                estimates.append(observer.position_m)
                continue
            observer.predict(now_s)
            observer.correct(observer.acceleration(acceleration, ACCELERATION_SD_M_S2))
            if not math.isnan(lidar_m):
                known_m = {"known": sigma_m, "fixed": FIXED_SD_M, "adaptive": adaptive.sd}
                made = observer.position(lidar_m, known_m[self._noise])
                sample = Sample(now_s, now_s, lidar_m, made.innovation)
                if not self._gate or gate.judge(sample).fuse:
                    if self._noise == "adaptive":
                        adaptive.update(made.innovation)
                        made = observer.position(lidar_m, adaptive.sd)
                    observer.correct(made)
            observer.correct(observer.position(barometer_m, BAROMETER_SD_M, self._drift))
            estimates.append(observer.position_m)
        return estimates


FILTERS: dict[str, Method] = {
    "lidar": Weighted(1.0),
    "barometer": Weighted(0.0),
    "static 0.9/0.1": Weighted(0.9),
    "Kalman, R known": Kalman("known"),
    "Kalman, R fixed": Kalman("fixed"),
    "Kalman, R adaptive": Kalman("adaptive"),
    "Kalman, R adaptive, gate": Kalman("adaptive", gate=True),
    "Kalman, R adaptive, gate, bias": Kalman("adaptive", gate=True, drift=True),
}
"""Methods without training by name; the last one estimates a bias of the barometer, too."""
