"""Place neurons: weights, homeostasis, growth, and spikes against the matrix product."""

from __future__ import annotations

import numpy as np
import pytest

from snn_control.controllers.place.place_map import PlaceMap, contrast_enhanced, standardised
from snn_control.controllers.place.presentation import QUARTERS, arrived, present
from snn_control.plasticity.decorrelation import Decorrelation

N_INPUTS, N = 30, 40


def codes(n: int = N, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(-12, 13, (n, N_INPUTS)).astype(np.int8)


def lateral(seed: int = 0) -> Decorrelation:
    layer = Decorrelation(N_INPUTS, 100.0)
    layer.learn(np.random.default_rng(seed).normal(0.0, 5.0, (60, N_INPUTS)))
    return layer


def mapped(*parts: np.ndarray) -> PlaceMap:
    place_map = PlaceMap(N_INPUTS)
    for part in parts:
        place_map.imprint(part, lateral())
    return place_map


def homeostasis(place_map: PlaceMap) -> tuple[np.ndarray, np.ndarray]:
    """Mean and spread of the responses to all other places, from the definition."""
    raw = place_map.codes.astype(float) @ place_map.weights.astype(float) * place_map.scales
    responses = standardised(raw)
    np.fill_diagonal(responses, np.nan)
    return np.nanmean(responses, axis=0), np.nanstd(responses, axis=0)


def test_responses_are_decorrelated_products() -> None:
    shown, layer = codes(), lateral()
    place_map = mapped(shown)
    query = codes(1, seed=9)[0]
    responses = place_map.potentials(query) * place_map.scales
    own = shown.astype(float)
    expected = (
        own @ layer.lateral @ query / np.sqrt(np.einsum("ij,jk,ik->i", own, layer.lateral, own))
    )
    np.testing.assert_allclose(responses, expected, atol=0.02 * np.abs(expected).max())
    assert [int(place_map.potentials(c).argmax()) for c in shown] == list(range(N))


def test_homeostasis_is_mean_and_spread_over_other_places() -> None:
    place_map = mapped(codes())
    mean, spread = homeostasis(place_map)
    np.testing.assert_allclose(place_map.means, mean, atol=1e-9)
    np.testing.assert_allclose(place_map.spreads, spread, atol=1e-9)


def test_growing_place_by_place_approximates_one_batch() -> None:
    whole, grown = mapped(codes()), mapped(codes()[:30], *codes()[30:, None])
    np.testing.assert_array_equal(grown.weights, whole.weights)
    np.testing.assert_allclose(grown.sums, whole.sums, rtol=1e-9)
    np.testing.assert_allclose(grown.squares, whole.squares, rtol=1e-9)
    np.testing.assert_allclose(grown.means[-1], whole.means[-1], atol=1e-9)
    np.testing.assert_allclose(grown.means, whole.means, atol=0.1)
    np.testing.assert_allclose(grown.spreads, whole.spreads, rtol=0.15)
    assert grown.numbers.tolist() == list(range(N))


def test_block_size_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = mapped(codes()[:30], codes()[30:])
    monkeypatch.setattr("snn_control.controllers.place.place_map._BLOCK", 7)
    blocks = mapped(codes()[:30], codes()[30:])
    for name in ("sums", "squares", "means", "spreads"):
        np.testing.assert_allclose(getattr(blocks, name), getattr(whole, name), rtol=1e-12)


def test_appending_no_place_changes_nothing() -> None:
    one = mapped(codes(1))
    one.append(one.codes[:0], one.weights.T[:0], one.scales[:0], one.numbers[:0])
    assert len(one) == 1
    assert np.isfinite([one.means, one.spreads]).all()


def test_removed_places_leave_no_trace() -> None:
    place_map = mapped(codes())
    keep = np.delete(np.arange(N), [3, 17, 18])
    place_map.keep(keep)
    fresh = mapped(codes()[keep])
    np.testing.assert_array_equal(place_map.weights, fresh.weights)
    np.testing.assert_allclose(place_map.sums, fresh.sums, rtol=1e-9)
    assert place_map.numbers.tolist() == keep.tolist()
    assert place_map.imprint(codes(1, seed=5), lateral()).tolist() == [N]


@pytest.mark.parametrize("seed", range(5))
def test_spikes_one_by_one_equal_the_matrix_product(seed: int) -> None:
    place_map, start = mapped(codes()), np.random.default_rng(seed).random(N_INPUTS)
    query = codes(1, seed=seed + 20)[0]
    result = present(place_map.weights, query, start, ticks=16)
    np.testing.assert_array_equal(result.potentials, place_map.potentials(query))
    assert result.complete
    assert result.spikes == np.abs(query.astype(int)).sum()


def test_deadline_keeps_the_first_and_strongest_spikes() -> None:
    place_map = mapped(codes())
    query = np.zeros(N_INPUTS, np.int8)
    query[3], query[7] = 15, -2
    start = np.full(N_INPUTS, 0.5)
    result = present(place_map.weights, query, start, 16, deadline_s=1e-12)
    assert (result.complete, result.settled) == (False, False)
    assert 0 < result.spikes < 17
    np.testing.assert_array_equal(
        result.potentials, result.spikes * place_map.weights[3].astype(np.int32)
    )


@pytest.mark.parametrize("fraction", QUARTERS)
def test_arrived_spikes_are_the_delivered_ones(fraction: float) -> None:
    place_map, start = mapped(codes()), np.random.default_rng(4).random(N_INPUTS)
    query, quarter = codes(1, seed=30)[0], QUARTERS.index(fraction)
    received = {}

    def settled(potentials: np.ndarray, k: int) -> bool:
        received[k] = potentials.copy()
        return k == quarter

    result = present(place_map.weights, query, start, 16, settled=settled)
    partial = arrived(query, start, 16, fraction)
    assert (result.complete, result.settled) == (False, True)
    assert list(received) == list(range(quarter + 1))
    np.testing.assert_array_equal(result.potentials, place_map.potentials(partial))
    assert result.spikes == np.abs(partial.astype(int)).sum()


def test_contrast_enhancement_is_the_local_z_score() -> None:
    row = np.random.default_rng(3).normal(size=25)
    expected = []
    for j in range(25):
        near = row[max(j - 5, 0) : j + 6]
        expected.append((row[j] - near.mean()) / near.std())
    np.testing.assert_allclose(contrast_enhanced(row, 5), expected, atol=1e-9)
    np.testing.assert_array_equal(contrast_enhanced(np.ones(9), 5), 0.0)
    np.testing.assert_array_equal(standardised(np.ones((2, 9))), 0.0)


def test_maps_with_no_or_one_place_respond() -> None:
    assert PlaceMap(N_INPUTS).potentials(codes(1)[0]).shape == (0,)
    alone = mapped(codes(1))
    assert np.isfinite(alone.scores(alone.potentials(codes(1)[0]))).all()
