"""Device mismatch: random deviations of weights and thresholds, as on analogue hardware."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt

from snn_control.errors import ParameterError
from snn_control.network.network import Network, Population
from snn_control.network.shared import expand

__all__ = ["mismatched"]


def mismatched(network: Network, rng: np.random.Generator, share: float) -> Network:
    """Return a copy whose weights and thresholds are each multiplied by 1 + share N(0, 1).

    The deviations of all synapses and neurons are independent, so that no parameter is shared
    afterwards. Time constants, biases and delays do not change.

    Args:
        network: network to copy.
        rng: random generator; the number of draws depends only on the structure of the network.
        share: standard deviation relative to the value, at least 0.

    Raises:
        ParameterError: `share` is negative or not finite.
    """
    if not 0 <= share < np.inf:
        raise ParameterError(f"share is {share!r}; expected a finite number, at least 0")

    def noisy(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return values * (1 + share * rng.normal(size=values.shape))

    def population(p: Population) -> Population:
        if not p.params.spiking:
            return p
        changed: dict[str, npt.NDArray[np.float64]] = {
            "threshold": noisy(p.params.expanded("threshold", p.size))
        }
        return dataclasses.replace(p, params=dataclasses.replace(p.params, **changed))

    return dataclasses.replace(
        network,
        populations=tuple(population(p) for p in network.populations),
        connections=tuple(
            dataclasses.replace(c, weights=noisy(expand(c.weights))) for c in network.connections
        ),
    )
