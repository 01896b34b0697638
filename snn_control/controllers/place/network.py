"""A place map as a network, for every engine and for chips.

ON and OFF cells count their input, which is held for a presentation of T ticks: n / T a tick, so
that they fire n times. Each module is a population of place neurons that add up spikes without a
leak; after T ticks their potentials are those of `PlaceMap.potentials`.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from snn_control.controllers.place.senses import Codes
from snn_control.controllers.place.spiking_recognizer import PlaceRecognizer
from snn_control.errors import ParameterError
from snn_control.network import Connection, Network, Population, Readout
from snn_control.network.neurons import IntegrateAndFire, LeakyIntegrator

__all__ = ["network_inputs", "network_scores", "place_network"]

FloatArray = npt.NDArray[np.float64]

_THRESHOLD = 1.0 - 1.0 / 256.0
"""Just below 1, which a cell must exceed to fire; what this leaves over never makes a spike."""


def place_network(recognizer: PlaceRecognizer, presentation_s: float = 0.032) -> Network:
    """Return the map as a network; a control period is a presentation.

    Args:
        recognizer: whose map it is, of at least one place, with a power of two of ticks.
        presentation_s: length of a presentation, s.

    Raises:
        ParameterError: an empty map, or another number of ticks.
    """
    config, place_map = recognizer.config, recognizer.map
    if not len(place_map):
        raise ParameterError("the map is empty: `fit` it first")
    if config.ticks & (config.ticks - 1):
        raise ParameterError(
            f"ticks is {config.ticks}; a network needs a power of two, so that spikes are exact"
        )
    n = config.n_inputs
    cells = IntegrateAndFire(threshold=_THRESHOLD)
    populations = [Population("on", n, cells), Population("off", n, cells)]
    shares = np.vstack([np.eye(n), np.zeros((n, n))]) / config.ticks
    connections = [
        Connection("input", "on", shares),
        Connection("input", "off", np.roll(shares, n, axis=0)),
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
    """Return the inputs of the network for a code: spikes of ON, then of OFF cells."""
    counts = code.astype(np.float64)
    return np.concatenate([np.maximum(counts, 0.0), np.maximum(-counts, 0.0)])


def network_scores(recognizer: PlaceRecognizer, readouts: FloatArray) -> FloatArray:
    """Return the scores of a frame alone, as `Match.scores`, of what the network read out.

    Args:
        recognizer: that the network was made of.
        readouts: after a presentation, (n_places,).
    """
    return recognizer.map.balanced(recognizer.map.answers(readouts))
