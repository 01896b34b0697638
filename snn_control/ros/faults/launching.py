"""Fault relay of a launch; the module imports NumPy only when there are faults, and no ROS."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["Relay", "relay_of"]


class Relay(NamedTuple):
    """Parameters of the fault relay of a vehicle, and remappings of the nodes beside it."""

    parameters: dict[str, Any]
    """Parameters; empty: there is no relay."""
    of_controller: list[tuple[str, str]]
    """Remappings of the controller."""
    of_vehicle: list[tuple[str, str]]
    """Remappings of the simulator."""
    triggers: list[str]
    """Topics of the relay to which a controller always subscribes."""


def relay_of(system: str, faults: str) -> Relay:
    """Return the relay of a system.

    Args:
        system: name of the system.
        faults: file of faults, or the name of a shipped one; empty: no relay.

    Raises:
        UnknownNameError, ConfigError: the file or the system cannot be used.
    """
    if not faults:
        return Relay({}, [], [], [])
    from snn_control.ros.faults.channels import channels_of, remappings
    from snn_control.supervision.fault_file import FaultFile

    file, channels = FaultFile.read(faults), channels_of(system)
    file.streams(channel.channel for channel in channels)
    return Relay(
        {"system": system, "faults_file": str(Path(file.path).absolute())},
        remappings(channels, of_vehicle=False),
        remappings(channels, of_vehicle=True),
        [channel.output for channel in channels if channel.trigger],
    )
