"""Counts of operations against networks counted by hand, and against `synaptic_operations`."""

from __future__ import annotations

import numpy as np
import pytest

from snn_control.controllers import load, model_names
from snn_control.controllers.blimp.quantised_twin import OPERATIONS_PER_DECISION, quantised_twin
from snn_control.errors import ParameterError
from snn_control.export.costs.counts import Counts, count_operations
from snn_control.network import (
    INPUT,
    Connection,
    Network,
    Population,
    Readout,
    synaptic_operations,
)
from snn_control.network.neurons import IWTA, LIF, Graded, IntegrateAndFire, LeakyIntegrator


def network(populations: list[Population], connections: list[Connection], sub: int = 1) -> Network:
    return Network(
        "net", 0.1, ("x",), tuple(populations), tuple(connections), (Readout("y", "y"),), sub
    )


THERMOMETER = network(
    [Population("code", 4, LIF(np.arange(4.0), reset="hard")),
     Population("y", 1, LeakyIntegrator())],
    [Connection(INPUT, "code", np.array([[1.0, 2.0, 0.0, 4.0]])),
     Connection("code", "y", np.array([[1.0], [1.0], [0.0], [3.0]]))],
)  # fmt: skip


def test_a_thermometer_code_by_hand() -> None:
    """10 ticks, 30 spikes, 10 of them of the neuron without an outgoing synapse."""
    counts = count_operations([THERMOMETER], [5, 5, 10, 10], 10)
    assert counts == Counts(
        spikes=3.0, accumulates=2.0, multiply_accumulates=3.0, spiking_updates=4.0,
        analog_updates=1.0, update_additions=4.0, parameter_words=4.0, synapses=6.0,
    )  # fmt: skip
    assert counts.weight_words == 5.0


def test_leaks_biases_gains_and_soft_resets_by_hand() -> None:
    params = LIF(0.5, tau_syn_s=0.2, tau_mem_s=np.array([0.1, np.inf]), bias=np.array([0.1, 0.2]))
    net = network([Population("y", 2, params)], [Connection(INPUT, "y", np.ones((1, 2)))], sub=3)
    counts = count_operations([net], [4, 8], 4)
    assert counts == Counts(
        spikes=3.0, multiply_accumulates=6.0, spiking_updates=6.0,
        # In each of 3 sub-ticks: 2 biases, 2 + 2 decayed variables, 2 comparisons.
        update_additions=24.0,
        # 2 decays of the current, 1 of a potential; the other one is 1, gains are 1.
        update_multiplications=9.0, reset_subtractions=3.0,
        # Biases and decays of the membrane differ; threshold and synaptic decay are constants.
        parameter_words=12.0, state_words=24.0, synapses=2.0,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("params", "additions", "products", "words", "states"),
    [
        (IntegrateAndFire(1.0), 4, 0, 0, 4),  # sums and comparisons
        (IntegrateAndFire(1.0, floor=0.0), 6, 0, 0, 4),
        (LeakyIntegrator(np.inf), 2, 0, 0, 4),
        (LeakyIntegrator(0.1, normalised=True), 2, 4, 0, 4),
        (Graded(), 4, 0, 0, 0),
        (Graded(ceiling=np.inf), 2, 0, 0, 0),
        (IWTA(adaptation=-0.1, partner_adaptation=0.1, tau_adaptation_s=1.0), 8, 6, 0, 4),
    ],
)
def test_updates_of_each_model_by_hand(
    params: LIF, additions: float, products: float, words: float, states: float
) -> None:
    net = network([Population("y", 2, params)], [Connection(INPUT, "y", np.ones((1, 2)))])
    counts = count_operations([net], np.zeros(net.n_spiking), 1)
    assert counts.update_additions == additions
    assert counts.update_multiplications == products
    assert counts.parameter_words == words
    assert counts.state_words == states


def test_delayed_values_are_stored_and_delayed_spikes_are_not() -> None:
    def words(params: LIF | LeakyIntegrator, delay: int) -> float:
        net = network(
            [Population("a", 3, params), Population("y", 1, LeakyIntegrator())],
            [Connection("a", "y", np.ones((3, 1)), delay_ticks=delay)],
        )
        return count_operations([net], np.zeros(net.n_spiking), 1).state_words

    assert words(LeakyIntegrator(), 0) == 0.0
    assert words(LeakyIntegrator(), 1) == 6.0
    assert words(LIF(reset="hard"), 2) == 0.0
    assert words(LeakyIntegrator(np.inf), 1) == 6.0  # its potential alone
    assert words(LeakyIntegrator(np.inf), 2) == 12.0


@pytest.mark.parametrize("name", [name for name in model_names() if name != "pid"])
def test_synaptic_operations_are_those_of_the_metric(name: str) -> None:
    networks = load(name).networks
    n_spiking = sum(network.n_spiking for network in networks)
    spikes = np.random.default_rng(3).integers(0, 200, n_spiking)
    counts = count_operations(networks, spikes, 100)
    expected = synaptic_operations(networks, spikes, 100) / 100
    np.testing.assert_allclose(counts.weight_words, expected, rtol=1e-12)


def test_the_twin_counts_its_operations() -> None:
    controller = load("blimp-altitude")
    twin = quantised_twin(controller).operation_counts([], 10)  # type: ignore[arg-type]
    products = twin.multiply_accumulates + twin.update_multiplications
    assert products == OPERATIONS_PER_DECISION
    assert twin.accumulates == twin.spikes == 0.0
    assert load("pid").operation_counts([], 10) is None


@pytest.mark.parametrize(("spikes", "n_ticks"), [([1, 2], 10), ([1, 2, 3, 4], 0)])
def test_wrong_spikes_are_refused(spikes: list[int], n_ticks: int) -> None:
    with pytest.raises(ParameterError, match="spikes of shape"):
        count_operations([THERMOMETER], spikes, n_ticks)
