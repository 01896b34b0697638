"""Trust gate of one stream: closes on evidence of a fault, reopens on consistent messages.

A closed gate keeps the measurements of its stream from the observer. It closes if

- a value is not finite or outside the limits,
- messages are older than `max_age_s` at their delivery for `late_s`,
- the innovation exceeds both `closing_sigma` standard deviations and `closing_floor`, `in_a_row`
  times in a row, or `at_once` once,
- a value is repeated bit for bit for `identical_s`,
- its caller has evidence of another kind,

and reopens after `reopen_count` messages in a row within `reopen_sigma` standard deviations, of
which the first has another value than the one before, and whose innovations differ by at most twice
`closing_floor`: a stuck sensor does not move with the vehicle. After late messages alone the first
may have the same value. After `slow_reopen_count` messages somewhat farther away it reopens as
well. As the variance of the estimate grows without the sensor, a gate that reopened at its closing
limit would accept a constant bias. A value repeated for `repeat_s` is trusted, but does not correct
the observer: it may be the hover of a quantised sensor. If a run of equal values closed the gate
and all of them agreed with the estimate, the sensor is one without noise: `quiet_identical_s`
applies from then on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from snn_control.copies import Copied
from snn_control.errors import ParameterError
from snn_control.supervision.monitors.monitor import Sample
from snn_control.supervision.observer import Innovation

__all__ = ["TrustConfig", "TrustGate", "Verdict"]


LONG_GAP_S = 1.0
"""Gap between messages above which it counts for no run of equal values, s."""


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
    reopen_limit: float = math.inf
    """The same in the unit of the stream."""
    in_a_row: int = 2
    """Contradictions in a row that close the gate."""
    reopen_count: int = 5
    """Consistent messages in a row that reopen it."""
    slow_reopen_sigma: float = 4.0
    """Largest innovation of a message that counts for the slow reopening, standard deviations."""
    slow_reopen: float = 0.25
    """The same in the unit of the stream."""
    slow_reopen_count: int = 40
    """Messages in a row within these limits that reopen the gate: the estimate may have drifted."""
    max_age_s: float = 0.3
    """Maximum age of a message at its delivery, s; an older one does not correct the observer."""
    late_s: float = 0.25
    """Time of late deliveries that closes the gate, s; a burst after a gap is shorter."""
    silence_s: float = 0.35
    """Time without a message after which the stream is silent, s."""
    identical_s: float = 2.2
    """Time for which a value may be repeated, s."""
    quiet_identical_s: float = 4.0
    """Time for which a sensor without noise may repeat its value, s."""
    repeat_s: float = 0.8
    """Time for which a repeated value corrects the observer, s."""

    def __post_init__(self) -> None:
        for name in ("closing_sigma", "reopen_sigma", "max_age_s", "silence_s", "repeat_s"):
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
        if self.in_a_row < 1 or self.reopen_count < 1 or not self.late_s >= 0.0:
            raise ParameterError(
                f"in_a_row {self.in_a_row}, reopen_count {self.reopen_count}, late_s "
                f"{self.late_s:g}: expected counts of at least 1 and a time of at least 0"
            )
        if not self.repeat_s < self.identical_s <= self.quiet_identical_s:
            raise ParameterError(
                f"repeat_s {self.repeat_s:g}, identical_s {self.identical_s:g}, quiet_identical_s "
                f"{self.quiet_identical_s:g}: expected ascending times"
            )


class Verdict(NamedTuple):
    """Result of judging one message."""

    fuse: bool
    """True if it may correct the observer."""
    reason: str
    """Evidence against it; empty for a trusted message."""


_ACCEPTED = Verdict(True, "")
_UNUSED = Verdict(False, "")
_UNCONFIRMED = Verdict(False, "contradiction, not confirmed yet")


class TrustGate(Copied):
    """Gate of one stream.

    Args:
        config: limits.
    """

    def __init__(self, config: TrustConfig) -> None:
        self.config = config
        self.reset()

    def reset(self) -> None:
        """Open the gate and delete all evidence."""
        self._value = self._since_s = self._stamp_s = math.nan
        self._delivered_s = self._late_since_s = math.nan
        self._contradictions = self._consistent = self._slowly = 0
        self._first_innovation = 0.0
        self._only_late = False
        """True if the gate is closed by late messages alone: the values may be right."""
        self._identical_s = self.config.identical_s
        self._agrees = True
        """True while all values of the present run of equal ones agree with the estimate."""
        self.reason = ""
        """Evidence that closed the gate; empty while it is open."""
        self.closed_s = math.nan
        """Time of the last closing, s."""
        self.closings = 0
        """Number of closings."""
        self.contradicts = False
        """True while it is closed because of innovations."""

    @property
    def trusted(self) -> bool:
        """True while the gate is open."""
        return not self.reason

    def silent(self, now_s: float, silence_s: float | None = None) -> bool:
        """Return True if no message was delivered for a time, by default `silence_s`."""
        longest_s = self.config.silence_s if silence_s is None else silence_s
        return not now_s - self._delivered_s <= longest_s

    def doubt(self, now_s: float) -> str:
        """Return the reason not to use the stream, or an empty string."""
        return self.reason or ("silent" if self.silent(now_s) else "")

    def level(self, now_s: float) -> float:
        """Return 1 for a trusted stream, 0.5 for a silent one, 0 for one that is not trusted."""
        if self.reason:
            return 0.0
        return 0.5 if self.silent(now_s) else 1.0

    def close(self, evidence: str, now_s: float, late: bool = False) -> Verdict:
        """Close the gate; the reason of a closed one remains the first evidence.

        Args:
            evidence: evidence against the stream.
            now_s: present time, s.
            late: True if messages are late, which does not show that their values are wrong.
        """
        self._consistent = self._slowly = 0
        self._only_late = late and (self._only_late or not self.reason)
        if not self.reason:
            self.closed_s, self.reason = now_s, evidence
            self.closings += 1
        return Verdict(False, evidence)

    def open(self) -> None:
        """Open the gate: its evidence was explained."""
        self.reason, self.contradicts, self._only_late = "", False, False
        self._contradictions = self._consistent = self._slowly = 0

    def judge(
        self,
        sample: Sample,
        tolerated: float = 0.0,
        limit: float | None = None,
        identical_s: float | None = None,
        reopen_count: int | None = None,
    ) -> Verdict:
        """Judge a message; an observer that has started passes its innovation.

        Args:
            sample: message with its innovation.
            tolerated: size of an innovation up to which it is consistent, since another sensor
                explains it.
            limit: replaces the limits of innovations, in the unit of the stream.
            identical_s: replaces `identical_s` of the configuration, s; infinite: a healthy sensor
                repeats its value.
            reopen_count: replaces `reopen_count` of the configuration.
        """
        config, (now_s, stamp_s, value, innovation) = self.config, sample
        self._delivered_s = now_s
        if not config.low <= value <= config.high:
            return self.close(
                f"value {value:g} is outside {config.low:g} to {config.high:g}", now_s
            )
        if now_s - stamp_s > config.max_age_s:
            return self._late(now_s, stamp_s)
        self._late_since_s = math.nan
        size, sd = 0.0, math.inf
        if innovation is not None:
            size, sd = abs(innovation.value), innovation.sd
        changed, repeated_s = value != self._value, self._repeated(value, stamp_s, size)
        if repeated_s > (self._identical_s if identical_s is None else identical_s):
            return self.close(f"stuck at {value:g} for {repeated_s:.1f} s", now_s)
        if innovation is not None:
            if limit is None:
                limit = max(config.closing_sigma * sd, config.closing_floor)
            far = not size <= max(limit, tolerated)
            self._contradictions = self._contradictions + 1 if far else 0
            if far and (self._contradictions >= config.in_a_row or not size <= config.at_once):
                evidence = f"value {value:g} differs by {size:.2f} from the estimate"
                verdict = self.close(f"{evidence}, {size / sd:.1f} sigma", now_s)
                self.contradicts = True
                return verdict
        if self.reason:
            moves = changed or self._only_late
            return self._while_closed(size / sd, innovation, moves, reopen_count)
        if self._contradictions:
            return _UNCONFIRMED
        return _ACCEPTED if repeated_s <= config.repeat_s or identical_s == math.inf else _UNUSED

    def _repeated(self, value: float, stamp_s: float, size: float) -> float:
        """Return the duration of the run of equal values, s, between stamps."""
        config = self.config
        if stamp_s - self._stamp_s > LONG_GAP_S:
            self._since_s += stamp_s - self._stamp_s
        self._stamp_s = stamp_s
        if value != self._value:
            run_s = stamp_s - self._since_s
            if self._agrees and run_s > self._identical_s:
                self._identical_s = config.quiet_identical_s
            self._value, self._since_s, self._agrees = value, stamp_s, True
        self._agrees = self._agrees and size <= config.closing_floor
        return stamp_s - self._since_s

    def _late(self, now_s: float, stamp_s: float) -> Verdict:
        """Close the gate if messages have been late for some time."""
        if math.isnan(self._late_since_s):
            self._late_since_s = now_s
        if not self.reason and now_s - self._late_since_s < self.config.late_s:
            return _UNUSED
        return self.close(f"{now_s - stamp_s:.2f} s old at its delivery", now_s, late=True)

    def _while_closed(
        self, sigmas: float, innovation: Innovation | None, changed: bool, count: int | None
    ) -> Verdict:
        """Count consistent messages, of which the first has a new value."""
        config, value = self.config, 0.0 if innovation is None else innovation.value
        if not self._slowly:
            self._first_innovation = value
        moved_along = abs(value - self._first_innovation) <= 2.0 * config.closing_floor
        nearly = sigmas <= config.slow_reopen_sigma and abs(value) <= config.slow_reopen
        near = sigmas <= config.reopen_sigma and abs(value) <= config.reopen_limit
        self._slowly = _counted(self._slowly, (near or nearly) and moved_along, changed)
        self._consistent = _counted(self._consistent, near and moved_along, changed)
        reopens = self._consistent >= (count or config.reopen_count)
        if not reopens and self._slowly < config.slow_reopen_count:
            return Verdict(False, f"not trusted again yet after: {self.reason}")
        self.open()
        return _ACCEPTED


def _counted(count: int, consistent: bool, changed: bool) -> int:
    return count + 1 if consistent and (changed or count > 0) else 0
