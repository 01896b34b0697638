"""Single network as a controller: names, equality of engines, files, operations."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from snn_control.controllers import NetworkController, load, save
from snn_control.controllers.document import ControllerDocument
from snn_control.engines.reference import ReferenceEngine
from snn_control.errors import ParameterError
from snn_control.network import Connection, Network, Population, Readout
from snn_control.network.neurons import LIF, LeakyIntegrator


def network(name: str = "two_in_two_out") -> Network:
    weights = np.random.default_rng(0).normal(0.0, 2.0, (2, 12))
    return Network(
        name=name,
        control_period_s=0.05,
        inputs=("a_m", "b_m_s"),
        populations=(
            Population("code", 12, LIF(threshold=0.5)),
            Population("out", 2, LeakyIntegrator()),
        ),
        connections=(
            Connection("input", "code", weights),
            Connection("code", "out", np.sin(np.arange(24.0)).reshape(12, 2)),
        ),
        readouts=(Readout("left_n", "out", 0), Readout("right_n", "out", 1)),
    )


def test_names_and_period_are_those_of_the_network() -> None:
    controller = NetworkController(network())
    assert controller.observation_names == ("a_m", "b_m_s")
    assert controller.action_names == ("left_n", "right_n")
    assert controller.control_period_s == 0.05
    assert controller.spikes.shape == (12,)


def test_engines_and_a_saved_copy_are_bit_identical(tmp_path: Path) -> None:
    first = NetworkController(network())
    others = [
        NetworkController(network(), ReferenceEngine),
        load(save(first, tmp_path / "own")),
        load(tmp_path / "own", engine=ReferenceEngine),
    ]
    rng = np.random.default_rng(1)
    spikes = 0.0
    for _ in range(100):
        observation = rng.normal(0.0, 1.0, 2)
        action = first.step(observation)
        spikes += first.spikes.sum()
        for other in others:
            np.testing.assert_array_equal(other.step(observation), action)
            np.testing.assert_array_equal(other.spikes, first.spikes)
    assert spikes > 50


def test_operations_are_spikes_times_fan_out_plus_dense_inputs() -> None:
    controller = NetworkController(network())
    counts = np.arange(12.0)
    # sin(0) is 0: the first neuron lacks one synapse.
    assert controller.synaptic_operations(counts, 7) == 2 * counts.sum() - counts[0] + 7 * 24


def test_a_document_must_hold_one_network() -> None:
    document = ControllerDocument((network(), network("other")))
    with pytest.raises(ParameterError, match="2 networks; expected one"):
        NetworkController.from_document(document)
