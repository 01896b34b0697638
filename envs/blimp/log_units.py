"""Plausibility of the units of a flight log.

A log in other units is read without an error and fitted to nonsense. The limits are wide: heights
beyond the lidar's range, periods beyond those of any control loop here, commands beyond the full
scale in many rows, logged errors of another size than the difference of the heights.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from snn_control.errors import FlightLogError

__all__ = ["require_plausible"]

LARGEST_HEIGHT_M = 12.0
"""Largest plausible median of heights and of height errors, m: the range of the lidar."""
PERIODS_S = (0.005, 1.0)
"""Plausible median time between two rows, s."""
LARGEST_RATIO = 10.0
"""Largest plausible ratio of logged errors to reference - height, and of these to the errors."""
RESOLUTION_M = 0.01
"""Resolution of the lidar: a smaller difference of reference and height counts as this, m."""
FULL_SCALE = 10.0
"""Full scale of commands, motor units."""
CLIPPED_SHARE = 0.2
"""Largest plausible share of commands beyond the full scale: single ones are, before clipping."""


def require_plausible(path: Path, columns: Mapping[str, NDArray[np.float64]]) -> None:
    """Refuse a log whose columns have other units than their names.

    Raises:
        FlightLogError: names the column, its values and the suspected unit.
    """
    steps_s = np.diff(columns["time_s"])
    steps_s = steps_s[steps_s > 0]
    if not steps_s.size:
        raise FlightLogError(f"{path}: time_s is the same in all rows; expected seconds")
    period_s = float(np.median(steps_s))
    if not PERIODS_S[0] <= period_s <= PERIODS_S[1]:
        unit = _unit_of_period(period_s)
        raise FlightLogError(
            f"{path}: time_s has a period of {period_s:g} s, {unit} suspected; expected seconds"
        )
    for name in ("h_ref_m", "h_meas_m", "err_logged_m"):
        values = np.abs(columns.get(name, np.zeros(1)))
        values = values[np.isfinite(values)]
        if values.size and (middle := float(np.median(values))) > LARGEST_HEIGHT_M:
            unit = "centimetres" if middle <= 100 * LARGEST_HEIGHT_M / 3 else "millimetres"
            raise FlightLogError(
                f"{path}: {name} is up to {values.max():g} m, {unit} suspected; expected metres, "
                f"median at most {LARGEST_HEIGHT_M:g}"
            )
    _require_error(path, columns)
    command = columns.get("u_motor_units", np.zeros(1))
    beyond = np.abs(command) > FULL_SCALE
    if beyond.mean() > CLIPPED_SHARE:
        low, high = float(np.nanmin(command)), float(np.nanmax(command))
        raise FlightLogError(
            f"{path}: u_motor_units is {low:g} to {high:g}, {_unit_of_command(high)} suspected; "
            f"expected motor units, -{FULL_SCALE:g} to {FULL_SCALE:g}"
        )


def _require_error(path: Path, columns: Mapping[str, NDArray[np.float64]]) -> None:
    """Refuse logged errors that are infinite or of another size than reference - height."""
    logged = columns.get("err_logged_m", np.zeros(0))
    if np.isinf(logged).any():
        raise FlightLogError(f"{path}: err_logged_m is infinite; leave such a cell empty")
    rows = np.flatnonzero(np.isfinite(logged))
    if not rows.size:
        return
    difference_m = max(_rms((columns["h_ref_m"] - columns["h_meas_m"])[rows]), RESOLUTION_M)
    ratio = _rms(logged[rows]) / difference_m
    if ratio > LARGEST_RATIO or (ratio < 1 / LARGEST_RATIO and difference_m > RESOLUTION_M):
        unit = "not logged" if not ratio else "kilometres"
        if ratio > LARGEST_RATIO:
            unit = "centimetres" if ratio < 300.0 else "millimetres"
        raise FlightLogError(
            f"{path}: err_logged_m has an RMS of {ratio * difference_m:.3g}, h_ref_m - h_meas_m "
            f"one of {difference_m:.3g} m, {unit} suspected; expected metres, or no such column"
        )


def _rms(values: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean(values**2)))


def _unit_of_period(period_s: float) -> str:
    if period_s < PERIODS_S[0]:
        return "minutes or hours"
    for unit, per_second in (("milliseconds", 1e3), ("microseconds", 1e6), ("nanoseconds", 1e9)):
        if period_s / per_second <= PERIODS_S[1]:
            return unit
    return "another unit"


def _unit_of_command(largest: float) -> str:
    if 500.0 <= largest <= 2500.0:
        return "pulse widths in microseconds"
    return "per cent" if largest <= 100.0 else "another unit"
