"""Engine `integer`: equal to a witness without wrap-around, close to the reference engine."""

from __future__ import annotations

import copy
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest

from snn_control.controllers import load
from snn_control.engines.integer.arithmetic import LIMIT, Rescaling, rescale
from snn_control.engines.integer.engine import IntegerEngine
from snn_control.engines.integer.formats import InputFormat
from snn_control.engines.integer.quantise import network_format
from snn_control.engines.integer.weights import WHOLE_SUM, integer_weights, thermometers
from snn_control.engines.reference import ReferenceEngine
from snn_control.errors import ParameterError
from snn_control.network import Connection, Network, Population, Readout, expand
from snn_control.network.neurons import IntegrateAndFire, LeakyIntegrator
from tests.engines.integer.code_network import code_network
from tests.engines.integer.witness import Witness, nearest
from tests.engines.test_random_networks import random_network


def integer_inputs(network: Network, seed: int, n_ticks: int) -> np.ndarray:
    """Return noise, then any 16-bit numbers."""
    rng = np.random.default_rng(seed)
    n = len(network.inputs)
    noise = np.clip(rng.normal(0, 3000, (n_ticks // 2, n)), -32767, 32767).astype(int)
    return np.vstack([noise, rng.integers(-32767, 32768, (n_ticks - len(noise), n))])


@pytest.mark.parametrize("bits", [4, 8, 16])
@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("make", [random_network, code_network])
def test_engine_equals_the_witness(make: Callable[[int], Network], seed: int, bits: int) -> None:
    form = network_format(make(seed), bits)
    engine, witness = IntegerEngine(form), Witness(form)
    for row in integer_inputs(form.network, seed, 16):
        np.testing.assert_array_equal(engine.advance(row), witness.advance(row.tolist()))
        np.testing.assert_array_equal(engine.spikes, witness.spikes)


@pytest.mark.parametrize("name", ["blimp-altitude", "blimp-published-iwta", "swimmer-spiking"])
def test_shipped_networks_equal_the_witness(name: str) -> None:
    for network in load(name).networks:
        form = network_format(network, 8)
        engine, witness = IntegerEngine(form), Witness(form)
        for row in integer_inputs(network, 3, 12):
            np.testing.assert_array_equal(engine.advance(row), witness.advance(row.tolist()))
            np.testing.assert_array_equal(engine.spikes, witness.spikes)


@pytest.mark.parametrize(
    ("bits", "share", "error"), [(16, 0.002, 0.01), (8, 0.002, 0.015), (4, 0.004, 0.2)]
)
def test_spikes_of_the_altitude_networks_are_those_of_the_reference(
    bits: int, share: float, error: float
) -> None:
    time = np.arange(400)
    x = (0.3 * np.sin(0.07 * time) + np.random.default_rng(0).normal(0, 0.05, 400))[:, None]
    for network in load("blimp-altitude").networks:
        reference, trace = ReferenceEngine(network).run(x), IntegerEngine(network, bits).run(x)
        assert (trace.spikes != reference.spikes).mean() < share
        assert np.abs(trace.readouts - reference.readouts).mean() < error


def test_rounding_is_odd_and_to_the_nearest() -> None:
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.integers(-LIMIT, LIMIT, 200), np.arange(-8, 9), [LIMIT, -LIMIT]])
    for multiplier, shift in ((1, 1), (3, 2), (2**31 - 1, 31), (2**31 - 1, 61), (5, 40)):
        expected = [nearest(Fraction(int(each) * multiplier, 2**shift)) for each in x]
        np.testing.assert_array_equal(rescale(x, multiplier, shift), expected)
        np.testing.assert_array_equal(rescale(-x, multiplier, shift), np.negative(expected))


@pytest.mark.parametrize("factor", [1e-12, 0.3, -0.7, 1.0, 119.4, 1e8, 1e30])
@pytest.mark.parametrize("bound", [1, 127, 2**20, 2**31, 2**45])
def test_products_of_a_rescaling_stay_below_63_bits(factor: float, bound: int) -> None:
    rescaling = Rescaling.of(factor, bound)
    assert 1 <= rescaling.shift <= 61
    multiplier = abs(int(rescaling.multiplier))
    assert rescaling.largest * multiplier + 2 ** (rescaling.shift - 1) < 2**63
    if rescaling.largest < bound:
        assert rescaling.largest * min(abs(factor), 2.0**30) > LIMIT
    if 1e-9 < abs(factor) <= 2**30:
        assert multiplier / 2.0**rescaling.shift == pytest.approx(abs(factor), rel=1e-4)


def test_running_sums_of_diffused_weights() -> None:
    network = load("blimp-altitude").networks[0]
    weights = next(expand(c.weights) for c in network.connections if c.target == "pd")
    codes = thermometers(network, "code")
    assert sorted(len(code) for code in codes) == [40, 40]
    for bits in (3, 4, 8):
        integers, scale, rounding = integer_weights(weights, bits, codes)
        assert rounding == "diffused"
        most = 2 ** (bits - 1) - 1
        assert np.abs(integers).max() == most
        for code in codes:
            error = np.cumsum(integers[code] * scale - weights[code])
            fits = np.abs(weights[code, 0]) < (most - 0.5) * scale
            assert fits[:30].all()
            assert np.abs(error[:30]).max() <= 0.5 * scale * (1 + 1e-9)
            assert abs(error[-1]) <= WHOLE_SUM * abs(weights[code].sum())


@pytest.mark.parametrize(
    ("weights", "scale"),
    [([[3.0], [-7.0]], 1.0), ([[0.7], [-0.7]], 0.7), ([[0.0], [0.0]], 1.0)],
)
def test_whole_and_equal_weights_are_exact(weights: list[list[float]], scale: float) -> None:
    integers, unit, rounding = integer_weights(np.array(weights), 4)
    assert (unit, rounding) == (scale, "exact")
    np.testing.assert_array_equal(integers * unit, weights)


def test_a_threshold_just_below_a_reachable_potential_fires() -> None:
    neurons = IntegrateAndFire(threshold=1.0 - 2.0**-20, floor=0.0)
    network = Network(
        "one", 0.1, ("x",), (Population("cell", 1, neurons),),
        (Connection("input", "cell", np.ones((1, 1))),), (Readout("y", "cell", 0),),
    )  # fmt: skip
    assert IntegerEngine(network).step([1.0])[0] == 1.0


@pytest.mark.parametrize(("value", "expected"), [(0.49, 0), (0.5, 1), (-0.5, -1), (1e9, 32767),
                                                 (-1e300, -32767)])  # fmt: skip
def test_inputs_round_halves_away_from_zero_and_saturate(value: float, expected: int) -> None:
    assert int(InputFormat(1.0).quantised(value)) == expected


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_inputs_that_are_not_finite_change_nothing(wrong: float) -> None:
    network = load("blimp-altitude").networks[1]
    engine, other = IntegerEngine(network), IntegerEngine(network)
    engine.step([0.4])
    other.step([0.4])
    with pytest.raises(ParameterError, match="finite"):
        engine.step([wrong])
    np.testing.assert_array_equal(engine.step([0.4]), other.step([0.4]))


def test_a_copy_has_its_own_state() -> None:
    engine = IntegerEngine(load("blimp-altitude").networks[1])
    x = np.full((20, 1), 0.3)
    engine.run(x)
    again = copy.copy(engine)
    first = engine.run(x).readouts
    np.testing.assert_array_equal(again.run(x).readouts, first)


@pytest.mark.parametrize("bits", [1, 17])
def test_a_wrong_number_of_bits_is_refused(bits: int) -> None:
    with pytest.raises(ParameterError, match="expected 2 to 16"):
        network_format(load("blimp-altitude").networks[0], bits)


def test_a_network_that_diverges_is_refused() -> None:
    network = Network(
        "loop", 0.1, ("x",), (Population("y", 1, LeakyIntegrator(np.inf)),),
        (Connection("input", "y", np.ones((1, 1))),
         Connection("y", "y", np.full((1, 1), 1e6), delay_ticks=1)),
        (Readout("y", "y", 0),),
    )  # fmt: skip
    with pytest.raises(ParameterError, match="diverges"):
        network_format(network)
