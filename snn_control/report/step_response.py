"""Overshoot, settling and steady-state error of each reference step in a trace."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

OVERSHOOT_WINDOW_S = 30.0
STEADY_WINDOW_S = 10.0
BAND_M = 0.05


@dataclass(frozen=True)
class StepResponse:
    """Response to one step of the reference, until the next step or the end."""

    time_s: float
    """Time of the step."""
    size_m: float
    """New minus old reference."""
    reference_m: float
    overshoot_m: float
    """Largest error beyond the new reference within 30 s of the step, at least 0."""
    peak_time_s: float
    settling_time_s: float
    """Time from the step until the error stays within 5 cm; NaN if it never does."""
    steady_state_error_m: float
    """Mean absolute error of the last 10 s."""
    end_s: float


def step_responses(
    time_s: np.ndarray, height_m: np.ndarray, reference_m: np.ndarray
) -> list[StepResponse]:
    """Return the response to each step of a trace; all arrays have shape (T,)."""
    jumps = np.flatnonzero(np.abs(np.diff(reference_m)) > 1e-6) + 1
    ends = [*jumps[1:], len(time_s)][: len(jumps)]
    return [
        _response(time_s[a:b], height_m[a:b], reference_m[a], reference_m[a] - reference_m[a - 1])
        for a, b in zip(jumps, ends, strict=True)
    ]


def _response(t: np.ndarray, height: np.ndarray, reference: float, size: float) -> StepResponse:
    beyond = (height - reference) * np.sign(size)
    early = t <= t[0] + OVERSHOOT_WINDOW_S
    peak = int(np.argmax(beyond[early]))
    outside = np.flatnonzero(np.abs(beyond) > BAND_M)
    settled = 0 if outside.size == 0 else outside[-1] + 1
    late = t >= t[-1] - STEADY_WINDOW_S
    return StepResponse(
        time_s=float(t[0]),
        size_m=float(size),
        reference_m=float(reference),
        overshoot_m=float(max(0.0, beyond[peak])),
        peak_time_s=float(t[peak]),
        settling_time_s=float(t[settled] - t[0]) if settled < len(t) else float("nan"),
        steady_state_error_m=float(np.mean(np.abs(beyond[late]))),
        end_s=float(t[-1]),
    )
