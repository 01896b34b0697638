"""The IWTA neuron against scalar equations, evaluated one neuron and one tick at a time."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from snn_control.engines.native import NativeEngine
from snn_control.engines.reference import ReferenceEngine
from snn_control.network import Connection, Network, Population, Readout
from snn_control.network.neurons import IWTA, LIF, LeakyIntegrator, iwta

DT_S = 0.1
SIZE = 4
N_TICKS = 600


def numbers(seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {
        "w_source": rng.normal(0.03, 0.12, (SIZE, SIZE)),
        "w_trace": rng.normal(0, 0.5, SIZE),
        "bias": rng.uniform(0, 0.05, SIZE),
        "base": rng.uniform(0.3, 1.0, SIZE),
        "own": rng.normal(0, 0.15, SIZE),
        "partner": rng.normal(0, 0.15, SIZE),
        "leak_i": rng.uniform(0.2, 0.8, SIZE),
        "leak_v": rng.uniform(0.3, 0.9, SIZE),
        "leak_t": rng.uniform(0.7, 0.98, SIZE),
    }


def inputs(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed + 100)
    return 0.5 + 0.6 * np.sin(np.arange(N_TICKS) / 9) + rng.normal(0, 0.2, N_TICKS)


def scalar_spikes(n: dict[str, np.ndarray], x: np.ndarray, own: bool, ported: bool) -> np.ndarray:
    """Return spikes of the IWTA neurons, shape (n_ticks, SIZE); source k spikes if x > k / 4."""
    i, v, q = [0.0] * SIZE, [0.0] * SIZE, [0.0] * SIZE
    theta = [float(b) for b in n["base"]]
    s = [0.0] * SIZE
    spikes = []
    for value in x:
        source = [1.0 if value > k / 4 else 0.0 for k in range(SIZE)]
        for k in range(SIZE):
            arriving = sum(source[j] * n["w_source"][j, k] for j in range(SIZE))
            i[k] = n["leak_i"][k] * i[k] + arriving + n["bias"][k]
            v[k] = n["leak_v"][k] * v[k] + i[k] - s[k] * theta[k]
            if own:
                q[k] = n["leak_t"][k] * q[k] + s[k]
            if ported:
                q[k] = n["leak_t"][k] * q[k] + source[k] * n["w_trace"][k]
        for k in range(SIZE):
            other = k + 1 if k % 2 == 0 else k - 1
            theta[k] = n["base"][k] + n["own"][k] * q[k] + n["partner"][k] * q[other]
        s = [1.0 if v[k] > theta[k] else 0.0 for k in range(SIZE)]
        spikes.append(s)
    return np.array(spikes)


def network(n: dict[str, np.ndarray], own: bool, ported: bool) -> Network:
    def tau(leak: np.ndarray) -> np.ndarray:
        return np.array([-DT_S / math.log(x) for x in leak])

    cells = IWTA(
        threshold=n["base"], adaptation=n["own"], partner_adaptation=n["partner"],
        tau_adaptation_s=tau(n["leak_t"]), tau_syn_s=tau(n["leak_i"]), tau_mem_s=tau(n["leak_v"]),
        bias=n["bias"], own_spikes=own,
    )  # fmt: skip
    to_trace = (Connection("source", "cells", n["w_trace"], "diagonal", port="adaptation"),)
    return Network(
        "iwta",
        DT_S,
        ("x",),
        (
            Population("source", SIZE, LIF(threshold=np.arange(SIZE) / 4, reset="hard")),
            Population("cells", SIZE, cells),
            Population("out", 1, LeakyIntegrator()),
        ),
        (
            Connection("input", "source", np.ones((1, SIZE))),
            Connection("source", "cells", n["w_source"]),
            *(to_trace if ported else ()),
            Connection("cells", "out", np.ones((SIZE, 1))),
        ),
        (Readout("y", "out"),),
    )


@pytest.mark.parametrize("engine", [ReferenceEngine, NativeEngine])
@pytest.mark.parametrize(("own", "ported"), [(True, False), (False, True), (True, True)])
def test_spikes_equal_those_of_the_scalar_equations(own: bool, ported: bool, engine) -> None:
    for seed in range(3):
        n, x = numbers(seed), inputs(seed)
        expected = scalar_spikes(n, x, own, ported)
        spikes = engine(network(n, own, ported)).run(x[:, None]).spikes[:, SIZE:]
        np.testing.assert_array_equal(spikes, expected)
        assert 0.02 < expected.mean() < 0.98


def test_both_kinds_of_input_leak_the_trace_twice_a_tick() -> None:
    """After one source spike the threshold decays by the square of the decay factor a tick."""
    leak = 0.8
    tau = -DT_S / math.log(leak)
    params = IWTA(threshold=1.0, adaptation=1.0, tau_adaptation_s=tau)
    c = iwta.coefficients(params, 1, DT_S)
    state = iwta.init(params, 1)
    thresholds = []
    for arriving in (1.0, 0.0, 0.0, 0.0):
        state = iwta.step(params, c, state, np.zeros(1), np.array([arriving]))
        thresholds.append(state.theta.item())
    np.testing.assert_allclose(thresholds, 1 + leak ** (2 * np.arange(4)), rtol=1e-12)


def test_the_soft_reset_uses_the_threshold_of_the_last_tick() -> None:
    params = IWTA(threshold=1.0, adaptation=0.5, tau_adaptation_s=np.inf, tau_mem_s=np.inf)
    c, state = iwta.coefficients(params, 1, DT_S), iwta.init(params, 1)
    state = iwta.step(params, c, state, np.array([1.25]))
    assert (state.output.item(), state.theta.item()) == (1.0, 1.0)
    state = iwta.step(params, c, state, np.array([0.0]))
    assert state.potential.item() == 0.25
    assert state.theta.item() == 1.5


@pytest.mark.parametrize("engine", [ReferenceEngine, NativeEngine])
def test_mutual_adaptation_separates_the_thresholds_of_a_pair(engine) -> None:
    """a [[-1, 1], [1, -1]]: a spike lowers its neuron's threshold and raises its partner's."""
    a = 0.25
    params = IWTA(threshold=2.0, adaptation=-a, partner_adaptation=a, own_spikes=False)
    net = Network(
        "pair",
        DT_S,
        ("x", "plus", "minus"),
        (Population("cells", 2, params), Population("out", 1, LeakyIntegrator())),
        (
            Connection("input", "cells", np.array([[1.0, 1.0], [0, 0], [0, 0]])),
            Connection("input", "cells", np.array([[0.0, 0.0], [1, 0], [0, 1]]), port="adaptation"),
            Connection("cells", "out", np.array([[1.0], [10.0]])),
        ),
        (Readout("y", "out"),),
    )
    for plus, minus, x in itertools.product(range(4), range(4), (1.1, 1.6, 2.1, 2.6, 2.9)):
        pulses = [[0.0, 1.0, 0.0]] * plus + [[0.0, 0.0, 1.0]] * minus
        trace = engine(net).run(np.array([*pulses, [0.0, 0, 0], [x, 0, 0]]))
        fires = [x > 2.0 - a * (plus - minus), x > 2.0 + a * (plus - minus)]
        assert trace.readouts[-1].item() == fires[0] + 10 * fires[1]
