"""Injected faults of the streams between sensors, controller and actuators.

The kinds are the failure types of the `failure` command of PX4
(https://docs.px4.io/main/en/debug/failure_injection.html):

| kind | effect on a stream |
|---|---|
| `ok` | none |
| `off` | no message; an actuator receives its rest value |
| `stuck` | values of the last message before the fault, with moving stamps |
| `garbage` | values uniform in the range of the channel, some of them NaN or infinite |
| `wrong` | values times `factor` plus `offset`, clipped to the range of the channel |
| `slow` | at most `rate_hz` messages a second |
| `delayed` | messages `delay_s` late, with their own stamps |
| `intermittent` | on and off for random times with the means `on_s` and `off_s` |
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.config import from_mapping
from snn_control.copies import Copied
from snn_control.errors import ConfigError, ParameterError, UnknownNameError
from snn_control.ranges import require_positive

__all__ = [
    "Channel",
    "Fault",
    "FaultKind",
    "FaultyStream",
    "FaultyStreams",
    "Message",
    "no_effect",
    "read_faults",
]

FloatArray = npt.NDArray[np.float64]


class FaultKind(StrEnum):
    """Kind of a fault."""

    OK = "ok"
    OFF = "off"
    STUCK = "stuck"
    GARBAGE = "garbage"
    WRONG = "wrong"
    SLOW = "slow"
    DELAYED = "delayed"
    INTERMITTENT = "intermittent"


@dataclass(frozen=True)
class Channel:
    """Stream that faults can be injected into."""

    name: str
    """Name in fault files."""
    low: float
    """Smallest value of the range."""
    high: float
    """Largest value of the range."""
    rest: float | None = None
    """Value that an actuator has without commands; None: a sensor."""

    def __post_init__(self) -> None:
        if not -math.inf < self.low < self.high < math.inf:
            raise ParameterError(
                f"channel {self.name}: range {self.low:g} to {self.high:g}; expected finite "
                "limits in ascending order"
            )


@dataclass(frozen=True)
class Fault:
    """Fault of one channel during an interval.

    Raises:
        ParameterError: the interval is empty or backwards, or a value is out of its range.
    """

    channel: str
    """Name of the channel."""
    kind: FaultKind
    """Kind of the fault."""
    start_s: float = 0.0
    """Start, s."""
    stop_s: float = math.inf
    """End, s; infinite: to the end of the run."""
    seed: int = 0
    """Seed of the random values."""
    offset: float = 0.0
    """Added to values by `wrong`, in the unit of the channel."""
    factor: float = 1.0
    """Factor of values by `wrong`."""
    not_finite: float = 0.1
    """Share of values that are NaN or infinite by `garbage`."""
    rate_hz: float = 2.0
    """Highest rate of messages by `slow`, Hz."""
    delay_s: float = 0.5
    """Delay of messages by `delayed`, s."""
    on_s: float = 1.0
    """Mean time with messages by `intermittent`, s."""
    off_s: float = 1.0
    """Mean time without messages by `intermittent`, s."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", FaultKind(self.kind))
        if not 0.0 <= self.start_s < self.stop_s:
            raise ParameterError(
                f"fault {self.kind} of {self.channel}: from {self.start_s:g} to {self.stop_s:g} s; "
                "expected a start of at least 0 and a later end"
            )
        positive = ("rate_hz", "delay_s", "on_s", "off_s")
        require_positive(
            {name: getattr(self, name) for name in positive}, f"fault of {self.channel}"
        )
        if not 0.0 <= self.not_finite <= 1.0:
            raise ParameterError(f"fault of {self.channel}: not_finite is {self.not_finite:g}")
        if not (math.isfinite(self.offset) and math.isfinite(self.factor)):
            raise ParameterError(f"fault of {self.channel}: offset or factor is not finite")
        if self.kind is FaultKind.WRONG and self.offset == 0.0 and self.factor == 1.0:
            raise ParameterError(f"fault wrong of {self.channel}: set offset or factor")
        if self.seed < 0:
            raise ParameterError(f"fault of {self.channel}: seed is {self.seed}")


