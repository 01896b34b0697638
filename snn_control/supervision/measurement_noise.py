"""Measurement noise of one stream, by the innovations of its messages or by neighbouring values.

`MeasurementNoise` follows the innovations:

    R <- memory R + (1 - memory) (nu^2 - H P H'),   floor_sd^2 <= R <= ceiling_sd^2

The innovation nu has the variance H P H' + R, so that the estimate is unbiased where no bound acts
and the observer is consistent. A bias that lasts reads as noise: the stream loses its weight and
does not pull the estimate. `DifferencedNoise` needs no observer, and neither a bias nor an error of
the model reads as noise.
Source: Sage and Husa, Joint Automatic Control Conference 1969, pages 760 to 769; with a constant
memory in place of their growing one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from snn_control.copies import Copied
from snn_control.errors import ObservationError, ParameterError
from snn_control.supervision.observer import Innovation

__all__ = ["MeasurementNoise", "MeasurementNoiseConfig"]


@dataclass(frozen=True)
class MeasurementNoiseConfig:
    """Start and limits of the noise of a stream, in its unit.

    Raises:
        ParameterError: a value is out of its range, or the deviations are not ascending.
    """

    start_sd: float
    """Standard deviation before the first message."""
    floor_sd: float
    """Smallest standard deviation; positive, below that of a stream in its best state."""
    ceiling_sd: float
    """Largest standard deviation; bounds the time to return from a fault."""
    memory: float = 0.95
    """Part of the variance that a message keeps, 0 to 1; 0.95 averages over about 20 messages."""

    def __post_init__(self) -> None:
        if not 0.0 < self.floor_sd <= self.start_sd <= self.ceiling_sd < math.inf:
            raise ParameterError(
                f"floor_sd {self.floor_sd:g}, start_sd {self.start_sd:g}, ceiling_sd "
                f"{self.ceiling_sd:g}; expected finite positive values in ascending order"
            )
        if not 0.0 <= self.memory < 1.0:
            raise ParameterError(f"memory is {self.memory:g}; expected 0 to below 1")


class FollowedNoise(Copied):
    """Standard deviation of the white noise of one stream, that follows samples of its variance.

    Args:
        config: start and limits.
    """

    def __init__(self, config: MeasurementNoiseConfig) -> None:
        self.config = config
        self.reset()

    def reset(self) -> None:
        """Return to the standard deviation of the start."""
        self._variance = self.config.start_sd**2

    @property
    def sd(self) -> float:
        """Standard deviation for the next message, in the unit of the stream."""
        return math.sqrt(self._variance)

    def _follow(self, sample: float) -> None:
        """Add a sample of the variance, which may be negative."""
        config = self.config
        variance = config.memory * self._variance + (1.0 - config.memory) * sample
        self._variance = min(max(variance, config.floor_sd**2), config.ceiling_sd**2)


class MeasurementNoise(FollowedNoise):
    """Noise by the innovations of the stream in an observer."""

    def update(self, innovation: Innovation, sd: float | None = None) -> None:
        """Follow the innovation of a message that the stream's gate trusts.

        A correction with the deviation after this call reduces the weight of the message itself, so
        that the first ones of a fault pull the estimate less.

        Args:
            innovation: innovation before the correction.
            sd: standard deviation that its variance contains; None: that of `sd`.

        Raises:
            ObservationError: the innovation is not finite, or its variance is not above that of
                the noise that it contains; the estimate is unchanged.
        """
        used = self._variance if sd is None else sd * sd
        square, spread = innovation.value**2, innovation.variance - used
        # Rounding may leave a spread just below 0 where the estimate is certain.
        if not (math.isfinite(square) and -1e-9 * used <= spread < math.inf):
            raise ObservationError(
                f"innovation {innovation.value:g} with variance {innovation.variance:g}; "
                f"expected a finite one with a variance of at least that of the noise, {used:g}: "
                "pass only judged messages, and `sd` if it is not the one of this stream"
            )
        self._follow(square - spread)


class DifferencedNoise(FollowedNoise):
    """Noise by three neighbouring values of the stream.

    R <- memory R + (1 - memory) e^2 / (1 + w^2 + (1 - w)^2)

    The difference e of a value from the line through its neighbours, of which the earlier one has
    the weight w, contains neither a bias nor the error of a model. An acceleration of 0.3 m/s^2
    adds 1.5 mm at 10 Hz.
    Source: Gasser, Sroka and Jennen-Steinmetz, Residual variance and residual pattern in nonlinear
    regression, Biometrika 73(3), 1986, doi:10.1093/biomet/73.3.625.

    Args:
        config: start and limits.
        longest_s: maximum time between the neighbours of a value, s.
    """

    def __init__(self, config: MeasurementNoiseConfig, longest_s: float = 0.4) -> None:
        self._longest_s = longest_s
        super().__init__(config)

    def reset(self) -> None:
        """Return to the standard deviation of the start, without values."""
        super().reset()
        self.interrupt()

    def interrupt(self) -> None:
        """Delete the last values, since a value is missing or not trusted."""
        self._before = self._middle = math.nan, math.nan

    def add(self, value: float, stamp_s: float) -> None:
        """Follow a trusted value with its time of measurement, s, in the order of these times."""
        (t0, y0), (t1, y1) = self._before, self._middle
        self._before, self._middle = self._middle, (stamp_s, value)
        if not (t0 < t1 < stamp_s <= t0 + self._longest_s):
            return
        w = (stamp_s - t1) / (stamp_s - t0)
        residual = y1 - w * y0 - (1.0 - w) * value
        self._follow(residual * residual / (1.0 + w * w + (1.0 - w) * (1.0 - w)))
