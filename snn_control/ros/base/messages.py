"""Contents of messages and responses that the nodes share."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from snn_control.loops.tick import Tick
from snn_control.supervision.modes import Mode

__all__ = ["MODES", "answer", "nanoseconds", "tick_values"]

MODES = list(Mode)
"""Modes by their number in a tick."""


def answer(response: Any, success: bool, message: str) -> Any:
    """Return the response of a service."""
    response.success, response.message = success, str(message)
    return response


def nanoseconds(stamp: Any) -> int:
    """Return the time of a stamp, ns."""
    return int(stamp.sec) * 1_000_000_000 + int(stamp.nanosec)


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