@dataclass(frozen=True, eq=False)
class Message:
    """Message of a stream."""

    stamp_s: float
    """Time of the measurement or command, s."""
    values: FloatArray
    """Values, shape (n,)."""
    source: Any = None
    """Object that the values were read from; faults carry it along unchanged."""


class FaultyStream(Copied):
    """Stream of one channel with its faults, of which at most one is active at a time.

    Args:
        channel: channel.
        faults: faults of this channel, in any order.

    Raises:
        ParameterError: two faults overlap, or one is of another channel.
    """

    def __init__(self, channel: Channel, faults: Sequence[Fault]) -> None:
        self.channel = channel
        self.faults = tuple(sorted(faults, key=lambda fault: fault.start_s))
        for before, after in itertools.pairwise(self.faults):
            if after.start_s < before.stop_s:
                raise ParameterError(
                    f"faults {before.kind} and {after.kind} of {channel.name} overlap: the first "
                    f"ends at {before.stop_s:g} s, the second starts at {after.start_s:g} s"
                )
        for fault in self.faults:
            if fault.channel != channel.name:
                raise ParameterError(
                    f"fault {fault.kind} is of {fault.channel}, not of {channel.name}"
                )
        self._drawn = [np.random.default_rng(fault.seed) for fault in self.faults]
        self.changed = [0] * len(self.faults)
        """Messages that each fault has changed, delayed or dropped."""
        self._healthy: FloatArray | None = None
        self._slow_s = -math.inf
        self._on, self._switch_s = True, -math.inf
        self._late: list[tuple[float, int, Message]] = []
        self._order = itertools.count()

    def put(self, message: Message, now_s: float) -> list[Message]:
        """Return the messages that are delivered when `message` arrives, due ones first.

        Args:
            message: message of the source.
            now_s: time of its arrival, s; must not decrease.
        """
        delivered = self.due(now_s)
        k = self._active(now_s)
        if k is None or self.faults[k].kind is FaultKind.OK:
            self._healthy = message.values.copy()
            return [*delivered, message]
        changed = self._changed(k, message, now_s)
        if len(changed) != 1 or changed[0] is not message:
            self.changed[k] += 1
        return [*delivered, *changed]

    def due(self, now_s: float) -> list[Message]:
        """Return delayed messages whose time of delivery has come."""
        messages = []
        while self._late and self._late[0][0] <= now_s:
            messages.append(heapq.heappop(self._late)[2])
        return messages

    def without_effect(self, now_s: float) -> list[Fault]:
        """Return the faults that have begun and have changed no message."""
        return [
            fault
            for fault, count in zip(self.faults, self.changed, strict=True)
            if fault.kind is not FaultKind.OK and fault.start_s <= now_s and not count
        ]

    def _active(self, now_s: float) -> int | None:
        for k, fault in enumerate(self.faults):
            if fault.start_s <= now_s < fault.stop_s:
                return k
        return None

    def _changed(self, k: int, message: Message, now_s: float) -> list[Message]:
        """Return the messages in place of one, under fault `k`."""
        fault, rng = self.faults[k], self._drawn[k]
        match fault.kind:
            case FaultKind.OFF:
                return self._silence(message)
            case FaultKind.STUCK:
                if self._healthy is None:
                    self._healthy = message.values.copy()
                return [replace(message, values=self._healthy.copy())]
            case FaultKind.GARBAGE:
                return [replace(message, values=self._garbage(fault, rng, len(message.values)))]
            case FaultKind.WRONG:
                values = fault.factor * message.values + fault.offset
                limits = self.channel.low, self.channel.high
                return [replace(message, values=np.clip(values, *limits))]
            case FaultKind.SLOW:
                if now_s - self._slow_s < 1.0 / fault.rate_hz:
                    return []
                self._slow_s = now_s
                return [message]
            case FaultKind.DELAYED:
                heapq.heappush(self._late, (now_s + fault.delay_s, next(self._order), message))
                return []
            case FaultKind.INTERMITTENT:
                return [message] if self._is_on(fault, rng, now_s) else self._silence(message)
        raise AssertionError(fault.kind)

    def _silence(self, message: Message) -> list[Message]:
        if self.channel.rest is None:
            return []
        return [replace(message, values=np.full_like(message.values, self.channel.rest))]

    def _garbage(self, fault: Fault, rng: np.random.Generator, size: int) -> FloatArray:
        values = rng.uniform(self.channel.low, self.channel.high, size)
        broken = rng.random(size) < fault.not_finite
        values[broken] = rng.choice([math.nan, math.inf, -math.inf], int(broken.sum()))
        return values

    def _is_on(self, fault: Fault, rng: np.random.Generator, now_s: float) -> bool:
        if self._switch_s < fault.start_s:
            self._on, self._switch_s = False, fault.start_s + rng.exponential(fault.off_s)
        while now_s >= self._switch_s:
            self._on = not self._on
            self._switch_s += rng.exponential(fault.on_s if self._on else fault.off_s)
        return self._on


