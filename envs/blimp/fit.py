"""Fit the plant to flight logs.

Least squares of the open-loop replay's height error over thrust gain, motor time constant,
transport delay and the two drag coefficients; the hover bias of each flight and the initial speed
of each window are solved inside (variable projection). Flights identify the five parameters weakly,
so a prior keeps each near its start value p0:

    cost = sum of squared height errors + rows (_PRIOR_M)^2 sum of ln(p / p0)^2

"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from snn_control.envs.blimp import plant
from snn_control.envs.blimp.flight_log import FlightLog, read_flight_log
from snn_control.envs.blimp.parameters import BlimpParameters
from snn_control.envs.blimp.replay import Replay, replay
from snn_control.envs.blimp.scenario import constants_row
from snn_control.errors import FlightLogError

__all__ = [
    "FITTED",
    "UNITS",
    "FitResult",
    "FlightFit",
    "fit_flight",
    "fit_flights",
    "hover_command",
]

UNITS = {
    "thrust_gain_m_s2": "m/s^2",
    "motor_time_constant_s": "s",
    "transport_delay_s": "s",
    "linear_drag_per_s": "1/s",
    "quadratic_drag_per_m": "1/m",
    "hover_motor_units": "motor units",
}
"""Fitted parameters and their units; the hover command follows from each flight's bias."""
FITTED = tuple(UNITS)[:5]
_LOW = (0.3, 0.02, 0.05, 0.02, 0.02)
_HIGH = (5.0, 1.0, 0.6, 2.0, 6.0)
_PRIOR_M = 0.0033


@dataclass(frozen=True)
class FlightFit:
    """Replay errors of one flight with the fitted plant."""

    path: Path
    """Path of the flight log."""
    hover_motor_units: float
    """Command that balances this flight's bias, motor units."""
    rmse_m: float
    """RMS replay error with the fitted values, m."""
    rmse_before_m: float
    """RMS replay error with the start values, m."""
    window_rmse_m: tuple[float, ...]
    """RMS replay error of each window, m."""


@dataclass(frozen=True)
class FitResult:
    """Plant parameters fitted to one or more flights, with their replay errors."""

    parameters: dict[str, float]
    """Fitted values by field name of `BlimpParameters`, usable as overrides; `hover_motor_units` is
    the mean over the flights."""
    rmse_m: float
    """RMS replay error with the fitted values over all windows, m."""
    rmse_before_m: float
    """RMS replay error with the start values, m."""
    window_s: float
    """Length of the windows, s."""
    flights: tuple[FlightFit, ...]
    """Errors of each flight."""
    at_bound: tuple[str, ...]
    """Parameters at a bound of the fit; the flights do not identify them."""
    warnings: tuple[str, ...] = ()
    """Reasons not to use the parameters: values at their bounds, or a hover command of 0 or 10."""


def fit_flight(
    path: str | Path, start: BlimpParameters | None = None, window_s: float = 10.0
) -> FitResult:
    """Fit the plant to the log at `path`; see `fit_flights`."""
    return fit_flights([path], start, window_s)


def fit_flights(
    paths: Sequence[str | Path], start: BlimpParameters | None = None, window_s: float = 10.0
) -> FitResult:
    """Fit the plant to logs of one blimp, from `start` (default: the shipped parameters).

    Raises:
        FlightLogError: `paths` is empty, or a log cannot be read, has no commands or is too short.
        ParameterError: `window_s` is below 1 s.
    """
    from scipy.optimize import least_squares

    if not paths:
        raise FlightLogError("no flight log is given; expected at least one CSV file")
    logs = [read_flight_log(path) for path in paths]
    start = start or BlimpParameters()
    origin = np.log([getattr(start, name) for name in FITTED])
    before = _replays(logs, start, window_s)
    weight_m = _PRIOR_M * sqrt(sum(one.residual_m.size for one in before))

    def residual(x: NDArray[np.float64]) -> NDArray[np.float64]:
        replays = _replays(logs, _with(start, x), window_s)
        return np.concatenate([*(one.residual_m for one in replays), weight_m * (x - origin)])

    low, high = np.log(_LOW), np.log(_HIGH)
    first = np.clip(origin, low + 1e-6, high - 1e-6)
    # The delay acts in whole physics steps, so finite differences must span at least one.
    solution = least_squares(residual, first, bounds=(low, high), diff_step=0.05, max_nfev=15)
    fitted = _with(start, solution.x)
    after = _replays(logs, fitted, window_s)
    flights = tuple(
        _flight(log, a, b, fitted) for log, a, b in zip(logs, after, before, strict=True)
    )
    parameters = {name: float(getattr(fitted, name)) for name in FITTED}
    parameters["hover_motor_units"] = float(np.mean([f.hover_motor_units for f in flights]))
    hovers = [f"{f.path}: {_fault_of_hover(f)}" for f in flights if _fault_of_hover(f)]
    close = np.minimum(solution.x - low, high - solution.x) < 1e-3
    at_bound = tuple(name for name, at in zip(FITTED, close, strict=True) if at)
    bounds = [
        f"{name} is at its bound, {parameters[name]:.3g} {UNITS[name]}: these flights do not "
        "determine it"
        for name in at_bound
    ]
    return FitResult(
        parameters=parameters,
        rmse_m=_rmse(after),
        rmse_before_m=_rmse(before),
        window_s=window_s,
        flights=flights,
        at_bound=at_bound,
        warnings=(*bounds, *hovers),
    )


def _replays(logs: list[FlightLog], p: BlimpParameters, window_s: float) -> list[Replay]:
    return [replay(log, constants_row(p), window_s) for log in logs]


def _flight(log: FlightLog, after: Replay, before: Replay, fitted: BlimpParameters) -> FlightFit:
    bias_m_s2 = after.constants.item(plant.BIAS)
    return FlightFit(
        path=log.path,
        hover_motor_units=hover_command(bias_m_s2, fitted.thrust_gain_m_s2),
        rmse_m=after.rmse_m,
        rmse_before_m=before.rmse_m,
        window_rmse_m=tuple(after.window_rmse_m.tolist()),
    )


def _fault_of_hover(flight: FlightFit) -> str:
    if 0.0 < flight.hover_motor_units < plant.COMMAND_LIMIT:
        return ""
    return (
        f"the hover command is {flight.hover_motor_units:g} motor units, no command of a blimp "
        "that hovers; check units and signs of the log"
    )


def _rmse(replays: list[Replay]) -> float:
    return float(np.sqrt(np.mean(np.concatenate([one.residual_m for one in replays]) ** 2)))


def hover_command(bias_m_s2: float, thrust_gain_m_s2: float) -> float:
    """Return the command that balances `bias_m_s2`, motor units: gain ((9 + 3 u) / 45)^2 = -bias.

    The result is 0 if the blimp needs no thrust, and at most 10.
    """
    duty = sqrt(max(-bias_m_s2, 0.0) / thrust_gain_m_s2)
    return min(max((45.0 * duty - 9.0) / 3.0, 0.0), plant.COMMAND_LIMIT)


def _with(start: BlimpParameters, x: NDArray[np.float64]) -> BlimpParameters:
    return start.override(dict(zip(FITTED, np.exp(x).tolist(), strict=True)))
