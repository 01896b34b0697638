"""Loops among populations without spikes, which determine the steady state of traces."""

from __future__ import annotations

from snn_control.network.network import Network

__all__ = ["ANALOG", "SETTLING_PASSES", "looped_populations", "settling_passes"]

SETTLING_PASSES = 200
"""Largest number of settling passes, used for loops; see `Network.start`."""
ANALOG = ("leaky_integrator", "graded")
"""Neuron models with continuous outputs."""


def looped_populations(network: Network) -> frozenset[str]:
    """Return the names of the leaky integrators in a loop without spiking neurons."""
    leaky = {p.name for p in network.populations if p.params.model == "leaky_integrator"}
    return frozenset(leaky & _looped(network))


def settling_passes(network: Network) -> int:
    """Return the number of passes that compute the steady state; 0 if the network starts at rest.

    Without loops, one pass is needed plus one for each connection to an earlier population.
    """
    if network.start == "rest":
        return 0
    if _looped(network):
        return SETTLING_PASSES
    order = {p.name: k for k, p in enumerate(network.populations)}
    return 1 + sum(order[source] > order[target] for source, target in _edges(network))


def _edges(network: Network) -> list[tuple[str, str]]:
    analog = {p.name for p in network.populations if p.params.model in ANALOG}
    ends = ((c.source, c.target) for c in network.connections)
    return [(source, target) for source, target in ends if {source, target} <= analog]


def _looped(network: Network) -> set[str]:
    targets: dict[str, set[str]] = {}
    for source, target in _edges(network):
        targets.setdefault(source, set()).add(target)
    return {name for name in targets if name in _reached(name, targets)}


def _reached(start: str, targets: dict[str, set[str]]) -> set[str]:
    reached: set[str] = set()
    pending = list(targets[start])
    while pending:
        name = pending.pop()
        if name not in reached:
            reached.add(name)
            pending += targets.get(name, ())
    return reached
