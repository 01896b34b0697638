"""Non-dominated sorting and crowding on a matrix of objectives, all of them minimised.

a dominates b if a is nowhere worse than b and somewhere better. Front 0 is dominated by nobody,
front k + 1 by nobody once fronts 0 to k are taken away.
Source: Deb, Pratap, Agarwal and Meyarivan, IEEE Trans. Evol. Comput. 6(2), 2002,
doi:10.1109/4235.996017.
"""

from __future__ import annotations

import numpy as np

__all__ = ["crowding_distances", "non_dominated_ranks"]


def non_dominated_ranks(fitness: np.ndarray, enough: int | None = None) -> np.ndarray:
    """Return the front of each row of `fitness`, shape (n, m), as int64 of shape (n,).

    Whole fronts are counted until at least `enough` rows (default: all) have one; the others get
    n. Takes O(m n^2) time and n^2 bytes.
    """
    n = len(fitness)
    dominates = _dominance(fitness)
    dominators = dominates.sum(axis=0, dtype=np.int32)
    ranks = np.full(n, n, dtype=np.int64)
    missing = n - (n if enough is None else min(enough, n))
    rank, left = 0, n
    while left > missing:
        front = np.flatnonzero(dominators == 0)
        ranks[front] = rank
        dominators -= dominates[front].sum(axis=0, dtype=np.int32)
        dominators[front] = -1
        left -= len(front)
        rank += 1
    return ranks


def crowding_distances(fitness: np.ndarray, ranks: np.ndarray) -> np.ndarray:
    """Return how far apart the neighbours of each row lie in its own front, shape (n,).

    The mean over the m objectives of (next - previous) / (largest - smallest), with +inf for the
    extremes of an objective. A fitness of +inf counts as the largest finite one.
    """
    distances = np.zeros(len(fitness))
    for objective in fitness.T:
        finite = np.isfinite(objective)
        worst = objective[finite].max() if finite.any() else 0.0
        objective = np.where(finite, objective, worst)
        order = np.lexsort((objective, ranks))
        values, fronts = objective[order], ranks[order]
        steps = fronts[1:] != fronts[:-1]
        first, last = np.append(True, steps), np.append(steps, True)
        span = (values[last] - values[first])[np.cumsum(first) - 1]
        inner = np.flatnonzero(~(first | last) & (span > 0))
        gaps = values[inner + 1] - values[inner - 1]
        distances[order[inner]] += gaps / span[inner] / fitness.shape[1]
        distances[order[first | last]] = np.inf
    return distances


def _dominance(fitness: np.ndarray) -> np.ndarray:
    """Return whether row i dominates row j, shape (n, n).

    Compares places instead of values: small integers are compared several times faster.
    """
    places = [np.unique(objective, return_inverse=True)[1] for objective in fitness.T]
    total = np.array(places, dtype=np.int32).sum(axis=0)
    dominates = total[:, None] < total[None, :]
    for place in places:
        place = place.astype(np.int32)
        dominates &= place[:, None] <= place[None, :]
    return dominates
