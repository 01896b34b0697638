"""Fit the plant to a user's own flight log.

Least squares of the open-loop replay's height error over thrust gain, motor time constant,
transport delay and the two drags; hover bias and initial speeds are solved inside (variable
projection). One flight identifies the five weakly, so each is held near its start value p0:

    cost = sum of squared height errors + rows (_PRIOR_M)^2 sum of ln(p / p0)^2

"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from snn_control.envs.blimp import plant
from snn_control.envs.blimp.flight_log import read_flight_log
from snn_control.envs.blimp.parameters import BlimpParameters
from snn_control.envs.blimp.replay import replay
from snn_control.envs.blimp.scenario import constants_row

FITTED = (
    "thrust_gain_m_s2",
    "motor_time_constant_s",
    "transport_delay_s",
    "linear_drag_per_s",
    "quadratic_drag_per_m",
)
_LOW = (0.3, 0.02, 0.05, 0.02, 0.02)
_HIGH = (5.0, 1.0, 0.6, 2.0, 6.0)
_PRIOR_M = 0.0033


@dataclass(frozen=True)
class FitResult:
    """Plant parameters of one flight and how well they replay it."""

    path: Path
    """The flight log."""
    parameters: dict[str, float]
    """Fitted values by the names of `BlimpParameters`, ready as overrides; hover included."""
    rmse_m: float
    """Replay error with the fitted values, m."""
    rmse_before_m: float
    """Replay error with the values started from, m."""
    window_rmse_m: tuple[float, ...]
    """Replay error of each window, m."""
    window_s: float
    """Length of the windows, s."""


def fit_flight(
    path: str | Path, start: BlimpParameters | None = None, window_s: float = 10.0
) -> FitResult:
    """Fit the plant to the log at `path`, from `start` (default: the shipped parameters).

    Raises:
        FlightLogError: the log cannot be read, has no commands or is too short.
        ParameterError: `window_s` is below 1 s.
    """
    from scipy.optimize import least_squares

    log = read_flight_log(path)
    start = start or BlimpParameters()
    origin = np.log([getattr(start, name) for name in FITTED])
    before = replay(log, constants_row(start), window_s)
    weight_m = _PRIOR_M * sqrt(before.residual_m.size)

    def residual(x: NDArray[np.float64]) -> NDArray[np.float64]:
        flown = replay(log, constants_row(_with(start, x)), window_s)
        return np.append(flown.residual_m, weight_m * (x - origin))

    low, high = np.log(_LOW), np.log(_HIGH)
    first = np.clip(origin, low + 1e-6, high - 1e-6)
    # The delay acts in whole physics steps: differences must span at least one of them.
    found = least_squares(residual, first, bounds=(low, high), diff_step=0.05, max_nfev=15)
    fitted = _with(start, found.x)
    after = replay(log, constants_row(fitted), window_s)
    parameters = {name: float(getattr(fitted, name)) for name in FITTED}
    parameters["hover_motor_units"] = hover_command(
        after.constants.item(plant.BIAS), fitted.thrust_gain_m_s2
    )
    return FitResult(
        path=Path(path),
        parameters=parameters,
        rmse_m=after.rmse_m,
        rmse_before_m=before.rmse_m,
        window_rmse_m=tuple(after.window_rmse_m.tolist()),
        window_s=window_s,
    )


def hover_command(bias_m_s2: float, thrust_gain_m_s2: float) -> float:
    """Command that balances `bias_m_s2`, motor units: gain ((9 + 3 u) / 45)^2 = -bias.

    0 where the craft needs no thrust, at most 10.
    """
    duty = sqrt(max(-bias_m_s2, 0.0) / thrust_gain_m_s2)
    return min(max((45.0 * duty - 9.0) / 3.0, 0.0), plant.COMMAND_LIMIT)


def _with(start: BlimpParameters, x: NDArray[np.float64]) -> BlimpParameters:
    return start.override(dict(zip(FITTED, np.exp(x).tolist(), strict=True)))
