"""Contents of messages and responses that the nodes share."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from std_msgs.msg import MultiArrayDimension, UInt8MultiArray

from snn_control.loops.tick import Tick
from snn_control.supervision.modes import Mode

__all__ = ["MODES", "answer", "named", "nanoseconds", "spike_message", "tick_values"]

MODES = list(Mode)
"""Modes by their number in a tick."""


def answer(response: Any, success: bool, message: str) -> Any:
    """Return the response of a service."""
    response.success, response.message = success, str(message)
    return response


def nanoseconds(stamp: Any) -> int:
    """Return the time of a stamp, ns."""
    return int(stamp.sec) * 1_000_000_000 + int(stamp.nanosec)


def named(names: Sequence[str]) -> MultiArrayDimension:
    """Return the dimension of an array whose entries have names."""
    return MultiArrayDimension(label=",".join(names), size=len(names), stride=len(names))


def spike_message(spikes: npt.NDArray[Any]) -> UInt8MultiArray:
    """Return the message of the spikes of one tick."""
    return UInt8MultiArray(data=array("B", spikes.astype(np.uint8).tobytes()))


def tick_values(tick: Tick, latency_s: float, age_s: float) -> list[float]:
    """Return the entries of `~/tick`, in the order of `interface.tick_fields`.

    Args:
        tick: tick of the loop.
        latency_s: time from the start of the callback to the sent command, s.
        age_s: age of the data behind the command, s.
    """
    commands = np.full(tick.output.size, math.nan) if tick.command is None else tick.command
    return [
        float(tick.number), float(tick.stamp_ns // 10**9), float(tick.stamp_ns % 10**9),
        tick.dt_s, float(tick.missed), float(tick.resets), float(MODES.index(tick.mode)),
        float(tick.failed), *tick.orders, *tick.output.tolist(), *commands.tolist(),
        float(tick.usable) if tick.measured else math.nan, tick.filter_s,
        *tick.supervised, age_s, tick.step_s, latency_s, *tick.observation.tolist(),
    ]  # fmt: skip
