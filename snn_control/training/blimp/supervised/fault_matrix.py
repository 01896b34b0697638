"""Declared reaction of the altitude loop to each kind of fault of each stream of the blimp.

The barometer and the accelerometer are present. A loss of height is the largest difference of the
true height from that of the same flight without the fault, until 10 s after its end.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from snn_control.supervision.faults import Fault, FaultKind
from snn_control.training.blimp.supervised.flight import SupervisedFlight

__all__ = [
    "DECLARED",
    "NO_BOUND_M",
    "VARIANTS",
    "Reaction",
    "Variant",
    "detected_s",
    "fault_of",
    "faults_of",
    "trusted_again_s",
]

NO_BOUND_M = float("inf")
"""Bound of a fault that no controller can correct."""
TRUST_COLUMNS = {
    "lidar": "lidar_trusted",
    "barometer": "barometer_trusted",
    "accelerometer": "accelerometer_trusted",
}
DROPS = (FaultKind.OFF, FaultKind.SLOW, FaultKind.INTERMITTENT)
"""Faults that drop messages."""
SETTINGS: Mapping[tuple[str, FaultKind], Mapping[str, float]] = {
    ("lidar", FaultKind.WRONG): {"offset": 0.5},
    ("barometer", FaultKind.WRONG): {"offset": 1.0},
    ("accelerometer", FaultKind.WRONG): {"offset": 0.5},
    ("battery", FaultKind.WRONG): {"offset": -1.0},
    ("battery", FaultKind.SLOW): {"rate_hz": 0.2},
    ("setpoint", FaultKind.WRONG): {"offset": 0.3},
    ("motor", FaultKind.WRONG): {"offset": 2.0},
}
"""Settings of faults that differ from the defaults."""


@dataclass(frozen=True)
class Reaction:
    """Reaction to one fault."""

    text: str
    """Reaction of the loop."""
    loss_m: float
    """Largest loss of height of a flight of 20 s, m."""
    detected: bool
    """True if the fault is reported."""


_COAST = "distrusts the sensor, acts on the estimate"
_DROPPED = "distrusts the sensor, which no longer corrects the estimate"
_REPORTED = "reports the motors, follows the sensors"

DECLARED: dict[tuple[str, FaultKind], Reaction] = {
    ("lidar", FaultKind.OK): Reaction("none", 0.0, False),
    ("lidar", FaultKind.OFF): Reaction("acts on the estimate after 0.35 s", 0.4, True),
    ("lidar", FaultKind.STUCK): Reaction(_COAST, 0.4, True),
    ("lidar", FaultKind.GARBAGE): Reaction(_COAST, 0.4, True),
    ("lidar", FaultKind.WRONG): Reaction(_COAST, 0.4, True),
    ("lidar", FaultKind.SLOW): Reaction("acts on the estimate in between", 0.4, True),
    ("lidar", FaultKind.DELAYED): Reaction(_COAST, 0.4, True),
    ("lidar", FaultKind.INTERMITTENT): Reaction("acts on the estimate in between", 0.4, True),
    ("barometer", FaultKind.OK): Reaction("none", 0.0, False),
    ("barometer", FaultKind.OFF): Reaction("time-out event", 0.1, True),
    ("barometer", FaultKind.STUCK): Reaction(_DROPPED, 0.1, True),
    ("barometer", FaultKind.GARBAGE): Reaction(_DROPPED, 0.1, True),
    ("barometer", FaultKind.WRONG): Reaction(_DROPPED, 0.1, True),
    ("barometer", FaultKind.SLOW): Reaction("corrects less often", 0.1, True),
    ("barometer", FaultKind.DELAYED): Reaction(_DROPPED, 0.1, True),
    ("barometer", FaultKind.INTERMITTENT): Reaction("corrects less often", 0.1, True),
    ("accelerometer", FaultKind.OK): Reaction("none", 0.0, False),
    ("accelerometer", FaultKind.OFF): Reaction("time-out event", 0.1, True),
    ("accelerometer", FaultKind.STUCK): Reaction(_DROPPED, 0.1, True),
    ("accelerometer", FaultKind.GARBAGE): Reaction(_DROPPED, 0.1, True),
    ("accelerometer", FaultKind.WRONG): Reaction(_DROPPED, 0.1, True),
    ("accelerometer", FaultKind.SLOW): Reaction("corrects less often", 0.1, True),
    ("accelerometer", FaultKind.DELAYED): Reaction(_DROPPED, 0.1, True),
    ("accelerometer", FaultKind.INTERMITTENT): Reaction("corrects less often", 0.1, True),
    ("battery", FaultKind.OK): Reaction("none", 0.0, False),
    ("battery", FaultKind.OFF): Reaction("keeps the last voltage", 0.1, False),
    ("battery", FaultKind.STUCK): Reaction("keeps the last voltage", 0.1, False),
    ("battery", FaultKind.GARBAGE): Reaction("doubts the voltage, refuses NaN", 0.1, True),
    ("battery", FaultKind.WRONG): Reaction(
        "doubts the voltage for 15 s, then lands", NO_BOUND_M, True
    ),
    ("battery", FaultKind.SLOW): Reaction("none", 0.1, False),
    ("battery", FaultKind.DELAYED): Reaction("none", 0.1, False),
    ("battery", FaultKind.INTERMITTENT): Reaction("keeps the last voltage", 0.1, False),
    ("setpoint", FaultKind.OK): Reaction("none", 0.0, False),
    ("setpoint", FaultKind.OFF): Reaction("holds the last setpoint", 0.4, False),
    ("setpoint", FaultKind.STUCK): Reaction("holds the last setpoint", 0.4, False),
    ("setpoint", FaultKind.GARBAGE): Reaction(
        "follows within the limits, refuses NaN", NO_BOUND_M, False
    ),
    ("setpoint", FaultKind.WRONG): Reaction("follows within the limits", 0.5, False),
    ("setpoint", FaultKind.SLOW): Reaction("holds the last setpoint", 0.4, False),
    ("setpoint", FaultKind.DELAYED): Reaction("follows later", 0.4, False),
    ("setpoint", FaultKind.INTERMITTENT): Reaction("holds the last setpoint", 0.4, False),
    ("motor", FaultKind.OK): Reaction("none", 0.0, False),
    ("motor", FaultKind.OFF): Reaction(_REPORTED, NO_BOUND_M, True),
    ("motor", FaultKind.STUCK): Reaction(
        "reports the motors once the command has to change", NO_BOUND_M, False
    ),
    ("motor", FaultKind.GARBAGE): Reaction(_REPORTED, NO_BOUND_M, True),
    ("motor", FaultKind.WRONG): Reaction(f"{_REPORTED}; the controller corrects", 1.0, True),
    ("motor", FaultKind.SLOW): Reaction("none in most flights; harmless", 0.5, False),
    ("motor", FaultKind.DELAYED): Reaction("retreats once the loop oscillates", 1.0, False),
    ("motor", FaultKind.INTERMITTENT): Reaction(_REPORTED, 1.2, True),
}
"""Reaction by channel and kind."""


@dataclass(frozen=True)
class Variant:
    """Fault beside those of every kind and stream."""

    kind: FaultKind
    """Kind of the fault."""
    reaction: Reaction
    """Reaction of the loop."""
    settings: Mapping[str, float] = field(default_factory=dict)
    """Settings of the fault that differ from the defaults."""
    coasting_s: float | None = None
    """Duration of an outage in hover whose loss counts until its end, s; None: a fault that lasts
    and counts as those of every kind."""


VARIANTS: Mapping[tuple[str, str], Variant] = {
    ("lidar", "off-60s"): Variant(
        FaultKind.OFF, Reaction("acts on the estimate", 0.4, True), coasting_s=60.0
    ),
    ("lidar+barometer", "off-10s"): Variant(
        FaultKind.OFF,
        Reaction("acts on the estimate for 10 s, then lands", 0.4, True),
        coasting_s=10.0,
    ),
    ("motor", "wrong-negative"): Variant(
        FaultKind.WRONG,
        Reaction("reports the motors in most flights; the controller corrects", 1.0, True),
        {"offset": -2.0},
    ),
}
"""Further faults by channel and name; a channel `a+b` has the fault on both streams."""


def fault_of(channel: str, kind: FaultKind, start_s: float, stop_s: float, seed: int) -> Fault:
    """Return the fault of a cell of the matrix."""
    settings: dict[str, Any] = dict(SETTINGS.get((channel, kind), {}))
    return Fault(channel, kind, start_s, stop_s, seed, **settings)


def faults_of(
    channel: str, name: str, start_s: float, stop_s: float, seed: int
) -> tuple[Fault, ...]:
    """Return the faults of a cell: a kind of `DECLARED`, or a name of `VARIANTS`.

    Raises:
        ValueError: neither of both.
    """
    if (channel, name) not in VARIANTS:
        kind = FaultKind(name)
        return () if kind is FaultKind.OK else (fault_of(channel, kind, start_s, stop_s, seed),)
    variant = VARIANTS[channel, name]
    settings: dict[str, Any] = dict(variant.settings)
    return tuple(
        Fault(stream, variant.kind, start_s, stop_s, seed, **settings)
        for stream in channel.split("+")
    )


def detected_s(
    flight: SupervisedFlight, channel: str, kind: FaultKind, start_s: float, stop_s: float
) -> float:
    """Return the time from the start of a fault until it is reported, s; NaN if it is not.

    A silent sensor counts for faults that drop messages; of several streams the last report counts.
    """
    if "+" in channel:
        return _last(detected_s(flight, one, kind, start_s, stop_s) for one in channel.split("+"))
    if column := TRUST_COLUMNS.get(channel):
        after_s = flight.first(column, start_s, 0.0, 0.5 if kind in DROPS else 0.0)
    elif channel == "motor":
        after_s = flight.first("actuator_fault", start_s, 1.0)
    elif channel == "battery":
        after_s = flight.first("battery_doubted", start_s, 1.0)
    else:
        return float("nan")
    return after_s if start_s + after_s <= stop_s else float("nan")


def trusted_again_s(flight: SupervisedFlight, channel: str, stop_s: float) -> float:
    """Return the time from the end of a fault until its sensors are trusted, s; NaN for others."""
    if "+" in channel:
        return _last(trusted_again_s(flight, one, stop_s) for one in channel.split("+"))
    column = TRUST_COLUMNS.get(channel)
    return float("nan") if column is None else flight.first(column, stop_s, 0.5)


def _last(times_s: Iterable[float]) -> float:
    """Return the latest time; NaN if one is missing."""
    each_s = list(times_s)
    return math.nan if any(math.isnan(at_s) for at_s in each_s) else max(each_s)
