"""Time of the next measurement of a position: at a fixed rate, or as the estimate gets uncertain.

For an observer with constant noise the variance depends on the time since the last measurement
alone, so that a limit of the variance is a fixed rate. `ProcessNoise` scales the process noise by
the innovations: the variance, and with it the rate, follows the conditions.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections import deque
from dataclasses import dataclass, replace
from typing import final

from snn_control.copies import Copied
from snn_control.errors import ObservationError, ParameterError
from snn_control.ranges import require_positive
from snn_control.supervision.observer import Innovation, ObserverNoise

__all__ = ["FixedRate", "ProcessNoise", "ProcessNoiseConfig", "SensingRate", "VarianceLimit"]


class SensingRate(Copied, ABC):
    """Choice of the times of measurements."""

    @abstractmethod
    def due(self, now_s: float, variance_m2: float) -> bool:
        """Return True to measure now.

        Args:
            now_s: time, s.
            variance_m2: variance of the position that the observer predicts for now, m^2; NaN
                before its start.
        """

    @abstractmethod
    def measured(self, now_s: float) -> None:
        """Register a measurement."""


@final
class FixedRate(SensingRate):
    """Measurement every `period_s` on average, at any period of the calls.

    Args:
        period_s: time between measurements, s; one longer than that of the calls.

    Raises:
        ParameterError: `period_s` is not positive and finite.
    """

    def __init__(self, period_s: float) -> None:
        require_positive({"period_s": period_s})
        self._period_s, self._next_s = period_s, -math.inf

    def due(self, now_s: float, variance_m2: float) -> bool:
        """Return True after the period."""
        return now_s >= self._next_s - 1e-9

    def measured(self, now_s: float) -> None:
        """Register a measurement; a lateness of up to a period does not shift the next ones."""
        late = not now_s - self._next_s < self._period_s
        self._next_s = (now_s if late else self._next_s) + self._period_s


@final
class VarianceLimit(SensingRate):
    """Measurement if the predicted variance of the position exceeds a limit.

    Args:
        limit_m: limit of the standard deviation, m.
        longest_s: longest time without a measurement, s.

    Raises:
        ParameterError: a value is not positive.
    """

    def __init__(self, limit_m: float, longest_s: float = math.inf) -> None:
        require_positive({"limit_m": limit_m})
        if not longest_s > 0.0:
            raise ParameterError(f"longest_s is {longest_s}; expected a time above 0, or infinite")
        self._limit_m2, self._longest_s, self._last_s = limit_m * limit_m, longest_s, -math.inf

    def due(self, now_s: float, variance_m2: float) -> bool:
        """Return True above the limit, or after the longest time."""
        return not variance_m2 <= self._limit_m2 or now_s - self._last_s >= self._longest_s - 1e-9

    def measured(self, now_s: float) -> None:
        """Register a measurement."""
        self._last_s = now_s


@dataclass(frozen=True)
class ProcessNoiseConfig:
    """Windows and limits of the process noise.

    Raises:
        ParameterError: a value is out of its range.
    """

    short: int = 3
    """Number of innovations of the short window, which raises the noise."""
    long: int = 12
    """Number of innovations of the long window, below which the noise does not fall."""
    lowest: float = 0.5
    """Smallest factor of the standard deviations."""
    highest: float = 2.0
    """Largest factor of the standard deviations."""

    def __post_init__(self) -> None:
        if not 1 <= self.short <= self.long:
            raise ParameterError(
                f"short {self.short}, long {self.long}: expected counts of at least 1 in ascending "
                "order"
            )
        if not 0.0 < self.lowest <= self.highest < math.inf:
            raise ParameterError(
                f"lowest {self.lowest:g}, highest {self.highest:g}; expected positive factors in "
                "ascending order"
            )


class ProcessNoise(Copied):
    """Process noise that follows the innovations of a position.

    The variance that grew between two measurements is about proportional to that of the process
    noise, so that the innovations nu of a window estimate the square of its factor,

        f^2 = sum(nu^2 - R) / sum(H P H' / f_used^2),

    with f_used as in the prediction. The factor is the larger one of the two windows, within its
    limits: it rises within a few measurements and falls slowly.
    Source: Mehra, IEEE Transactions on Automatic Control 17, 1972, doi:10.1109/TAC.1972.1100100
    (covariance matching).

    Args:
        noise: noise with factor 1.
        config: windows and limits.
    """

    def __init__(self, noise: ObserverNoise, config: ProcessNoiseConfig | None = None) -> None:
        self._nominal, self.config = noise, config or ProcessNoiseConfig()
        self.reset()

    def reset(self) -> None:
        """Return to factor 1."""
        self.factor = 1.0
        """Factor of the standard deviations."""
        self._terms: deque[tuple[float, float]] = deque(maxlen=self.config.long)

    @property
    def noise(self) -> ObserverNoise:
        """Noise for the next prediction."""
        return replace(
            self._nominal,
            speed_m_s_rs=self.factor * self._nominal.speed_m_s_rs,
            acceleration_m_s2_rs=self.factor * self._nominal.acceleration_m_s2_rs,
        )

    def update(self, innovation: Innovation, sd_m: float) -> None:
        """Follow an innovation.

        Args:
            innovation: innovation before the correction.
            sd_m: standard deviation of the measurement that its variance contains, m.

        Raises:
            ObservationError: the innovation is not finite, or its variance is not above that of
                the measurement; the estimate is unchanged.
        """
        square, spread = innovation.value**2, innovation.variance - sd_m * sd_m
        if not (math.isfinite(square) and 0.0 < spread < math.inf):
            raise ObservationError(
                f"innovation {innovation.value:g} m with variance {innovation.variance:g} "
                f"m^2; expected a finite one with a variance above that of the measurement, "
                f"{sd_m * sd_m:g} m^2"
            )
        self._terms.append((square - sd_m * sd_m, spread / self.factor**2))
        terms = list(self._terms)
        variance = max(_ratio(terms), _ratio(terms[-self.config.short :]))
        variance = min(max(variance, self.config.lowest**2), self.config.highest**2)
        self.factor = math.sqrt(variance)


def _ratio(terms: list[tuple[float, float]]) -> float:
    grown, nominal = (math.fsum(column) for column in zip(*terms, strict=True))
    return grown / nominal
