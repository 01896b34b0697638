"""Synchroniser of streams: sets of messages with close stamps, ages, and time-out events.

A set has one message of each stream; the stamps differ by at most `skew_s`, and none is older than
the maximum age of its stream. No function of the caller is called, so that an exception of the
caller leaves the state complete. Stamps and the clock are on one time scale.
"""

from __future__ import annotations

import math
from bisect import insort
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from snn_control.copies import Copied
from snn_control.errors import ParameterError, UnknownNameError

__all__ = ["Event", "EventKind", "Stamped", "StreamLimits", "Synchroniser"]

V = TypeVar("V")


class EventKind(StrEnum):
    """Kind of an event of a stream."""

    TIMED_OUT = "timed out"
    """No message for the time-out."""
    RETURNED = "returned"
    """First message after a time-out."""
    OLD = "older than its maximum age"
    """Message refused: its stamp is too old."""
    FUTURE = "from the future"
    """Message refused: its stamp is ahead of the clock, or not finite."""


@dataclass(frozen=True)
class Event:
    """Event of one stream."""

    stream: str
    """Name of the stream."""
    kind: EventKind
    """Kind of the event."""
    at_s: float
    """Time of the event, s."""


@dataclass(frozen=True)
class StreamLimits:
    """Limits of one stream.

    Raises:
        ParameterError: a limit is not positive.
    """

    max_age_s: float
    """Maximum age of a message in a set, s."""
    timeout_s: float
    """Time without a message after which the stream has timed out, s."""

    def __post_init__(self) -> None:
        if not (self.max_age_s > 0.0 and self.timeout_s > 0.0):
            raise ParameterError(
                f"max_age_s {self.max_age_s:g}, timeout_s {self.timeout_s:g}; expected positive "
                "times"
            )


@dataclass(frozen=True, order=True)
class Stamped(Generic[V]):
    """Message with its stamp."""

    stamp_s: float
    """Time of the measurement, s."""
    value: V
    """Content."""


class Synchroniser(Copied, Generic[V]):
    """Queues of the newest messages of each stream.

    Args:
        limits: limits by stream.
        skew_s: maximum difference of the stamps of a set, s.
        future_s: time by which a stamp may be ahead of the clock, s.
        depth: messages kept of each stream, at least 1.

    Raises:
        ParameterError: a value is out of its range.
    """

    def __init__(
        self,
        limits: Mapping[str, StreamLimits],
        skew_s: float,
        future_s: float = 0.05,
        depth: int = 16,
    ) -> None:
        if depth < 1 or not skew_s >= 0.0 or not future_s >= 0.0:
            raise ParameterError(
                f"skew_s {skew_s:g}, future_s {future_s:g}, depth {depth}; expected times of at "
                "least 0 and a positive depth"
            )
        self.limits = dict(limits)
        self._skew_s, self._future_s, self._depth = skew_s, future_s, depth
        self.reset()

    def reset(self) -> None:
        """Delete all messages and events; time-outs are measured from the next clock."""
        self._queues: dict[str, list[Stamped[V]]] = {name: [] for name in self.limits}
        self._received_s = dict.fromkeys(self.limits, math.nan)
        self._timed_out: set[str] = set()
        self._events: list[Event] = []

    def put(self, stream: str, stamp_s: float, value: V, now_s: float) -> dict[str, Stamped[V]]:
        """Add a message; return the set that it completes, or an empty dictionary.

        Of each other stream the message with the closest stamp is taken. Messages of a set, and
        older ones, take part in no further set.

        Args:
            stream: name of the stream.
            stamp_s: time of the measurement, s.
            value: content.
            now_s: present time, s.

        Raises:
            UnknownNameError: no such stream; with the closest names.
        """
        if not self.admits(stream, stamp_s, now_s):
            return {}
        queue = self._queues[stream]
        insort(queue, Stamped(stamp_s, value), key=lambda message: message.stamp_s)
        del queue[: -self._depth]
        self._drop_old(now_s)
        return self._matched(stream, stamp_s)

    def admits(self, stream: str, stamp_s: float, now_s: float) -> bool:
        """Register a message; return False, with an event, if its stamp is old or in the future.

        For a caller that needs no sets. Arguments and errors are those of `put`.
        """
        if stream not in self.limits:
            raise UnknownNameError("stream", stream, self.limits)
        self._received_s[stream] = now_s
        if stream in self._timed_out:
            self._timed_out.discard(stream)
            self._events.append(Event(stream, EventKind.RETURNED, now_s))
        if not stamp_s <= now_s + self._future_s:
            self._events.append(Event(stream, EventKind.FUTURE, now_s))
            return False
        if now_s - stamp_s > self.limits[stream].max_age_s:
            self._events.append(Event(stream, EventKind.OLD, now_s))
            return False
        return True

    def events(self, now_s: float) -> list[Event]:
        """Return the events since the last call; a stream times out once until it returns."""
        for name, limits in self.limits.items():
            if math.isnan(self._received_s[name]):
                self._received_s[name] = now_s
            silent_s = now_s - self._received_s[name]
            if silent_s < 0.0:  # the clock was set back
                self._received_s[name] = now_s
            elif silent_s > limits.timeout_s and name not in self._timed_out:
                self._timed_out.add(name)
                self._events.append(Event(name, EventKind.TIMED_OUT, now_s))
        events, self._events = self._events, []
        return events

    def age_s(self, stream: str, now_s: float) -> float:
        """Return the age of the newest message of a stream; infinite if there is none."""
        queue = self._queues[stream]
        return now_s - queue[-1].stamp_s if queue else math.inf

    def newest(self, stream: str, now_s: float) -> Stamped[V] | None:
        """Return the newest message of a stream; None if it is older than its maximum age."""
        self._drop_old(now_s)
        queue = self._queues[stream]
        return queue[-1] if queue else None

    @property
    def timed_out(self) -> frozenset[str]:
        """Streams that have timed out, by the last call of `events`."""
        return frozenset(self._timed_out)

    def _drop_old(self, now_s: float) -> None:
        for name, queue in self._queues.items():
            oldest_s = now_s - self.limits[name].max_age_s
            while queue and queue[0].stamp_s < oldest_s:
                queue.pop(0)

    def _matched(self, stream: str, stamp_s: float) -> dict[str, Stamped[V]]:
        chosen: dict[str, Stamped[V]] = {}
        for name, queue in self._queues.items():
            if not queue:
                return {}
            chosen[name] = min(queue, key=lambda message: abs(message.stamp_s - stamp_s))
        stamps = [message.stamp_s for message in chosen.values()]
        if max(stamps) - min(stamps) > self._skew_s:
            return {}
        for name, message in chosen.items():
            queue = self._queues[name]
            del queue[: queue.index(message) + 1]
        return chosen
