"""Non-dominated sorting and crowding distance of a matrix of minimised objectives.

Row a dominates row b if it is not worse in any objective and better in at least one. Front 0 holds
the rows that no row dominates, front k + 1 those that no row outside fronts 0 to k dominates.
Source: Deb, Pratap, Agarwal and Meyarivan, IEEE Trans. Evol. Comput. 6(2), 2002,
doi:10.1109/4235.996017.
"""

from __future__ import annotations

import numpy as np

__all__ = ["crowding_distances", "non_dominated_ranks"]


def non_dominated_ranks(fitness: np.ndarray, enough: int | None = None) -> np.ndarray:
    """Return the front index of each row of `fitness` (n, m), int64 of shape (n,).

    Complete fronts are determined until they hold at least `enough` rows (default: all); the other
    rows get n. Needs O(m n^2) time and n^2 bytes.
    """
    n = len(fitness)
    dominates = _dominance(fitness)
    dominators = dominates.sum(axis=0, dtype=np.int32)
    ranks = np.full(n, n, dtype=np.int64)
    n_omitted = n - (n if enough is None else min(enough, n))
    rank, unranked = 0, n
    while unranked > n_omitted:
        front = np.flatnonzero(dominators == 0)
        ranks[front] = rank
        dominators -= dominates[front].sum(axis=0, dtype=np.int32)
        dominators[front] = -1
        unranked -= len(front)
        rank += 1
    return ranks


def crowding_distances(fitness: np.ndarray, ranks: np.ndarray) -> np.ndarray:
    """Return the crowding distance of each row in its front, shape (n,).

    It is the mean over the m objectives of (next - previous) / (largest - smallest), and +inf for
    the extremes of an objective. A fitness of +inf counts as the largest finite one.
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
    """Return True at (i, j) if row i dominates row j, shape (n, n).

    Ranks are compared instead of values, because small integers compare several times faster.
    """
    ranks = [np.unique(objective, return_inverse=True)[1] for objective in fitness.T]
    total = np.array(ranks, dtype=np.int32).sum(axis=0)
    dominates = total[:, None] < total[None, :]
    for rank in ranks:
        rank = rank.astype(np.int32)
        dominates &= rank[:, None] <= rank[None, :]
    return dominates
