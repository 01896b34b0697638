"""Sequences of height errors that studies of imitation share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from snn_control.envs.blimp.flight_log import read_flight_log
from snn_control.errors import FlightLogError
from snn_control.training.blimp.synthetic_errors import synthetic_errors

FloatArray = npt.NDArray[np.float64]
SYNTHETIC = 12
SYNTHETIC_TICKS = 1000
SYNTHETIC_SEED = 20_000
"""Not a seed of any training set."""


def error_sequences(flights: Sequence[Path]) -> dict[str, FloatArray]:
    """Return sequences of height errors in m by name, each of shape (n_ticks,).

    A log is called by its file name, or by its path where two have one name.

    Args:
        flights: flight logs (CSV) and folders of them; none: synthetic flights of drawn PIDs
            through drawn blimps.

    Raises:
        FlightLogError: there is no log, or one is malformed; the message names file and line.
    """
    if not flights:
        rows = synthetic_errors(SYNTHETIC, SYNTHETIC_TICKS, SYNTHETIC_SEED)
        return {f"synthetic {k}": row for k, row in enumerate(rows)}
    paths: list[Path] = []
    for given in flights:
        found = sorted(given.glob("*.csv")) if given.is_dir() else [given]
        if not found:
            raise FlightLogError(
                f"{given}: no flight log; expected *.csv with columns time_s, h_ref_m, h_meas_m"
            )
        paths += found
    stems = [path.stem for path in paths]
    names = [path.stem if stems.count(path.stem) == 1 else str(path) for path in paths]
    return {name: read_flight_log(path).error_m for name, path in zip(names, paths, strict=True)}
