"""Place neurons: one-shot weights, balance as by the book, growing, spikes and the fast path."""

from __future__ import annotations

import numpy as np
import pytest

from snn_control.controllers.place.place_map import PlaceMap, outstanding, standardised
from snn_control.controllers.place.presentation import QUARTERS, arrived, present
from snn_control.plasticity.decorrelation import Decorrelation

N_INPUTS, N = 30, 40


def codes(n: int = N, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(-12, 13, (n, N_INPUTS)).astype(np.int8)


def lateral(seed: int = 0) -> Decorrelation:
    layer = Decorrelation(N_INPUTS, 100.0)
    layer.learn(np.random.default_rng(seed).normal(0.0, 5.0, (60, N_INPUTS)))
    return layer


def made(*parts: np.ndarray) -> PlaceMap:
    found = PlaceMap(N_INPUTS)
    for part in parts:
        found.imprint(part, lateral())
    return found


def balance(place_map: PlaceMap) -> tuple[np.ndarray, np.ndarray]:
    """Means and spreads over all other places, from the definition."""
    raw = place_map.codes.astype(float) @ place_map.weights.astype(float) * place_map.scales
    answers = standardised(raw)
    np.fill_diagonal(answers, np.nan)
    return np.nanmean(answers, axis=0), np.nanstd(answers, axis=0)


def test_a_place_answers_by_the_decorrelated_product() -> None:
    shown, layer = codes(), lateral()
    place_map = made(shown)
    query = codes(1, seed=9)[0]
    answers = place_map.potentials(query) * place_map.scales
    own = shown.astype(float)
    expected = (
        own @ layer.lateral @ query / np.sqrt(np.einsum("ij,jk,ik->i", own, layer.lateral, own))
    )
    np.testing.assert_allclose(answers, expected, atol=0.02 * np.abs(expected).max())
    assert [int(place_map.potentials(c).argmax()) for c in shown] == list(range(N))


def test_balance_is_mean_and_spread_of_answers_to_other_places() -> None:
    place_map = made(codes())
    mean, spread = balance(place_map)
    np.testing.assert_allclose(place_map.means, mean, atol=1e-9)
    np.testing.assert_allclose(place_map.spreads, spread, atol=1e-9)


def test_growing_place_by_place_comes_close_to_mapping_at_once() -> None:
    whole, grown = made(codes()), made(codes()[:30], *codes()[30:, None])
    np.testing.assert_array_equal(grown.weights, whole.weights)
    np.testing.assert_allclose(grown.sums, whole.sums, rtol=1e-9)
    np.testing.assert_allclose(grown.squares, whole.squares, rtol=1e-9)
    np.testing.assert_allclose(grown.means[-1], whole.means[-1], atol=1e-9)
    np.testing.assert_allclose(grown.means, whole.means, atol=0.1)
    np.testing.assert_allclose(grown.spreads, whole.spreads, rtol=0.15)
    assert grown.numbers.tolist() == list(range(N))


def test_the_size_of_blocks_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = made(codes()[:30], codes()[30:])
    monkeypatch.setattr("snn_control.controllers.place.place_map._BLOCK", 7)
    blocks = made(codes()[:30], codes()[30:])
    for name in ("sums", "squares", "means", "spreads"):
        np.testing.assert_allclose(getattr(blocks, name), getattr(whole, name), rtol=1e-12)


def test_nothing_appended_changes_nothing() -> None:
    one = made(codes(1))
    one.append(one.codes[:0], one.weights.T[:0], one.scales[:0], one.numbers[:0])
    assert len(one) == 1
    assert np.isfinite([one.means, one.spreads]).all()


def test_removing_a_place_leaves_the_others_as_without_it() -> None:
    place_map = made(codes())
    keep = np.delete(np.arange(N), [3, 17, 18])
    place_map.keep(keep)
    fresh = made(codes()[keep])
    np.testing.assert_array_equal(place_map.weights, fresh.weights)
    np.testing.assert_allclose(place_map.sums, fresh.sums, rtol=1e-9)
    assert place_map.numbers.tolist() == keep.tolist()
    assert place_map.imprint(codes(1, seed=5), lateral()).tolist() == [N]


@pytest.mark.parametrize("seed", range(5))
def test_spikes_one_by_one_equal_the_fast_path_bit_for_bit(seed: int) -> None:
    place_map, start = made(codes()), np.random.default_rng(seed).random(N_INPUTS)
    query = codes(1, seed=seed + 20)[0]
    found = present(place_map.weights, query, start, ticks=16)
    np.testing.assert_array_equal(found.potentials, place_map.potentials(query))
    assert found.complete
    assert found.spikes == np.abs(query.astype(int)).sum()


def test_a_passed_deadline_leaves_the_strongest_first_spikes() -> None:
    place_map = made(codes())
    query = np.zeros(N_INPUTS, np.int8)
    query[3], query[7] = 15, -2
    start = np.full(N_INPUTS, 0.5)
    found = present(place_map.weights, query, start, 16, deadline_s=1e-12)
    assert (found.complete, found.settled) == (False, False)
    assert 0 < found.spikes < 17
    np.testing.assert_array_equal(
        found.potentials, found.spikes * place_map.weights[3].astype(np.int32)
    )


@pytest.mark.parametrize("share", QUARTERS)
def test_what_has_arrived_is_what_was_delivered(share: float) -> None:
    place_map, start = made(codes()), np.random.default_rng(4).random(N_INPUTS)
    query, quarter = codes(1, seed=30)[0], QUARTERS.index(share)
    seen = {}

    def settled(potentials: np.ndarray, k: int) -> bool:
        seen[k] = potentials.copy()
        return k == quarter

    found = present(place_map.weights, query, start, 16, settled=settled)
    partial = arrived(query, start, 16, share)
    assert (found.complete, found.settled) == (False, True)
    assert list(seen) == list(range(quarter + 1))
    np.testing.assert_array_equal(found.potentials, place_map.potentials(partial))
    assert found.spikes == np.abs(partial.astype(int)).sum()


def test_outstanding_is_contrast_within_the_neighbourhood() -> None:
    row = np.random.default_rng(3).normal(size=25)
    expected = []
    for j in range(25):
        near = row[max(j - 5, 0) : j + 6]
        expected.append((row[j] - near.mean()) / near.std())
    np.testing.assert_allclose(outstanding(row, 5), expected, atol=1e-9)
    np.testing.assert_array_equal(outstanding(np.ones(9), 5), 0.0)
    np.testing.assert_array_equal(standardised(np.ones((2, 9))), 0.0)


def test_maps_of_no_and_of_one_place_answer() -> None:
    assert PlaceMap(N_INPUTS).potentials(codes(1)[0]).shape == (0,)
    alone = made(codes(1))
    assert np.isfinite(alone.balanced(alone.answers(alone.potentials(codes(1)[0])))).all()
