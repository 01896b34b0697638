"""List of the monitors."""

from __future__ import annotations

from snn_control.supervision.monitors.age import Age
from snn_control.supervision.monitors.cusum import Cusum
from snn_control.supervision.monitors.identity import Identity
from snn_control.supervision.monitors.interval import Interval
from snn_control.supervision.monitors.jump import Jump
from snn_control.supervision.monitors.limits import Limits
from snn_control.supervision.monitors.monitor import Monitor
from snn_control.supervision.monitors.nis import Nis, WindowedNis

__all__ = ["MONITORS"]

MONITORS: dict[str, type[Monitor]] = {
    kind.name: kind for kind in (Age, Interval, Limits, Identity, Nis, WindowedNis, Cusum, Jump)
}
"""Monitors by name."""
