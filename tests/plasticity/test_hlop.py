"""Hebbian projection against principal components, and protection of the outputs of a layer."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import subspace_angles

from snn_control.errors import ParameterError
from snn_control.plasticity import hlop
from snn_control.plasticity.hlop import HebbianProjection
from snn_control.plasticity.optional_kernel import plain

N = 20


@pytest.fixture(params=["native", "reference"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Engine of the class's kernels."""
    if request.param == "reference":
        for name in ("extract", "project"):
            monkeypatch.setattr(hlop, name, plain(getattr(hlop, name)))
    return request.param


def task_inputs(seed: int, n_leading: int, batch: int) -> np.ndarray:
    """Return inputs with `n_leading` strong directions and weak noise, not centred."""
    rng = np.random.default_rng(seed)
    directions = np.linalg.qr(rng.normal(size=(N, n_leading)))[0]
    strengths = np.linspace(2.0, 1.0, n_leading)
    return (0.5 + rng.normal(size=(batch, n_leading))) * strengths @ directions.T + 0.05 * (
        rng.normal(size=(batch, N))
    )


def train(layer: HebbianProjection, inputs: np.ndarray, epochs: int) -> None:
    for _ in range(epochs):
        for start in range(0, len(inputs), 32):
            layer.learn(inputs[start : start + 32])


def leading(inputs: np.ndarray, k: int) -> np.ndarray:
    """Return the k leading directions of the inputs' second moments as columns."""
    return np.linalg.eigh(inputs.T @ inputs)[1][:, -k:]


def test_rows_span_the_leading_principal_components(engine: str) -> None:
    inputs = task_inputs(0, 4, 256)
    layer = HebbianProjection(N, seed=1, rate=0.05)
    layer.add(4)
    train(layer, inputs, 20)
    angles = subspace_angles(layer.lateral.T, leading(inputs, 4))
    assert np.rad2deg(angles).max() < 1.0
    assert layer.orthonormality_error < 0.02
    assert layer.free_rank == N - 4


def test_quantised_responses_span_them_nearly(engine: str) -> None:
    inputs = task_inputs(0, 4, 256)
    layer = HebbianProjection(N, seed=1, rate=0.05, levels=1000)
    layer.add(4)
    train(layer, inputs, 20)
    angles = subspace_angles(layer.lateral.T, leading(inputs, 4))
    assert np.rad2deg(angles).max() < 2.0


def test_new_rows_learn_the_remainder(engine: str) -> None:
    first, second = task_inputs(0, 3, 256), task_inputs(7, 3, 256)
    layer = HebbianProjection(N, seed=1, rate=0.05)
    layer.add(3)
    train(layer, first, 20)
    layer.protect()
    kept = layer.lateral.copy()
    layer.add(3)
    train(layer, second, 20)
    np.testing.assert_array_equal(layer.lateral[:3], kept)
    remainder = second - second @ kept.T @ kept
    angles = subspace_angles(layer.lateral[3:].T, leading(remainder, 3))
    assert np.rad2deg(angles).max() < 1.5
    layer.protect()
    assert layer.orthonormality_error < 1e-12
    assert layer.free_rank == N - 6


def test_a_protected_layer_computes_the_same_after_any_updates(engine: str) -> None:
    """Unchanged W v for v in the protected subspace; inputs outside are still learned."""
    rng = np.random.default_rng(3)
    layer = HebbianProjection(N, seed=1, rate=0.05)
    layer.add(5)
    train(layer, task_inputs(0, 5, 256), 10)
    layer.protect()
    protected = rng.normal(size=(8, 5)) @ layer.lateral
    weights = rng.normal(size=(6, N))
    before, start = protected @ weights.T, weights.copy()
    for _ in range(2000):
        inputs = rng.normal(size=(16, N))
        weights -= 0.1 * rng.normal(size=(16, 6)).T @ layer.apply(inputs)
    assert np.abs(weights - start).max() > 10.0
    np.testing.assert_allclose(protected @ weights.T, before, rtol=0.0, atol=1e-10)


def test_an_exhausted_layer_is_refused() -> None:
    layer = HebbianProjection(6)
    assert (layer.free_rank, layer.orthonormality_error) == (6, 0.0)
    layer.add(4)
    layer.protect()
    with pytest.raises(ParameterError, match="3 new rows for 6 inputs, 2 of them free"):
        layer.add(3)
    layer.add(2)
    assert layer.free_rank == 0
    with pytest.raises(ParameterError, match=r"no dimension is left.*widen the layer"):
        layer.add(1)
    layer.protect()
    np.testing.assert_allclose(layer.apply(np.eye(6)), 0.0, atol=1e-12)


def test_rows_without_a_new_dimension_free_it_again() -> None:
    layer = HebbianProjection(6)
    layer.add(3)
    layer.lateral[2] = layer.lateral[0] - layer.lateral[1]
    assert layer.free_rank == 4
    layer.protect()
    assert (layer.n_protected, layer.free_rank) == (2, 4)


@pytest.mark.parametrize("wrong", [np.zeros(6), np.zeros((2, 5)), np.full((1, 6), np.nan)])
def test_invalid_inputs_change_nothing(wrong: np.ndarray) -> None:
    layer = HebbianProjection(6)
    layer.add(2)
    before = layer.lateral.copy()
    for act in (layer.learn, layer.apply):
        with pytest.raises(ParameterError, match="inputs"):
            act(wrong)
    np.testing.assert_array_equal(layer.lateral, before)
    with pytest.raises(ParameterError, match="rate"):
        HebbianProjection(6, rate=0.0)
