"""Non-dominated sorting and crowding distance of a matrix of minimised objectives.

Row a dominates row b if it is not worse in any objective and better in at least one. Front 0 holds
the rows that no row dominates, front k + 1 those that no row outside fronts 0 to k dominates.
Source: Deb, Pratap, Agarwal and Meyarivan, IEEE Trans. Evol. Comput. 6(2), 2002,
doi:10.1109/4235.996017.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from snn_control.compiled import kernel

__all__ = ["crowding_distances", "non_dominated_ranks"]


def non_dominated_ranks(fitness: np.ndarray) -> np.ndarray:
    """Return the front index of each row of `fitness` (n, m), int64 of shape (n,).

    Rows are inserted in lexicographic order into the first front that does not dominate them, which
    is determined by bisection. Needs O(n log n) time for two objectives, O(m n^2) at worst for
    more, and O(m n) memory.
    Source: X. Zhang, Y. Tian, R. Cheng and Y. Jin, IEEE Trans. Evol. Comput. 19(2), 2015,
    doi:10.1109/TEVC.2014.2308305.
    """
    order = np.lexsort(fitness.T[::-1])
    ranks = np.empty(len(fitness), np.int64)
    ranks[order] = _inserted(np.ascontiguousarray(fitness[order], np.float64))
    return ranks


@kernel()
def _inserted(rows: Any) -> Any:
    """Return the front of each row; `rows` are in lexicographic order."""
    n, m = rows.shape
    fronts = np.empty(n, np.int64)
    latest, before = np.full(n, -1), np.empty(n, np.int64)
    n_fronts = 0
    for i in range(n):
        low, high = 0, n_fronts
        while low < high:
            middle = (low + high) // 2
            j = latest[middle]
            # With two objectives the latest row of a front has the smallest second one.
            while j >= 0 and m > 2 and not _dominates(rows[j], rows[i]):
                j = before[j]
            if j >= 0 and _dominates(rows[j], rows[i]):
                low = middle + 1
            else:
                high = middle
        fronts[i] = low
        before[i], latest[low] = latest[low], i
        n_fronts = max(n_fronts, low + 1)
    return fronts


@kernel(inline="always")
def _dominates(a: Any, b: Any) -> Any:
    better = False
    for k in range(len(a)):
        if a[k] > b[k]:
            return False
        better = better or a[k] < b[k]
    return better


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
