"""Potentials of a map as a network, on both CPU engines, against those of the map itself."""

from __future__ import annotations

import numpy as np
import pytest

from snn_control.controllers.place import PlaceConfig, PlaceRecognizer
from snn_control.controllers.place.network import network_inputs, network_scores, place_network
from snn_control.engines.native import NativeEngine
from snn_control.engines.reference import ReferenceEngine
from snn_control.errors import ParameterError
from tests.controllers.place.route import other_season, route

CONFIG = PlaceConfig(height=6, width=10, window=5, module_places=8)


@pytest.fixture(scope="module")
def recognizer() -> PlaceRecognizer:
    return PlaceRecognizer(seed=2, config=CONFIG).fit(route(30))


@pytest.mark.parametrize("engine", [ReferenceEngine, NativeEngine])
def test_network_potentials_equal_those_of_the_map(
    engine: type, recognizer: PlaceRecognizer
) -> None:
    network = place_network(recognizer)
    assert [p.size for p in network.populations] == [60, 60, 8, 8, 8, 6]
    running = engine(network)
    for image in other_season(route(30))[::6]:
        frame, _ = recognizer.encoder.normalise(image)
        code = recognizer.encoder.codes(frame, recognizer.adaptation.mean)
        running.reset()
        result = running.step(network_inputs(code))
        np.testing.assert_array_equal(result, recognizer.map.potentials(code))
        assert running.spikes.sum() == np.abs(code.astype(int)).sum()
        scores = network_scores(recognizer, result)
        np.testing.assert_array_equal(scores, recognizer.match(image).scores)


def test_spike_counts_are_exact() -> None:
    ramp = np.arange(-32, 28, dtype=np.int8)
    recognizer = PlaceRecognizer(config=CONFIG).fit(route(12))
    running = NativeEngine(place_network(recognizer))
    running.step(network_inputs(ramp))
    spikes = running.spikes
    np.testing.assert_array_equal(spikes[:60] - spikes[60:120], ramp)


def test_unsupported_maps_are_refused() -> None:
    with pytest.raises(ParameterError, match="empty"):
        place_network(PlaceRecognizer(config=CONFIG))
    odd = PlaceRecognizer(config=PlaceConfig(height=6, width=10, window=5, ticks=20))
    with pytest.raises(ParameterError, match="power of two"):
        place_network(odd.fit(route(12)))
