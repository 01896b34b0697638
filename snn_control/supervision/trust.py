"""Trust gate of one stream: closes on evidence of a fault, reopens on consistent messages.

A closed gate keeps the measurements of its stream from the observer. It closes if

- a value is not finite or outside the limits,
- a message is older than `max_age_s`,
- the innovation exceeds both `closing_sigma` standard deviations and `closing_floor`, `in_a_row`
  times in a row, or `at_once` once,
- a value is repeated bit for bit for `identical_s`,

and reopens after `reopen_count` messages in a row within `reopen_sigma` standard deviations, of
which the first has another value than the one before. As the variance of the estimate grows without
the sensor, a gate that reopened at its closing limit would accept a constant bias. A value repeated
for `repeat_s` is trusted, but does not correct the observer: it may be the hover of a quantised
sensor.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from snn_control.copies import Copied
from snn_control.errors import ParameterError
from snn_control.supervision.monitors.age import Age
from snn_control.supervision.monitors.identity import Identity
from snn_control.supervision.monitors.limits import Limits
from snn_control.supervision.monitors.monitor import Sample

__all__ = ["TrustConfig", "TrustGate", "Verdict"]


@dataclass(frozen=True)
class TrustConfig:
    """Limits of the gate of a stream.

    Raises:
        ParameterError: a limit is out of its range.
    """

    low: float
    """Smallest plausible value."""
    high: float
    """Largest plausible value."""
    closing_floor: float
    """Innovation below which nothing counts as a contradiction, in the unit of the stream."""
    at_once: float
    """Innovation that closes at once, in the unit of the stream."""
    closing_sigma: float = 5.0
    """Innovation that counts as a contradiction, standard deviations."""
    reopen_sigma: float = 2.5
    """Largest innovation of a consistent message while closed, standard deviations."""
    in_a_row: int = 2
    """Contradictions in a row that close the gate."""
    reopen_count: int = 5
    """Consistent messages in a row that reopen it."""
    max_age_s: float = 0.3
    """Maximum age of a message at its delivery, s."""
    silence_s: float = 0.35
    """Time without a message after which the stream is silent, s."""
    identical_s: float = 2.2
    """Time for which a value may be repeated, s; infinite for a sensor without noise."""
    repeat_s: float = 0.8
    """Time for which a repeated value corrects the observer, s."""

    def __post_init__(self) -> None:
        positive = ("closing_sigma", "reopen_sigma", "max_age_s", "silence_s", "repeat_s")
        for name in positive:
            if not 0.0 < getattr(self, name) < math.inf:
                raise ParameterError(f"{name} is {getattr(self, name):g}; expected positive")
        if not 0.0 <= self.closing_floor <= self.at_once:
            raise ParameterError(
                f"closing_floor {self.closing_floor:g}, at_once {self.at_once:g}; expected "
                "ascending values of at least 0"
            )
        if self.reopen_sigma > self.closing_sigma:
            raise ParameterError(
                f"reopen_sigma {self.reopen_sigma:g} is above closing_sigma "
                f"{self.closing_sigma:g}: the gate would reopen on what closed it"
            )
        if self.in_a_row < 1 or self.reopen_count < 1 or not self.identical_s > self.repeat_s:
            raise ParameterError(
                f"in_a_row {self.in_a_row}, reopen_count {self.reopen_count}, identical_s "
                f"{self.identical_s:g}: expected counts of at least 1, and identical_s above "
                f"repeat_s {self.repeat_s:g}"
            )


@dataclass(frozen=True)
class Verdict:
    """Result of judging one message."""

    fuse: bool
    """True if it may correct the observer."""
    reason: str
    """Evidence against it; empty for a trusted message."""


class TrustGate(Copied):
    """Gate of one stream.

    Args:
        config: limits.
    """

    def __init__(self, config: TrustConfig) -> None:
        self.config = config
        self._limits = Limits(config.low, config.high)
        self._identity, self._age = Identity(), Age()
        self.reset()

    def reset(self) -> None:
        """Open the gate and delete all evidence."""
        self._identity.reset()
        self._age.reset()
        self._delivered_s = math.nan
        self._repeated_s = 0.0
        self._contradictions = self._consistent = 0
        self.reason = ""
        """Evidence that closed the gate; empty while it is open."""
        self.closed_s = math.nan
        """Time of the last closing, s."""

    @property
    def trusted(self) -> bool:
        """True while the gate is open."""
        return not self.reason

    def silent(self, now_s: float) -> bool:
        """Return True if no message was delivered for `silence_s`."""
        return not now_s - self._delivered_s <= self.config.silence_s

    def judge(self, sample: Sample) -> Verdict:
        """Judge a message; an observer that has started passes its innovation."""
        evidence = self._evidence(sample)
        self._delivered_s = sample.now_s
        if evidence:
            self._consistent = 0
            if not self.reason:
                self.closed_s = sample.now_s
            self.reason = evidence
            return Verdict(False, evidence)
        if self.reason:
            return self._while_closed(sample)
        if self._contradictions:
            return Verdict(False, "contradiction, not confirmed yet")
        return Verdict(self._repeated_s <= self.config.repeat_s, "")

    def _evidence(self, sample: Sample) -> str:
        """Return the evidence of a fault by one message, or an empty string."""
        config, value = self.config, sample.value
        if self._limits.sample(sample) > 0.0:
            return f"value {value:g} is outside {config.low:g} to {config.high:g}"
        age_s = self._age.sample(sample)
        if age_s > config.max_age_s:
            return f"{age_s:.2f} s old at its delivery"
        self._repeated_s = self._identity.sample(sample)
        if self._repeated_s > config.identical_s:
            return f"stuck at {value:g} for {self._repeated_s:.1f} s"
        if sample.innovation is None:
            return ""
        size, sd = abs(sample.innovation.value_m), sample.innovation.sd_m
        far = not size <= max(config.closing_sigma * sd, config.closing_floor)
        self._contradictions = self._contradictions + 1 if far else 0
        if far and (self._contradictions >= config.in_a_row or not size <= config.at_once):
            return f"value {value:g} differs by {size:.2f} from the estimate, {size / sd:.1f} sigma"
        return ""

    def _while_closed(self, sample: Sample) -> Verdict:
        innovation, changed = sample.innovation, self._repeated_s == 0.0
        consistent = innovation is None or (
            abs(innovation.value_m) <= self.config.reopen_sigma * innovation.sd_m
        )
        # The first message is a new value; a quantised sensor may repeat it.
        counted = consistent and (changed or self._consistent > 0)
        self._consistent = self._consistent + 1 if counted else 0
        if self._consistent < self.config.reopen_count:
            return Verdict(False, f"not trusted again yet after: {self.reason}")
        self.reason, self._consistent = "", 0
        return Verdict(True, "")
