"""Agreement of all engines for every neuron model and connection kind, spike for spike."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from snn_control.engines.layout import lay_out
from snn_control.engines.native import NativeEngine, NativePopulation
from snn_control.engines.reference import ReferenceEngine
from snn_control.engines.torch import TorchEngine
from snn_control.engines.trace import Trace
from snn_control.network import Connection, Network, Population, Readout, expand
from snn_control.network.neurons import LIF, Graded, LeakyIntegrator
from tests.conformance.networks import CASES, VARIANTS, inputs, make

LONG, SHORT = 10_000, 1_000
WIDE = 46
"""Neurons of a wide population: one block, one vector and a remainder in float64 (32 + 8 + 6)."""
GRID = 2.0**-8


def assert_torch_agrees(case: tuple[str, str], reference: Trace, n: int) -> None:
    """Assert equal spikes of the first `n` ticks in torch and the reference."""
    trace = TorchEngine(make(*case)).run(inputs(n))
    np.testing.assert_array_equal(trace.spikes, reference.spikes[:n])
    np.testing.assert_allclose(trace.readouts, reference.readouts[:n], atol=1e-5)


@pytest.fixture(scope="module", params=CASES, ids="/".join)
def expected(request: pytest.FixtureRequest) -> tuple[tuple[str, str], Trace]:
    return request.param, ReferenceEngine(make(*request.param)).run(inputs(LONG))


def test_native_float64_equals_the_reference_bit_for_bit(
    expected: tuple[tuple[str, str], Trace],
) -> None:
    case, reference = expected
    trace = NativeEngine(make(*case)).run(inputs(LONG))
    np.testing.assert_array_equal(trace.spikes, reference.spikes)
    np.testing.assert_array_equal(trace.readouts, reference.readouts)
    assert 0.01 < reference.spikes.mean() < 0.9


@pytest.mark.parametrize("case", CASES, ids="/".join)
def test_wide_populations_equal_the_reference_bit_for_bit(case: tuple[str, str]) -> None:
    network, x = make(*case, size=WIDE), inputs(400)
    reference, trace = ReferenceEngine(network).run(x), NativeEngine(network).run(x)
    np.testing.assert_array_equal(trace.spikes, reference.spikes)
    np.testing.assert_array_equal(trace.readouts, reference.readouts)
    assert 0.01 < reference.spikes.mean() < 0.9
    exact = make(*case, size=2 * WIDE, grid=GRID)
    reference = ReferenceEngine(exact).run(inputs(400, grid=GRID))
    single = NativeEngine(exact, np.float32).run(inputs(400, grid=GRID))
    np.testing.assert_array_equal(single.spikes, reference.spikes)
    np.testing.assert_allclose(single.readouts, reference.readouts, atol=1e-5)


def test_torch_float64_agrees_with_the_reference(
    expected: tuple[tuple[str, str], Trace],
) -> None:
    assert_torch_agrees(*expected, SHORT)


@pytest.mark.slow
def test_torch_float64_agrees_with_the_reference_in_long_runs(
    expected: tuple[tuple[str, str], Trace],
) -> None:
    assert_torch_agrees(*expected, LONG)


@pytest.mark.parametrize("case", CASES, ids="/".join)
def test_float32_agrees_on_a_power_of_two_grid(case: tuple[str, str]) -> None:
    network, x = make(*case, grid=GRID), inputs(SHORT, grid=GRID)
    reference = ReferenceEngine(network).run(x)
    trace = NativeEngine(network, np.float32).run(x)
    np.testing.assert_array_equal(trace.spikes, reference.spikes)
    np.testing.assert_allclose(trace.readouts, reference.readouts, atol=1e-5)


@pytest.mark.parametrize("variant", VARIANTS)
def test_steps_after_reset_equal_a_run(variant: str) -> None:
    engine, x = NativeEngine(make(variant, "dense")), inputs(200)
    steps = np.array([engine.step(row).copy() for row in x])
    engine.reset()
    np.testing.assert_array_equal(engine.run(x).readouts, steps)


@pytest.mark.parametrize("variant", VARIANTS)
def test_steady_start_is_equal_in_all_engines(variant: str) -> None:
    network = make(variant, "dense", start="steady")
    x = inputs(50) + 1.0
    reference = ReferenceEngine(network).run(x)
    np.testing.assert_array_equal(NativeEngine(network).run(x).readouts, reference.readouts)
    np.testing.assert_allclose(TorchEngine(network).run(x).readouts, reference.readouts, atol=1e-9)


@pytest.mark.parametrize("variant", VARIANTS)
def test_sub_ticks_hold_the_input(variant: str) -> None:
    network = dataclasses.replace(make(variant, "dense"), sub_ticks=3, control_period_s=0.03)
    x = inputs(300)
    held = dataclasses.replace(network, sub_ticks=1, control_period_s=0.01)
    reference = ReferenceEngine(held).run(np.repeat(x, 3, axis=0))
    for engine in (NativeEngine(network), ReferenceEngine(network), TorchEngine(network)):
        trace = engine.run(x)
        np.testing.assert_allclose(trace.readouts, reference.readouts[2::3], atol=1e-9)
        np.testing.assert_array_equal(
            trace.spikes, reference.spikes.reshape(len(x), 3, -1).sum(axis=1)
        )


@pytest.mark.parametrize("variant", VARIANTS)
def test_population_equals_its_members(variant: str) -> None:
    first = make(variant, "dense")
    scaled = dataclasses.replace(
        first,
        connections=tuple(
            dataclasses.replace(c, weights=expand(c.weights) * 1.1) for c in first.connections
        ),
    )
    layout = lay_out(first)
    x = np.stack([inputs(300), inputs(300, seed=8)])
    trace = NativePopulation(layout, *layout.rows([first, scaled])).run(x)
    for k, network in enumerate((first, scaled)):
        single = NativeEngine(network).run(x[k])
        np.testing.assert_array_equal(trace.readouts[k], single.readouts)
        assert trace.spikes[k] == single.spikes.sum()
    shared = NativePopulation(layout, *layout.rows([first, scaled])).run(x[0])
    np.testing.assert_array_equal(shared.readouts[0], trace.readouts[0])


def washout(gain: float) -> Network:
    """Return the network input -> change <-> past: the input minus its fed-back integral."""
    return Network(
        "washout",
        0.1,
        ("e",),
        (
            Population("change", 2, LeakyIntegrator()),
            Population("past", 2, LeakyIntegrator(tau_mem_s=np.inf)),
            Population("code", 2, LIF(threshold=0.05, reset="hard")),
        ),
        (
            Connection("input", "change", np.array([[1.0, -1.0]])),
            Connection("past", "change", -np.ones(2), "diagonal", delay_ticks=1),
            Connection("change", "past", np.full(2, gain), "diagonal"),
            Connection("change", "code", np.ones(2), "diagonal"),
        ),
        (Readout("change", "change"), Readout("past", "past")),
        start="steady",
    )


@pytest.mark.parametrize("gain", [0.4, 0.67, 1.0])
def test_loop_of_leaky_integrators_starts_in_its_steady_state(gain: float) -> None:
    network, x = washout(gain), np.r_[np.full(5, 0.3), np.full(40, 0.5)][:, None]
    reference = ReferenceEngine(network).run(x)
    change, past = reference.readouts.T
    np.testing.assert_allclose(change[:5], 0.0, atol=1e-15)
    np.testing.assert_allclose(past[:5], 0.3, atol=1e-15)
    np.testing.assert_allclose(change[5:10], 0.2 * (1 - gain) ** np.arange(5), atol=1e-15)
    native = NativeEngine(network).run(x)
    np.testing.assert_array_equal(native.readouts, reference.readouts)
    np.testing.assert_array_equal(native.spikes, reference.spikes)
    torch = TorchEngine(network).run(x)
    np.testing.assert_allclose(torch.readouts, reference.readouts, atol=1e-12)
    np.testing.assert_array_equal(torch.spikes, reference.spikes)


def backward(loop: float) -> Network:
    """Return input -> first -> second -> third, declared in reverse order; third is recurrent."""
    leaky, one = LeakyIntegrator(tau_mem_s=0.02, normalised=True), np.ones((1, 1))
    recurrent = (Connection("third", "third", loop * one, delay_ticks=1),) if loop else ()
    return Network(
        "backward",
        0.01,
        ("x",),
        (
            Population("third", 1, leaky),
            Population("second", 1, Graded(ceiling=50.0)),
            Population("first", 1, leaky),
        ),
        (
            Connection("input", "first", 2 * one),
            Connection("first", "second", one, delay_ticks=1),
            Connection("second", "third", one, delay_ticks=1),
            *recurrent,
        ),
        (Readout("third", "third"),),
        start="steady",
    )


@pytest.mark.parametrize(("loop", "settled"), [(0.0, 6.0), (0.5, 12.0), (-1.0, 3.0)])
def test_steady_start_is_independent_of_the_declared_order(loop: float, settled: float) -> None:
    """Steady state y = 2 x + loop y for populations declared in reverse order."""
    network, x = backward(loop), np.full((20, 1), 3.0)
    reference = ReferenceEngine(network).run(x).readouts
    np.testing.assert_allclose(reference[:, 0], settled, rtol=1e-12)
    np.testing.assert_array_equal(NativeEngine(network).run(x).readouts, reference)
    np.testing.assert_allclose(TorchEngine(network).run(x).readouts, reference, rtol=1e-12)
