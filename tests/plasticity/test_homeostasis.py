"""Homeostatic rules against the closed form of a LIF neuron with constant current."""

from __future__ import annotations

import math

import numpy as np
import pytest

from snn_control.plasticity.rules import ENGINES, rule
from tests.plasticity.lif_population import DT_S, lif_rate, simulate, threshold_of

CURRENT = np.array([1.2, 1.5, 2.0, 3.0])
TARGET = 25.0


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


def test_rates_without_homeostasis_are_those_of_the_closed_form() -> None:
    theta = np.ones(4)
    measured = simulate(CURRENT, theta, 4.0, lambda _: None)
    np.testing.assert_allclose(measured, lif_rate(CURRENT, theta), rtol=0.02)


def test_the_filter_has_unit_gain_and_its_time_constant(engine: str) -> None:
    """A neuron at 200 1/s with 2 spikes in every tenth step; then silence."""
    firing_rate = rule("firing-rate", engine)
    rates = np.zeros(1)
    for step in range(20_000):
        firing_rate(rates, np.array([2.0 if step % 10 == 0 else 0.0]), 1e-3, 0.5)
    assert rates[0] == pytest.approx(200.0, rel=0.01)
    before = rates[0]
    for _ in range(500):
        firing_rate(rates, np.zeros(1), 1e-3, 0.5)
    assert rates[0] == pytest.approx(before * math.exp(-1.0), rel=1e-9)


def test_thresholds_reach_the_target_rate(engine: str) -> None:
    firing_rate, intrinsic = rule("firing-rate", engine), rule("intrinsic-threshold", engine)
    theta, rates = np.full(4, 0.8), np.full(4, TARGET)

    def adapt(spikes: np.ndarray) -> None:
        firing_rate(rates, spikes, DT_S, 0.2)
        intrinsic(theta, rates, TARGET, 0.02, DT_S, 0.01, 10.0)

    reached = simulate(CURRENT, theta, 12.0, adapt)
    np.testing.assert_allclose(reached, TARGET, rtol=0.02)
    np.testing.assert_allclose(theta, threshold_of(CURRENT, TARGET), rtol=0.02)


def test_thresholds_stay_within_their_bounds(engine: str) -> None:
    theta = np.array([1.0, 1.0])
    rule("intrinsic-threshold", engine)(theta, np.array([0.0, 90.0]), 10.0, 1.0, 1.0, 0.5, 2.0)
    np.testing.assert_array_equal(theta, [0.5, 2.0])


def test_scaled_weights_reach_the_target_rate(engine: str) -> None:
    """Two inputs of each neuron with the weights 3 : -1; their ratio stays."""
    firing_rate, scaling = rule("firing-rate", engine), rule("synaptic-scaling", engine)
    weights = np.outer(CURRENT, [1.5, -0.5])
    current, theta, rates = weights.sum(axis=1), np.ones(4), np.full(4, TARGET)

    def adapt(spikes: np.ndarray) -> None:
        firing_rate(rates, spikes, DT_S, 0.2)
        scaling(weights, rates, TARGET, 0.5, DT_S, 20.0)
        current[:] = weights.sum(axis=1)

    reached = simulate(current, theta, 12.0, adapt)
    np.testing.assert_allclose(reached, TARGET, rtol=0.02)
    closed = 1.0 / (threshold_of(np.ones(4), TARGET))
    np.testing.assert_allclose(weights.sum(axis=1), closed, rtol=0.02)
    np.testing.assert_allclose(weights[:, 0] / weights[:, 1], -3.0, rtol=1e-9)


def test_a_burst_at_most_halves_weights(engine: str) -> None:
    weights = np.array([[2.0, -4.0], [9.0, -9.0]])
    rule("synaptic-scaling", engine)(weights, np.array([1e6, 0.0]), 10.0, 1.0, 1.0, 10.0)
    np.testing.assert_array_equal(weights, [[1.0, -2.0], [10.0, -10.0]])
