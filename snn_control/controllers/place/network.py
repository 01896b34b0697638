"""Place map as a network, for all engines and for neuromorphic chips.

ON and OFF cells integrate a constant input of n / T per tick over a presentation of T ticks, and so
fire n times. Each module is a population of place neurons that integrate spikes without leak; after
T ticks their potentials equal those of `PlaceMap.potentials`.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from snn_control.controllers.place.image_encoder import Codes
from snn_control.controllers.place.spiking_recognizer import PlaceRecognizer
from snn_control.errors import ParameterError
from snn_control.network import Connection, Network, Population, Readout
from snn_control.network.neurons import IntegrateAndFire, LeakyIntegrator

__all__ = ["network_inputs", "network_scores", "place_network"]

FloatArray = npt.NDArray[np.float64]

_THRESHOLD = 1.0 - 1.0 / 256.0
"""Threshold of the cells, just below 1, since a cell fires only above it; the sum of the remainders
never causes a spike."""


def place_network(recognizer: PlaceRecognizer, presentation_s: float = 0.032) -> Network:
    """Return the map as a network; one control period is one presentation.

    Args:
        recognizer: recogniser with at least one place, whose `ticks` is a power of two.
        presentation_s: length of a presentation, s.

    Raises:
        ParameterError: an empty map, or `ticks` not a power of two.
    """
    config, place_map = recognizer.config, recognizer.map
    if not len(place_map):
        raise ParameterError("the map is empty; call `fit` first")
    if config.ticks & (config.ticks - 1):
        raise ParameterError(
            f"ticks is {config.ticks}; expected a power of two, so that spike counts are exact"
        )
    n = config.n_inputs
    cells = IntegrateAndFire(threshold=_THRESHOLD)
    populations = [Population("on", n, cells), Population("off", n, cells)]
    fractions = np.vstack([np.eye(n), np.zeros((n, n))]) / config.ticks
    connections = [
        Connection("input", "on", fractions),
        Connection("input", "off", np.roll(fractions, n, axis=0)),
    ]
    readouts = []
    for first in range(0, len(place_map), config.module_places):
        weights = place_map.weights[:, first : first + config.module_places].astype(np.float64)
        name = f"module_{first // config.module_places}"
        kind = LeakyIntegrator(tau_mem_s=math.inf)
        populations.append(Population(name, weights.shape[1], kind))
        connections.append(Connection("on", name, weights))
        connections.append(Connection("off", name, -weights))
        numbers = place_map.numbers[first : first + config.module_places].tolist()
        readouts += [Readout(f"place_{number}", name, k) for k, number in enumerate(numbers)]
    inputs = [f"{cell}_{k}" for cell in ("brighter", "darker") for k in range(n)]
    return Network(
        "places", presentation_s, tuple(inputs), tuple(populations), tuple(connections),
        tuple(readouts), sub_ticks=config.ticks,
    )  # fmt: skip


def network_inputs(code: Codes) -> FloatArray:
    """Return the network inputs for a code: spikes of the ON cells, then of the OFF cells."""
    counts = code.astype(np.float64)
    return np.concatenate([np.maximum(counts, 0.0), np.maximum(-counts, 0.0)])


def network_scores(recognizer: PlaceRecognizer, readouts: FloatArray) -> FloatArray:
    """Return the scores of a single frame, as in `Match.scores`, from the readouts of the network.

    Args:
        recognizer: recogniser that the network was made from.
        readouts: readouts after a presentation, (n_places,).
    """
    return recognizer.map.scores(readouts)
