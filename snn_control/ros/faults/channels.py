"""Registry of the channels of each system, and the remapping of its nodes to the relay."""

from __future__ import annotations

from collections.abc import Iterable

from snn_control.errors import ConfigError, UnknownNameError
from snn_control.ros.blimp import channels as blimp
from snn_control.ros.corridor import channels as corridor
from snn_control.ros.faults.channel import BusChannel
from snn_control.ros.swimmer import channels as swimmer

__all__ = ["CHANNELS", "channels_of", "remappings"]

CHANNELS: dict[str, tuple[BusChannel, ...]] = {
    "blimp": blimp.CHANNELS,
    "swimmer": swimmer.CHANNELS,
    "corridor": corridor.CHANNELS,
}
"""Channels of each system, in the order of their subscriptions."""


def channels_of(system: str) -> tuple[BusChannel, ...]:
    """Return the channels of a system.

    Raises:
        UnknownNameError: no such system; with the known ones.
        ConfigError: the system has no name, as a vehicle of another package.
    """
    if not system:
        raise ConfigError(
            "faults cannot be injected: the vehicle names no system with channels; known are "
            f"{', '.join(CHANNELS)}"
        )
    if system not in CHANNELS:
        raise UnknownNameError("system with channels", system, CHANNELS)
    return CHANNELS[system]


def remappings(channels: Iterable[BusChannel], *, of_vehicle: bool) -> list[tuple[str, str]]:
    """Return pairs of topics, in the node and on the bus, of a receiver behind the relay.

    Args:
        channels: channels of the system.
        of_vehicle: True for the node that receives the commands, False for the controller.
    """
    return [(c.topic, c.output) for c in channels if c.actuator == of_vehicle]
