"""Open-loop replay of recorded commands through the plant, compared with the recorded height.

A flight is cut into windows. The motors first run through the commands of the 3 s before a window;
then the plant follows the recorded commands in open loop from the measured height. Two quantities
that no log contains are fitted by least squares on the height:

    one hover bias b per flight (lift and battery differ from day to day), m/s^2
    one initial speed per window, m/s; from heights in 1 cm steps it is uncertain by several cm/s,
    which grows to more than 10 cm of height within 10 s
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from snn_control.compiled import kernel
from snn_control.envs.blimp import plant
from snn_control.envs.blimp.flight_log import FlightLog
from snn_control.errors import FlightLogError, ParameterError

WARM_UP_S = 3.0
_ITERATIONS = 3
_STEP = 1e-3


@dataclass(frozen=True)
class Window:
    """Section of a flight, preceded by `warm` rows of motor history."""

    start_s: float
    """Time stamp of the first row after the history, s."""
    commands: NDArray[np.float64]
    """Recorded commands of history and window, motor units."""
    substeps: NDArray[np.int64]
    """Physics steps after each row."""
    warm: int
    """Number of rows of history."""
    height_m: NDArray[np.float64]
    """Measured heights of the window, m, shape (rows - warm,)."""


@dataclass(frozen=True)
class Replay:
    """Fitted values and errors of a replay."""

    rmse_m: float
    """Root mean square height error over all windows, m."""
    window_rmse_m: NDArray[np.float64]
    """Root mean square height error of each window, m."""
    constants: NDArray[np.float64]
    """Constants row with the fitted hover bias (BIAS, m/s^2), without leak and sag."""
    speed_m_s: NDArray[np.float64]
    """Fitted initial speed of each window, m/s."""
    residual_m: NDArray[np.float64]
    """Measured minus simulated height, all windows concatenated, m."""
    windows: tuple[Window, ...]
    """Windows of the flight."""


def cut_windows(log: FlightLog, window_s: float = 10.0) -> tuple[Window, ...]:
    """Cut `log` into consecutive full windows of `window_s` (1 s or more) after 3 s of history.

    Raises:
        FlightLogError: the log has no commands, or is shorter than one window and its history.
        ParameterError: `window_s` is below 1 s.
    """
    if not window_s >= 1.0:
        raise ParameterError(f"window_s is {window_s!r}; expected at least 1 s")
    commands, time_s = log.command, log.time_s
    steps = np.rint((time_s - time_s[0]) / plant.PHYSICS_STEP_S).astype(np.int64)
    usual = max(1, int(np.median(np.diff(steps))))
    substeps = np.diff(steps, append=steps[-1] + usual)
    windows = []
    start_s = time_s[0] + WARM_UP_S
    while start_s + window_s <= time_s[-1] + usual * plant.PHYSICS_STEP_S + 1e-6:
        warm, first, end = np.searchsorted(
            time_s, np.array([start_s - WARM_UP_S, start_s, start_s + window_s]) - 1e-6
        )
        if end - first < 2:
            raise FlightLogError(f"{log.path}: no rows in the window from {start_s:.1f} s")
        rows = slice(warm, end)
        windows.append(
            Window(
                float(time_s[first]),
                np.ascontiguousarray(commands[rows]),
                np.ascontiguousarray(substeps[rows]),
                int(first - warm),
                log.height_m[first:end],
            )
        )
        start_s += window_s
    if not windows:
        raise FlightLogError(
            f"{log.path}: {time_s[-1] - time_s[0]:.1f} s long; "
            f"a replay needs {WARM_UP_S + window_s:.1f} s"
        )
    return tuple(windows)


def fly_native(
    window: Window, constants: NDArray[np.float64], speed_m_s: float
) -> NDArray[np.float64]:
    """Return the native plant's heights at the rows of `window`, m, shape (rows - warm,)."""
    heights = np.empty(window.height_m.size)
    _fly(
        np.empty(plant.STATE_SIZE),
        constants,
        window.commands,
        window.substeps,
        window.warm,
        window.height_m.item(0),
        speed_m_s,
        heights,
    )
    return heights


def replay(log: FlightLog, constants: NDArray[np.float64], window_s: float = 10.0) -> Replay:
    """Fit the hover bias of the flight and the initial speed of each window to `log`.

    `constants` is a row of `scenario.constants_row`; its BIAS is replaced, leak and sag become 0.

    Raises:
        FlightLogError, ParameterError: see `cut_windows`.
    """
    windows = cut_windows(log, window_s)
    row = constants.copy()
    row[[plant.LEAK, plant.SAG_PER_S]] = 0.0
    speeds = np.zeros(len(windows))
    for _ in range(_ITERATIONS):
        change = _gauss_newton(windows, row, speeds)
        row[plant.BIAS] += change[0]
        speeds += change[1:]
    residuals = [
        window.height_m - fly_native(window, row, speed)
        for window, speed in zip(windows, speeds, strict=True)
    ]
    every = np.concatenate(residuals)
    return Replay(
        rmse_m=float(np.sqrt(np.mean(every**2))),
        window_rmse_m=np.array([np.sqrt(np.mean(x**2)) for x in residuals]),
        constants=row,
        speed_m_s=speeds,
        residual_m=every,
        windows=windows,
    )


def _gauss_newton(
    windows: tuple[Window, ...], row: NDArray[np.float64], speeds: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the least-squares change of (bias, speed of each window), by forward differences."""
    biased = row.copy()
    biased[plant.BIAS] += _STEP
    rows = sum(window.height_m.size for window in windows)
    slopes, residual = np.zeros((rows, 1 + len(windows))), np.zeros(rows)
    at = 0
    for k, (window, speed) in enumerate(zip(windows, speeds, strict=True)):
        here = slice(at, at + window.height_m.size)
        at = here.stop
        simulated = fly_native(window, row, speed)
        residual[here] = window.height_m - simulated
        slopes[here, 0] = (fly_native(window, biased, speed) - simulated) / _STEP
        slopes[here, 1 + k] = (fly_native(window, row, speed + _STEP) - simulated) / _STEP
    return np.asarray(np.linalg.lstsq(slopes, residual, rcond=None)[0], np.float64)


@kernel()
def _fly(state, constants, commands, substeps, warm, start_m, speed_m_s, heights):
    calm = np.zeros(1)
    plant.reset(state, constants)
    for k in range(commands.size):
        if k == warm:
            state[plant.HEIGHT] = start_m
            state[plant.SPEED] = speed_m_s
        if k >= warm:
            heights[k - warm] = state[plant.HEIGHT]
        plant.advance(state, constants, calm, commands[k], substeps[k])
