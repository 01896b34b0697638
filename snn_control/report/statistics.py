"""Means with 95 % confidence intervals by Student's t; differences are paired by seed."""

from __future__ import annotations

import numpy as np

# Two-sided 95 % quantiles of Student's t for 1 to 30 degrees of freedom.
_T95 = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228),
    *(2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086),
    *(2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042),
)


def t95(degrees: int) -> float:
    """Return the two-sided 95 % quantile of Student's t."""
    if degrees <= len(_T95):
        return _T95[degrees - 1]
    z = 1.959964
    return z + (z**3 + z) / (4 * degrees)


def mean_ci95(values: np.ndarray) -> tuple[float, float]:
    """Return mean and half width of the interval; infinite for fewer than two values."""
    values = np.asarray(values, float)
    if values.size < 2:
        return (float(values.mean()) if values.size else float("nan")), float("inf")
    half = t95(values.size - 1) * values.std(ddof=1) / np.sqrt(values.size)
    return float(values.mean()), float(half)


def paired_difference(
    ours: dict[int, float], theirs: dict[int, float]
) -> tuple[float, float] | None:
    """Return mean and half width of ours - theirs over common seeds; None for fewer than two."""
    seeds = [s for s in ours if s in theirs and np.isfinite(ours[s]) and np.isfinite(theirs[s])]
    if len(seeds) < 2:
        return None
    return mean_ci95(np.array([ours[s] - theirs[s] for s in seeds]))
