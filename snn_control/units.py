"""Conversions between time constants in seconds and per-tick decays."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["decay", "time_constant"]

Array = npt.NDArray[np.float64]


def decay(tau_s: npt.ArrayLike, dt_s: float) -> Array:
    """Return `exp(-dt_s / tau_s)`, the fraction that remains after one tick.

    A time constant of 0 gives decay 0, an infinite one decay 1.

    Args:
        tau_s: time constants in s, each in [0, inf].
        dt_s: tick length in s, positive.
    """
    tau = np.asarray(tau_s, dtype=np.float64)
    with np.errstate(divide="ignore"):
        return np.exp(-dt_s / tau)


def time_constant(decays: npt.ArrayLike, dt_s: float) -> Array:
    """Return the time constants in s whose `decay` over `dt_s` is `decays`, each in [0, 1]."""
    with np.errstate(divide="ignore"):
        return dt_s / np.abs(np.log(np.asarray(decays, dtype=np.float64)))