class FaultyStreams(Copied):
    """Streams of all channels of a vehicle.

    Args:
        channels: channels of the vehicle.
        faults: faults of any of them.

    Raises:
        UnknownNameError: a fault of an unknown channel; with the closest names.
        ParameterError: faults of one channel overlap.
    """

    def __init__(self, channels: Iterable[Channel], faults: Iterable[Fault]) -> None:
        named = {channel.name: channel for channel in channels}
        own: dict[str, list[Fault]] = {name: [] for name in named}
        for fault in faults:
            if fault.channel not in named:
                raise UnknownNameError("channel", fault.channel, named)
            own[fault.channel].append(fault)
        self.streams = {name: FaultyStream(named[name], own[name]) for name in named}
        """Stream of each channel."""

    def put(self, channel: str, message: Message, now_s: float) -> list[Message]:
        """Return the messages delivered on a channel, see `FaultyStream.put`."""
        return self.streams[channel].put(message, now_s)

    def due(self, now_s: float) -> dict[str, list[Message]]:
        """Return delayed messages by channel, without the channels that have none."""
        due = {name: stream.due(now_s) for name, stream in self.streams.items()}
        return {name: messages for name, messages in due.items() if messages}

    def without_effect(self, now_s: float) -> list[Fault]:
        """Return the faults that have begun and have changed no message."""
        return [f for stream in self.streams.values() for f in stream.without_effect(now_s)]

    def require_effect(self, now_s: float) -> None:
        """Require that each fault that has begun has changed a message.

        Raises:
            ParameterError: names the first fault without effect.
        """
        for fault in self.without_effect(now_s):
            raise ParameterError(no_effect(fault))


def no_effect(fault: Fault) -> str:
    """Return the message about a fault that has begun and has changed no message."""
    return (
        f"fault {fault.kind} of {fault.channel} from {fault.start_s:g} s changed no message: "
        "nothing that it changes was sent on this channel in its interval"
    )


def read_faults(content: Any, where: str) -> tuple[Fault, ...]:
    """Return the faults of a fault file, a mapping with the key `faults`, a list of mappings.

    Args:
        content: content as read from YAML.
        where: name of the file, for messages.

    Raises:
        ConfigError: another structure, an unknown key or kind, or an invalid value.
    """
    if not isinstance(content, Mapping) or set(content) != {"faults"}:
        raise ConfigError(f"{where}: expected one key `faults` with a list of faults")
    entries = content["faults"]
    if not isinstance(entries, list):
        raise ConfigError(f"{where}: faults: expected a list, got {type(entries).__name__}")
    return tuple(_fault(entry, f"{where}: fault {k}") for k, entry in enumerate(entries, 1))


def _fault(entry: Any, where: str) -> Fault:
    if not isinstance(entry, Mapping):
        raise ConfigError(f"{where}: expected keys and values, got {type(entry).__name__}")
    for name in ("channel", "kind"):
        if name not in entry:
            raise ConfigError(f"{where}: no {name}")
    if entry["kind"] not in [*FaultKind]:
        raise ConfigError(f"{where}: {UnknownNameError('kind', str(entry['kind']), [*FaultKind])}")
    try:
        return from_mapping(Fault, {**entry, "kind": FaultKind(entry["kind"])}, where)
    except ParameterError as error:
        raise ConfigError(f"{where}: {error}") from error
