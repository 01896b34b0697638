"""Quantised twin: integers, agreement with the spiking networks, closed-loop accuracy."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snn_control.controllers import Altitude, load
from snn_control.controllers.blimp.quantised_twin import Rescaling, quantised_twin
from snn_control.errors import ParameterError
from snn_control.training.blimp.imitation import correlation
from snn_control.training.evaluate import evaluate

MODELS = ("blimp-altitude", "blimp-altitude-delay")


def altitude(name: str) -> Altitude:
    controller = load(name)
    assert isinstance(controller, Altitude)
    return controller


@given(st.floats(1e-6, 1e6), st.integers(-40_000, 40_000))
def test_rescaling_is_rounded_multiplication(factor, x):
    rescaling = Rescaling.of(factor)
    assert 2**14 <= rescaling.multiplier <= 2**15
    assert abs(rescaling(x) - factor * x) <= 0.5 + 2**-14 * abs(factor * x)


@pytest.mark.parametrize("name", MODELS)
def test_weights_fit_into_eight_bits(name):
    n = quantised_twin(altitude(name)).numbers
    for weight in (*n.weights, n.integral_weight, n.pd_weight, n.i_weight):
        assert isinstance(weight, int)
        assert -128 <= weight <= 127
    assert 0 < n.integral_limit < 2**31
    assert max(abs(w) for w in n.weights) == 127


@pytest.mark.parametrize("name", MODELS)
def test_outputs_agree_with_the_spiking_networks(name):
    rng = np.random.default_rng(5)
    ticks = np.arange(600)
    error = np.round(0.15 * np.sin(ticks / 9) + 0.02 * rng.normal(size=600).cumsum() / 5, 2)
    spiking = altitude(name)
    outputs: dict[str, list[dict[str, float]]] = {"spiking": [], "twin": []}
    for label, controller in (("spiking", spiking), ("twin", quantised_twin(spiking))):
        for e in error:
            controller.step(np.array([e]))
            outputs[label].append(controller.readouts)
    for readout, least_r in (("pd", 0.98), ("i", 0.98)):
        a, b = (np.array([row[readout] for row in outputs[k]]) for k in ("spiking", "twin"))
        assert correlation(a, b) > least_r
        assert np.abs(a - b).mean() < 0.5


def test_twin_holds_altitude_and_counts_its_operations():
    spiking = altitude("blimp-altitude")
    twin = quantised_twin(spiking)
    hold = {}
    for name, controller in (("spiking", spiking), ("spiking-twin", twin)):
        evaluation = evaluate(
            controller, name, seeds=range(70, 73), preset="clean", duration_s=150.0
        )
        hold[name] = evaluation.values("hold_rmse_m").mean()
    assert hold["spiking-twin"] < 1.3 * hold["spiking"]
    assert evaluation.document()["role"] == "twin"
    n = twin.numbers
    synapses = len(n.weights) + 1 + 2
    assert evaluation.values("synaptic_ops_per_decision").tolist() == [synapses + 3] * 3


def test_reset_repeats_the_outputs():
    twin = quantised_twin(altitude("blimp-altitude"))
    errors = np.random.default_rng(2).normal(0, 0.2, (100, 1))
    first = [twin.step(e)[0] for e in errors]
    twin.reset()
    assert [twin.step(e)[0] for e in errors] == first


def test_a_twin_needs_both_read_outs_that_follow_the_error():
    whole = altitude("blimp-altitude")
    pd_only = Altitude([n for n in whole.networks if n.name == "pd"])
    with pytest.raises(ParameterError, match="no read-out 'i'"):
        quantised_twin(pd_only)
    unconnected = [
        dataclasses.replace(n, connections=tuple(c for c in n.connections if c.source != "input"))
        for n in whole.networks
    ]
    with pytest.raises(ParameterError, match="do not follow the error"):
        quantised_twin(Altitude(unconnected))
