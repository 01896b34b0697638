"""Loops among non-spiking populations: they decide where traces settle."""

from __future__ import annotations

from snn_control.network.network import Network

SETTLING_PASSES = 200
"""Most passes until a loop has settled; see `Network.start`."""


def looped_populations(network: Network) -> frozenset[str]:
    """Names of the leaky integrators that feed back on themselves through leaky integrators."""
    analog = {p.name for p in network.populations if p.params.model == "leaky_integrator"}
    targets: dict[str, set[str]] = {name: set() for name in analog}
    for connection in network.connections:
        if connection.source in analog and connection.target in analog:
            targets[connection.source].add(connection.target)
    return frozenset(name for name in analog if name in _reached(name, targets))


def _reached(start: str, targets: dict[str, set[str]]) -> set[str]:
    reached: set[str] = set()
    ahead = list(targets[start])
    while ahead:
        name = ahead.pop()
        if name not in reached:
            reached.add(name)
            ahead += targets[name]
    return reached


def settling_passes(network: Network) -> int:
    """How often the traces are computed before the first tick: 0 where the network starts at rest.

    One pass settles traces without loops.
    """
    if network.start == "rest":
        return 0
    return SETTLING_PASSES if looped_populations(network) else 1
