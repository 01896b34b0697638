"""Agreement of one position sensor with the model of the vehicle over seconds.

A sensor disagrees with the model if

- it differs by more than `gate_m` from every prediction that began `horizon_s` to half of that ago,
  within the error of the model,
- the unmodelled acceleration that would explain it is above `unmodelled_max_m_s2`,
- the normalised innovations squared of the last `window_s` are above `nis_max` on average.

The check is for a vehicle with one sensor. It does not distinguish the sensor from the actuators,
and a drift that starts slowly is not detected: it equals a change of buoyancy.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

from snn_control.copies import Copied
from snn_control.ranges import require_positive
from snn_control.supervision.motion import Branch
from snn_control.supervision.observer import Innovation, Observer

__all__ = ["ModelFit", "ModelFitConfig"]

FEWEST = 3
"""Minimum number of measurements in a window of time."""


@dataclass(frozen=True)
class ModelFitConfig:
    """Limits of the agreement of measurement and model.

    Raises:
        ParameterError: a limit is not positive.
    """

    gate_m: float = 0.25
    """Maximum difference of measurement and predictions, m."""
    horizon_s: float = 3.0
    """Maximum duration of a prediction, s."""
    model_spread: float = 0.3
    """Error of the modelled acceleration, as a fraction of it."""
    unmodelled_max_m_s2: float = 0.25
    """Maximum unmodelled acceleration, m/s^2."""
    silence_s: float = 0.8
    """Time without a measurement after which predictions start again, s."""
    window_s: float = 1.0
    """Time over which innovations are averaged, s."""
    nis_max: float = 6.0
    """Maximum average of the normalised innovation squared; 1 on average if the model is right."""

    def __post_init__(self) -> None:
        require_positive(vars(self), "ModelFitConfig")


class ModelFit(Copied):
    """Check of the measurements of one position sensor.

    Args:
        observer: observer that these measurements correct.
        config: limits.
    """

    def __init__(self, observer: Observer, config: ModelFitConfig | None = None) -> None:
        self.observer, self.config = observer, config or ModelFitConfig()
        self._branches: list[Branch] = []
        self.reset()

    def reset(self) -> None:
        """Delete all predictions and innovations."""
        while self._branches:
            self.observer.end(self._branches.pop())
        self._normalised: deque[tuple[float, float]] = deque()
        self._last_s = -math.inf

    def disagreement(self, measured_m: float, innovation: Innovation, now_s: float) -> str:
        """Return the difference of a measurement from the model, or an empty string.

        Args:
            measured_m: measured position.
            innovation: its innovation.
            now_s: time of the measurement, on the clock of the observer.
        """
        if now_s - self._last_s > self.config.silence_s:
            self.reset()
        self._last_s = now_s
        window = self._normalised
        window.append((now_s, innovation.normalised))
        while len(window) > FEWEST and now_s - window[0][0] > self.config.window_s:
            window.popleft()
        return self._far_from_prediction(measured_m, now_s) or self._deviation()

    def corrected(self, now_s: float) -> None:
        """Start a prediction every half horizon, and end the oldest, after a correction."""
        branches = self._branches
        if not branches or now_s - branches[-1].start_s >= 0.5 * self.config.horizon_s:
            if len(branches) > 1:
                self.observer.end(branches.pop(0))
            branches.append(self.observer.branch(self.config.model_spread))

    def return_to_model(self) -> None:
        """Continue on the oldest prediction: corrections since its start were wrong."""
        if (oldest := self._oldest()) is not None:
            self.observer.follow(oldest)
        self.reset()

    def _far_from_prediction(self, measured_m: float, now_s: float) -> str:
        branch = self._oldest()
        if branch is None:
            return ""
        sd_m = math.sqrt(branch.variance_m2(now_s - branch.start_s))
        if branch.distance_m(measured_m) <= self.config.gate_m + 2.0 * sd_m:
            return ""
        return f"the model predicts {branch.position_m:.2f} m after the commands sent"

    def _deviation(self) -> str:
        """Return the reason why the filter does not fit the measurements, or an empty string."""
        config, window = self.config, self._normalised
        unmodelled_m_s2 = self.observer.unmodelled_m_s2
        if abs(unmodelled_m_s2) > config.unmodelled_max_m_s2:
            return (
                f"the vehicle then does not follow the commands, by {unmodelled_m_s2:+.2f} m/s^2: "
                "is the sensor stuck, or is it another vehicle?"
            )
        full = len(window) > FEWEST and window[-1][0] - window[0][0] > 0.8 * config.window_s
        average = sum(normalised for _, normalised in window) / len(window)
        if not full or average <= config.nis_max:
            return ""
        return (
            f"the values of {config.window_s:g} s deviate from the model by {average:.1f} times "
            "the expected variance: is the sensor delayed?"
        )

    def _oldest(self) -> Branch | None:
        return self._branches[0] if self._branches else None
