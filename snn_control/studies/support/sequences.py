"""Sequences of height errors for the studies of imitation."""

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
"""Seed that no training set uses."""


def error_sequences(logs: Sequence[Path]) -> dict[str, FloatArray]:
    """Return sequences of height errors, m, by name, each of shape (n_ticks,).

    The name of a log is its file name, or its path if two logs have the same file name.

    Args:
        logs: flight logs (CSV) and folders of them; empty: synthetic flights of random PIDs and
            random blimps.

    Raises:
        FlightLogError: no log, or a malformed one; the message names file and line.
    """
    if not logs:
        rows = synthetic_errors(SYNTHETIC, SYNTHETIC_TICKS, SYNTHETIC_SEED)
        return {f"synthetic {k}": row for k, row in enumerate(rows)}
    paths: list[Path] = []
    for source in logs:
        files = sorted(source.glob("*.csv")) if source.is_dir() else [source]
        if not files:
            raise FlightLogError(
                f"{source}: no flight log; expected *.csv with columns time_s, h_ref_m, h_meas_m"
            )
        paths += files
    stems = [path.stem for path in paths]
    names = [path.stem if stems.count(path.stem) == 1 else str(path) for path in paths]
    return {name: read_flight_log(path).error_m for name, path in zip(names, paths, strict=True)}
