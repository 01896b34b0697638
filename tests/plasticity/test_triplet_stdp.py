"""Learning rule against results by hand: pairs, triplets, bounds, thresholds, weight sums."""

from __future__ import annotations

import math

import numpy as np
import pytest

from snn_control.errors import ParameterError
from snn_control.plasticity.triplet_stdp import (
    SILENT,
    TripletSTDP,
    after_arrival,
    after_spike,
    faded,
    normalise,
    raised,
    trace,
)

DT_S = 1e-4
RULE = TripletSTDP().numbers(DT_S)


def test_traces_decay_with_their_time_constants():
    assert trace(200, RULE.pre_per_step) == pytest.approx(math.exp(-1.0))
    assert trace(200, RULE.slow_per_step) == pytest.approx(math.exp(-0.5))
    assert RULE.fast_kept**200 == pytest.approx(math.exp(-1.0))
    assert trace(0, RULE.pre_per_step) == 1.0
    assert trace(2**30, RULE.slow_per_step) == 0.0


def test_pair_of_spikes():
    """Post at 0 ms, pre arrives at 10 ms: the fast trace is exp(-1/2)."""
    change = 1e-4 * math.exp(-0.5)
    assert after_arrival(0.3, math.exp(-0.5), RULE) == pytest.approx(0.3 + change, abs=1e-15)
    weaker = TripletSTDP(pre_sign=-1).numbers(DT_S)
    assert after_arrival(0.3, math.exp(-0.5), weaker) == pytest.approx(0.3 - change, abs=1e-15)


def test_triplet_of_spikes():
    """Post at 0 ms, pre at 30 ms, post at 40 ms: a = exp(-1/2), b2 = exp(-1)."""
    pre, slow = trace(100, RULE.pre_per_step), trace(400, RULE.slow_per_step)
    assert after_spike(0.3, pre, slow, RULE) == pytest.approx(0.3 + 0.01 * math.exp(-1.5))


def test_first_post_synaptic_spike_changes_nothing():
    assert after_spike(0.3, 1.0, 0.0, RULE) == 0.3


def test_weights_stay_within_their_bounds():
    rule = TripletSTDP(pre_rate=0.5, post_rate=0.9, pre_sign=-1, w_max=0.8).numbers(DT_S)
    assert after_arrival(0.2, 1.0, rule) == 0.0
    assert after_spike(0.2, 1.0, 1.0, rule) == 0.8


def test_decaying_values_end_at_zero():
    assert faded(2.0, 0.9) == pytest.approx(1.8)
    assert faded(SILENT, 0.9) == 0.0


def test_thresholds_increase_with_a_spike():
    assert raised(0.02, 5e-5) == pytest.approx(0.02005)


def test_weight_sums_are_restored_proportionally():
    random = np.random.default_rng(0)
    plain = random.random((7, 3))
    targets = np.array([random.permutation(3) for _ in range(7)], np.int32)
    weights = np.take_along_axis(plain, targets.astype(np.int64), axis=1)
    normalise(weights, targets, 3, 78.0)
    scaled = np.empty_like(plain)
    np.put_along_axis(scaled, targets.astype(np.int64), weights, axis=1)
    np.testing.assert_allclose(scaled, plain * 78.0 / plain.sum(axis=0), rtol=1e-13)


def test_zero_weights_stay_zero():
    weights = np.array([[0.0, 1.0]])
    normalise(weights, np.array([[0, 1]], np.int32), 2, 5.0)
    np.testing.assert_array_equal(weights, [[0.0, 5.0]])


@pytest.mark.parametrize(
    "change",
    [{"pre_sign": 0}, {"pre_rate": -1.0}, {"tau_slow_s": 0.0}, {"w_max": math.inf}],
)
def test_out_of_range_parameters_are_refused(change):
    with pytest.raises(ParameterError, match="expected"):
        TripletSTDP(**change)
