"""Neuron models against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from snn_control.engines.reference import ReferenceEngine
from snn_control.engines.trace import Trace
from snn_control.network import Connection, Network, Population, Readout
from snn_control.network.neurons import LIF, IntegrateAndFire, LeakyIntegrator, NeuronParams

DT_S = 0.001


def respond(params: NeuronParams, drive: float, n_ticks: int) -> Trace:
    network = Network(
        "one",
        DT_S,
        ("x",),
        (Population("cell", 1, params),),
        (Connection("input", "cell", np.ones((1, 1))),),
        (Readout("y", "cell"),),
    )
    return ReferenceEngine(network).run(np.full((n_ticks, 1), drive))


@pytest.mark.parametrize("drive", [1.05, 1.3, 2.0, 5.0])
@pytest.mark.parametrize("tau_s", [0.005, 0.02])
def test_lif_fires_at_its_closed_form_rate(drive: float, tau_s: float) -> None:
    params = LIF(threshold=1.0, tau_mem_s=tau_s, reset="hard", normalised=True)
    ticks = np.floor(-tau_s / DT_S * np.log(1 - 1 / drive)) + 1
    spikes = np.flatnonzero(respond(params, drive, 4000).spikes[:, 0])
    np.testing.assert_array_equal(np.diff(spikes), ticks)


@pytest.mark.parametrize("drive", [0.013, 0.21, 0.9])
def test_if_fires_at_drive_over_threshold(drive: float) -> None:
    spikes = respond(IntegrateAndFire(threshold=1.7), drive, 5000).spikes
    assert spikes.mean() == pytest.approx(drive / 1.7, abs=1e-3)


def test_leaky_integrator_follows_the_exponential() -> None:
    y = respond(LeakyIntegrator(tau_mem_s=0.05, normalised=True), 2.0, 400).readouts[:, 0]
    t = DT_S * np.arange(1, 401)
    np.testing.assert_allclose(y, 2.0 * (1 - np.exp(-t / 0.05)), atol=1e-12)


def test_an_infinite_time_constant_is_a_perfect_integrator() -> None:
    y = respond(LeakyIntegrator(tau_mem_s=np.inf), 0.25, 1000).readouts[:, 0]
    np.testing.assert_array_equal(y, 0.25 * np.arange(1, 1001))
