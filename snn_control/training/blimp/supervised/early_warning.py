"""Early warning of a loop that loses its stability: growing delay of the motors.

A flight fails once the height error exceeds `FAILED_M`. Scores of a window of 60 s that ends a lead
before the failure are compared with those of flights without the fault, in gusts that grow to four
times: the area under the receiver operating characteristic. Retreats compare the largest error with
and without them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.supervision.faults import Fault, FaultKind
from snn_control.supervision.monitors.pole import Pole
from snn_control.training.blimp.supervised.flight import (
    FlightSettings,
    SupervisedFlight,
    fly,
)
from snn_control.training.statistics import half_width

__all__ = ["RAMPS", "auc", "warning_rows"]

FloatArray = npt.NDArray[np.float64]
HEIGHT_M, FAILED_M, WINDOW_S = 1.4, 0.4, 60.0
START_S, AFTER_S, STEP_DELAY_S = 60.0, 60.0, 0.05
RAMPS = {"fast": (300.0, 1.6), "slow": (660.0, 1.3)}
"""Duration of the ramp, s, and the largest delay, s."""
LEADS_S = (10.0, 30.0, 60.0)
CONDITIONS = {"default": {}, "gusts": {"gust_sd_m_s2": 0.024}}
FIRST_SEED = 400


def warning_rows(n: int, model: str, progress: Callable[[str], None]) -> list[dict[str, Any]]:
    """Return the rows of pole and variance, and of the retreat.

    Args:
        n: number of flights for each ramp.
        model: controller.
        progress: called with each line of progress.
    """
    rows: list[dict[str, Any]] = []
    gusty = {"gust_sd_m_s2": 0.032}
    null = [_errors(_fly(seed, (), 360.0, gusty, model, 0.0)) for seed in _seeds(n)]
    for ramp, (lasts_s, top_s) in RAMPS.items():
        duration_s = START_S + lasts_s + AFTER_S
        faults = _ramp(lasts_s, top_s, duration_s)
        failing = [_errors(_fly(seed, faults, duration_s, {}, model, 0.0)) for seed in _seeds(n)]
        for lead_s in LEADS_S:
            scores = [s for flight in failing if (s := _before_failure(flight, lead_s))]
            nulls = [s for flight in null if (s := _at(flight, 300.0))]
            for k, name in enumerate(("pole", "variance")):
                rows.append({
                    "monitor": name,
                    "fault": f"motor delay, {ramp} ramp, lead {lead_s:g} s",
                    "auc": auc([s[k] for s in scores], [s[k] for s in nulls]),
                    "flights": len(scores),
                })  # fmt: skip
    lasts_s, top_s = RAMPS["fast"]
    duration_s = START_S + lasts_s + AFTER_S
    faults = _ramp(lasts_s, top_s, duration_s)
    for condition, changes in CONDITIONS.items():
        kept, without = (
            np.array([
                _worst(_fly(seed, faults, duration_s, changes, model, envelope_m))
                for seed in _seeds(n)
            ])
            for envelope_m in (0.6, 0.0)
        )  # fmt: skip
        rows.append({
            "monitor": "retreat",
            "fault": f"motor delay, fast ramp, {condition}",
            "worst_error_m": float(kept.mean()),
            "worst_error_m_ci95": half_width(kept),
            "worst_error_without_m": float(without.mean()),
            "worst_error_without_m_ci95": half_width(without),
            "worst_error_ratio": float(kept.mean() / without.mean()),
        })  # fmt: skip
        progress(f"retreat, {condition}: worst error {kept.mean():.2f} of {without.mean():.2f} m")
    return rows


def auc(positive: list[float], negative: list[float]) -> float | None:
    """Return the area under the receiver operating characteristic; None without scores."""
    if not positive or not negative:
        return None
    a, b = np.array(positive)[:, None], np.array(negative)[None, :]
    return float(np.mean((a > b) + 0.5 * (a == b)))


def _seeds(n: int) -> range:
    return range(FIRST_SEED, FIRST_SEED + n)


def _ramp(lasts_s: float, top_s: float, duration_s: float) -> tuple[Fault, ...]:
    """Return a delay of the motors that grows in steps."""
    n = round(top_s / STEP_DELAY_S)
    ends_s = [START_S + lasts_s * (k + 1) / n for k in range(n - 1)] + [duration_s]
    starts_s = [START_S, *ends_s[:-1]]
    return tuple(
        Fault("motor", FaultKind.DELAYED, start_s, stop_s, delay_s=STEP_DELAY_S * (k + 1))
        for k, (start_s, stop_s) in enumerate(zip(starts_s, ends_s, strict=True))
    )


def _fly(
    seed: int,
    faults: tuple[Fault, ...],
    duration_s: float,
    changes: dict[str, float],
    model: str,
    envelope_m: float,
) -> SupervisedFlight:
    settings = FlightSettings(
        duration_s,
        changes=changes,
        reference_m=lambda _: HEIGHT_M,
        model=model,
        config={"envelope_m": envelope_m},
    )
    return fly(seed, faults, settings)


def _errors(flight: SupervisedFlight) -> tuple[FloatArray, FloatArray]:
    return flight.time_s, flight.supervised["estimate_m"] - HEIGHT_M


def _worst(flight: SupervisedFlight) -> float:
    return float(np.abs(flight.height_m - HEIGHT_M)[flight.time_s > START_S].max())


def _before_failure(flight: tuple[FloatArray, FloatArray], lead_s: float) -> tuple[float, float]:
    """Return the scores a lead before the failure; empty if there is no failure or window."""
    times_s, errors_m = flight
    failed = times_s[(times_s > START_S) & (np.abs(errors_m) > FAILED_M)]
    if not failed.size or failed[0] - lead_s < WINDOW_S:
        return ()  # type: ignore[return-value]
    return _at(flight, float(failed[0]) - lead_s)


def _at(flight: tuple[FloatArray, FloatArray], end_s: float) -> tuple[float, float]:
    """Return pole and variance of the window that ends at a time."""
    times_s, errors_m = flight
    window = (times_s > end_s - WINDOW_S) & (times_s <= end_s) & np.isfinite(errors_m)
    pole = Pole(WINDOW_S)
    for at_s, error_m in zip(times_s[window].tolist(), errors_m[window].tolist(), strict=True):
        pole.add(error_m, at_s)
    return pole.modulus, float(np.var(errors_m[window]))
