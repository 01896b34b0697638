"""Checks of stamps of measurements: repeated, out of order, delayed, from the future, restarted.

Delayed measurements arrive in a burst after a gap (10 ms apart on the blimp of arXiv:2309.12937).
They are late, not missed: missed measurements of a gap are counted after the burst.
"""

from __future__ import annotations

import math
from enum import StrEnum
from typing import NamedTuple

from snn_control.copies import Copied

__all__ = ["CLOCK_DRIFT", "NS", "StampCheck", "StampFault", "StampVerdict"]

NS = 1_000_000_000
CLOCK_DRIFT = 1e-3
"""Maximum drift of two clocks against each other, s/s."""


class StampFault(StrEnum):
    """Fault of a stamp."""

    UNSET = "not set"
    REPEATED = "repeated"
    BACKWARDS = "jumped back"
    RESTARTED = "time restarted"
    FORWARDS = "jumped ahead"
    FUTURE = "from the future"
    OLD = "too old"
    DELAYED = "delayed"


class StampVerdict(NamedTuple):
    """Result of checking one stamp."""

    fault: StampFault | None
    """Fault of the stamp; None if the measurement can be used."""
    dt_s: float
    """Time since the last usable measurement, s; the nominal period if there was none, also after
    `begin` and after a restart."""
    missed: int
    """Number of measurements expected in the gap before the last one, by the nominal period, that
    did not arrive, not even later in a burst."""
    delay_s: float = 0.0
    """Delay beyond the shortest one so far, s; 0 in simulated time."""


class StampCheck(Copied):
    """Check of a sequence of stamps.

    Args:
        period_s: nominal time between measurements.
        future_s: maximum time by which a stamp may be ahead of the clock.
        restart_s: a jump back by more is a restart of simulated time; a jump ahead by more than
            this plus the elapsed monotonic time is a clock that was set. After either, the next
            usable measurement counts as the first.
        max_age_s: maximum age of a stamp; 0 disables the check.
        max_delay_s: maximum delay beyond the shortest one so far, for clocks that differ; 0
            disables the check. The shortest delay grows by `CLOCK_DRIFT`, so that clocks may drift.
    """

    def __init__(
        self,
        period_s: float,
        *,
        future_s: float = 0.1,
        restart_s: float = 1.0,
        max_age_s: float = 0.0,
        max_delay_s: float = 0.0,
    ) -> None:
        self.period_s = period_s
        self._future_ns = round(future_s * NS)
        self._restart_ns = round(restart_s * NS)
        self._max_age_ns = round(max_age_s * NS)
        self._max_delay_s = max_delay_s
        self.reset()

    def reset(self) -> None:
        """Reset the last stamp and the counts."""
        self._last_ns: int | None = None
        self._used_ns: int | None = None
        self._before_ns: int | None = None
        self._shortest_s: float | None = None
        self._compared_s: float | None = None
        self._last_s: float | None = None
        self.begin()
        self.counts = dict.fromkeys(StampFault, 0)

    def begin(self) -> None:
        """Treat the next usable measurement as the first; repeated stamps are still refused."""
        self._first, self._gap = True, 0
        self._used_ns = self._before_ns = None
        self._shortest_s = self._compared_s = None

    def judge(
        self, stamp_ns: int, clock_ns: int, usable: bool = True, now_s: float | None = None
    ) -> StampVerdict:
        """Judge one stamp; only a stamp without fault replaces the last one.

        Args:
            stamp_ns: stamp of the measurement.
            clock_ns: present time of the same clock.
            usable: True if the value of the measurement can be used. Otherwise the measurement
                counts as received, and `dt_s` still counts from the last usable one.
            now_s: monotonic time; None if simulated time runs at another rate.
        """
        fault, last_ns = self._fault(stamp_ns, clock_ns, now_s), self._last_ns
        delay_s = 0.0
        if fault is None and now_s is not None:
            delay_s = self._delay_s(stamp_ns, now_s)
            if self._max_delay_s and delay_s > self._max_delay_s:
                fault = StampFault.DELAYED
        if fault is not None:
            self.counts[fault] += 1
            if fault is StampFault.BACKWARDS:  # the other clock may have been set back
                self._shortest_s = None
            if fault in (StampFault.RESTARTED, StampFault.FORWARDS):
                self._last_ns, self._last_s = stamp_ns, now_s
                self.begin()
            return StampVerdict(fault, self.period_s, 0, delay_s)
        self._last_ns, self._last_s, used_ns = stamp_ns, now_s, self._used_ns
        self._before_ns = used_ns
        if usable:
            self._used_ns = stamp_ns
        dt_s = self.period_s if used_ns is None else (stamp_ns - used_ns) / NS
        if self._first or last_ns is None:
            self._first = False
            return StampVerdict(None, dt_s, 0, delay_s)
        return StampVerdict(None, dt_s, self._missed((stamp_ns - last_ns) / NS), delay_s)

    def discard(self) -> None:
        """Treat the last measurement as unusable: the next `dt_s` counts from the one before."""
        self._used_ns = self._before_ns

    def _delay_s(self, stamp_ns: int, now_s: float) -> float:
        """Return the delay beyond the shortest one; a refused delay does not count as drift."""
        offset_s = now_s - stamp_ns / NS
        if self._shortest_s is None or self._compared_s is None:
            self._shortest_s = offset_s
        drift_s = 0.0 if self._compared_s is None else CLOCK_DRIFT * (now_s - self._compared_s)
        delay_s = max(offset_s - self._shortest_s, 0.0)
        if not self._max_delay_s or delay_s <= self._max_delay_s:
            self._shortest_s = min(self._shortest_s + drift_s, offset_s)
        self._compared_s = now_s
        return delay_s

    def _missed(self, gap_s: float) -> int:
        periods = round(gap_s / self.period_s)
        if not periods:
            self._gap = max(self._gap - 1, 0)
            return 0
        missed, self._gap = self._gap, periods - 1
        return missed

    def _fault(self, stamp_ns: int, clock_ns: int, now_s: float | None) -> StampFault | None:
        if stamp_ns <= 0:
            return StampFault.UNSET
        if stamp_ns > clock_ns + self._future_ns:
            return StampFault.FUTURE
        if self._max_age_ns and stamp_ns < clock_ns - self._max_age_ns:
            return StampFault.OLD
        if self._last_ns is None:
            return None
        if stamp_ns > self._last_ns:
            passed_ns = (now_s - self._last_s) * NS if now_s and self._last_s else math.inf
            ahead_ns = stamp_ns - self._last_ns - passed_ns
            return StampFault.FORWARDS if ahead_ns > self._restart_ns else None
        if stamp_ns == self._last_ns:
            return StampFault.REPEATED
        if self._last_ns - stamp_ns > self._restart_ns:
            return StampFault.RESTARTED
        return StampFault.BACKWARDS
