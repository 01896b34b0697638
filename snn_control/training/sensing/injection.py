"""Injection of the faults of a file into an environment, with the channels of its system."""

from __future__ import annotations

from importlib import import_module

import gymnasium

from snn_control.supervision.fault_file import FaultFile
from snn_control.training.sensing.faulty_environment import FaultyEnvironment, Wiring, wires

__all__ = ["WIRINGS", "inject", "wiring_of"]

WIRINGS: dict[str, str] = {
    "blimp": "snn_control.training.blimp.wires",
    "swimmer": "snn_control.training.swimmer.wires",
    "corridor": "snn_control.training.corridor.wires",
}
"""Module of each system with a function `wiring`, imported on first use."""


def inject(env: gymnasium.Env, file: FaultFile) -> FaultyEnvironment:
    """Return an environment with the faults of a file.

    Raises:
        ConfigError: an unknown channel, or faults that overlap; the message has the file.
        InterfaceMismatchError: the spaces are not one-dimensional boxes.
    """
    wiring = wiring_of(env)
    file.streams(wire.channel for wire in wiring.wires)
    return FaultyEnvironment(env, file.faults, wiring.wires, wiring.derive)


def wiring_of(env: gymnasium.Env) -> Wiring:
    """Return the wires of an environment: those of its system, else one for each entry."""
    for module in WIRINGS.values():
        wiring: Wiring | None = import_module(module).wiring(env)
        if wiring is not None:
            return wiring
    return Wiring(wires(env))
