"""Loops among populations that do not spike: they decide where traces settle."""

from __future__ import annotations

from snn_control.network.network import Network

__all__ = ["ANALOG", "SETTLING_PASSES", "looped_populations", "settling_passes"]

SETTLING_PASSES = 200
"""Most passes until a loop has settled; see `Network.start`."""
ANALOG = ("leaky_integrator", "graded")
"""Neuron models whose outputs are values, not spikes."""


def looped_populations(network: Network) -> frozenset[str]:
    """Names of the leaky integrators that feed back on themselves, through no spiking neuron."""
    leaky = {p.name for p in network.populations if p.params.model == "leaky_integrator"}
    return frozenset(leaky & _looped(network))


def settling_passes(network: Network) -> int:
    """How often the traces are computed before the first tick: 0 where the network starts at rest.

    One pass settles traces without loops, and one more each connection to a population that comes
    earlier.
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
    ahead = list(targets[start])
    while ahead:
        name = ahead.pop()
        if name not in reached:
            reached.add(name)
            ahead += targets.get(name, ())
    return reached
