"""Metrics of an altitude-hold episode, computed from the true height.

With e = reference - height and the instants T_1 ... T_n at which the reference jumps:

    rmse_m                 root mean e^2 over the whole episode
    step_rmse_m            the same from 8.2 s before T_1 to 9.95 s after T_n
    hold_rmse_m            the same over all hold windows [T_i + 10 s, T_i+1), the last to the end
    hold_bias_m            mean height above the reference in the hold windows (below: negative)
    steady_state_error_m   mean |e| of the 10 s before each T_i and before the end, averaged
    steady_state_offset_m  |mean e| of the same windows, averaged
    overshoot_m            largest excess over the new reference within 9.9 s of a jump, 0 if none;
                           the mean over all jumps, zeros included; _up_m, _down_m of one direction
    rise_time_s            from e <= 90 % to e <= 10 % of the e right after a jump, mean over jumps

T. Burgers, S. Stroobants, G. de Croon, arXiv 2309.12937, compare their flights by these metrics,
except that they leave out steps without overshoot.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snn_control.errors import ParameterError

SETTLE_S = 10.0
STEADY_S = 10.0
OVERSHOOT_S = 9.9
JUMP_M = 0.25
REWARD_WITHIN_M, REWARD_MARGIN_M = 0.02, 0.5
"""Height error of a full reward, and beyond it that of a reward of 0.1, see `envs.rewards`."""


@dataclass(frozen=True)
class StepFigures:
    """Response to each jump of the reference, one entry per jump (one more where noted)."""

    jump_s: NDArray[np.float64]
    """Instants of the jumps, s."""
    jump_m: NDArray[np.float64]
    """Sizes of the jumps, m; positive is up."""
    overshoot_m: NDArray[np.float64]
    """Overshoot after each jump, m, zeros included."""
    rise_time_s: NDArray[np.float64]
    """10-90 % rise time after each jump, s; NaN if the height does not reach 90 %."""
    hold_rmse_m: NDArray[np.float64]
    """RMSE of each hold window, m; NaN if the window is empty."""
    hold_bias_m: NDArray[np.float64]
    """Mean height above the reference in each hold window, m."""
    steady_state_error_m: NDArray[np.float64]
    """Mean |e| in the 10 s before each jump and before the end, m; one more entry than jumps."""
    steady_state_offset_m: NDArray[np.float64]
    """|mean e| in the same windows, m."""
    hold: NDArray[np.bool_]
    """Mask of the samples in a hold window, shape (samples,)."""


def step_figures(
    time_s: ArrayLike, error_m: ArrayLike, overshoot_window_s: float = OVERSHOOT_S
) -> StepFigures:
    """Detect the jumps (|change of e| > 0.25 m between samples) and evaluate the response to each.

    Arguments: `time_s` (samples,), not decreasing; `error_m` (samples,), reference - height.

    Raises:
        ParameterError: fewer than two samples, unequal lengths, or a non-finite value.
    """
    t, e = _checked(time_s, error_m)
    at = np.flatnonzero(np.abs(np.diff(e)) > JUMP_M) + 1
    jump_s, jump_m = t[at], e[at] - e[at - 1]
    # Sample times have small rounding errors; 1e-6 s keeps window edges exact.
    ends_s = np.append(jump_s[1:] - 1e-6, t[-1] + 1e-6)[: at.size]
    overshoot, rise = np.zeros(at.size), np.full(at.size, np.nan)
    hold = np.zeros(t.size, bool)
    hold_rmse, hold_bias = np.full(at.size, np.nan), np.full(at.size, np.nan)
    for k, (start, end) in enumerate(zip(jump_s, ends_s, strict=True)):
        after = (t >= start) & (t <= min(start + overshoot_window_s + 1e-6, end))
        toward = e * np.sign(jump_m[k])
        overshoot[k] = max(0.0, -toward[after].min())
        rise[k] = _rise_time_s(t[at[k] :], toward[at[k] :])
        window = (t >= start + SETTLE_S - 1e-6) & (t <= end)
        hold |= window
        if window.any():
            hold_rmse[k] = _rms(e[window])
            hold_bias[k] = -e[window].mean()
    edges_s = np.append(jump_s - 1e-6, t[-1] + 1e-6)
    steady = [e[(t >= edge - STEADY_S) & (t <= edge)] for edge in edges_s]
    return StepFigures(
        jump_s=jump_s,
        jump_m=jump_m,
        overshoot_m=overshoot,
        rise_time_s=rise,
        hold_rmse_m=hold_rmse,
        hold_bias_m=hold_bias,
        steady_state_error_m=np.array([np.abs(x).mean() if x.size else np.nan for x in steady]),
        steady_state_offset_m=np.array([abs(x.mean()) if x.size else np.nan for x in steady]),
        hold=hold,
    )


def altitude_metrics(
    time_s: ArrayLike, reference_m: ArrayLike, height_m: ArrayLike
) -> dict[str, float]:
    """Return the metrics of the module docstring for arrays of one shape (samples,).

    Without a jump, the hold window is everything after 10 s, and the overshoot is 0.

    Raises:
        ParameterError: fewer than two samples, unequal lengths, or a non-finite value.
    """
    error = np.asarray(reference_m, float) - np.asarray(height_m, float)
    t, e = _checked(time_s, error)
    s = step_figures(t, e)
    if s.jump_s.size:
        hold = s.hold
        stepping = (t >= s.jump_s[0] - 8.2 - 1e-6) & (t < s.jump_s[-1] + 9.95)
    else:
        hold = stepping = t >= t[0] + SETTLE_S
    up, down = s.overshoot_m[s.jump_m > 0], s.overshoot_m[s.jump_m < 0]
    arrived = s.rise_time_s[np.isfinite(s.rise_time_s)]
    return {
        "rmse_m": _rms(e),
        "step_rmse_m": _rms(e[stepping]),
        "hold_rmse_m": _rms(e[hold]),
        "hold_bias_m": _mean(-e[hold]),
        "steady_state_error_m": _mean(s.steady_state_error_m),
        "steady_state_offset_m": _mean(s.steady_state_offset_m),
        "overshoot_m": _mean(s.overshoot_m, 0.0),
        "overshoot_up_m": _mean(up, 0.0),
        "overshoot_down_m": _mean(down, 0.0),
        "rise_time_s": _mean(arrived),
    }


def _checked(time_s: ArrayLike, error_m: ArrayLike) -> tuple[NDArray, NDArray]:
    t, e = np.asarray(time_s, float), np.asarray(error_m, float)
    if t.ndim != 1 or t.shape != e.shape or t.size < 2:
        raise ParameterError(
            f"time and heights have shapes {t.shape} and {e.shape}; "
            "expected two equal one-dimensional shapes of at least 2 samples"
        )
    if not (np.isfinite(t).all() and np.isfinite(e).all()) or (np.diff(t) < 0).any():
        raise ParameterError("time and heights must be finite and time must not decrease")
    return t, e


def _rise_time_s(t: NDArray, toward: NDArray) -> float:
    left, arrived = (toward <= level * toward[0] + 1e-6 for level in (0.9, 0.1))
    if not arrived.any():
        return float("nan")
    return float(t[np.argmax(arrived)] - t[np.argmax(left)])


def _rms(values: NDArray) -> float:
    return float(np.sqrt(np.mean(np.square(values)))) if values.size else float("nan")


def _mean(values: NDArray, empty: float = float("nan")) -> float:
    return float(np.mean(values)) if values.size else empty
