"""Means and ratios of paired episodes with 95 % confidence intervals (Student's t)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from snn_control.report.statistics import t95

FloatArray = npt.NDArray[np.float64]


def half_width(values: FloatArray) -> float:
    """Return the half width of the 95 % interval of the mean of `values` (n,); NaN if n < 2."""
    if values.size < 2:
        return float("nan")
    if np.ptp(values) == 0:
        return 0.0  # rounding of the mean would leave a spread
    return t95(values.size - 1) * float(values.std(ddof=1) / np.sqrt(values.size))


def paired_ratio(mine: FloatArray, theirs: FloatArray) -> tuple[float, float]:
    """Return the ratio of two means on the same seeds, and the half width of its interval.

        r = mean(x) / mean(y),   half width = that of the mean of (x - r y) / mean(y)

    (the delta method for a ratio estimator; W. G. Cochran, Sampling Techniques, 1977, chapter 6).

    Args:
        mine: shape (n_seeds,), in the order of the seeds.
        theirs: shape (n_seeds,), same order.

    Returns:
        Ratio and half width; both NaN if the mean of `theirs` is 0, the half width for one seed.
    """
    below = float(theirs.mean())
    if below == 0.0:
        return float("nan"), float("nan")
    ratio = float(mine.mean()) / below
    return ratio, half_width((mine - ratio * theirs) / below)
