"""Weights of connections as matrices."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from snn_control.network.network import Connection, Network
from snn_control.network.shared import expand

__all__ = ["weight_matrix"]


def weight_matrix(connection: Connection, network: Network) -> npt.NDArray[np.float64]:
    """Return the weights of a connection of any kind, shape (n_source, n_target).

    Synapses of a sparse connection with the same ends are added.
    """
    weights = expand(connection.weights)
    if connection.kind == "dense":
        return weights
    if connection.kind == "diagonal":
        return np.diag(weights)
    matrix = np.zeros((network.size_of(connection.source), network.size_of(connection.target)))
    if connection.kind == "block2":
        first = 2 * np.arange(len(weights))
        for source in (0, 1):
            for target in (0, 1):
                matrix[first + source, first + target] = weights[:, source, target]
    else:
        np.add.at(matrix, connection.synapses, weights)
    return matrix
