"""Reader of flight logs: one CSV file per flight, with optional comment lines, a header and rows.

    # any comment
    time_s,h_ref_m,h_meas_m,...,u_motor_units
    57.3,0.5,0.53,...,2.7375

Required columns: time_s (not decreasing), h_ref_m, h_meas_m; a fit also requires u_motor_units
(before clipping and dead zone). Further columns are allowed and may be empty.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from snn_control.errors import FlightLogError

__all__ = ["COMMAND", "NEEDED", "FlightLog", "read_flight_log"]

NEEDED = ("time_s", "h_ref_m", "h_meas_m")
COMMAND = "u_motor_units"


@dataclass(frozen=True)
class FlightLog:
    """Columns of one flight, each float64 (rows,)."""

    path: Path
    """Path of the log file."""
    time_s: NDArray[np.float64]
    """Time stamps, s."""
    reference_m: NDArray[np.float64]
    """Reference height, m."""
    height_m: NDArray[np.float64]
    """Measured height, m."""
    columns: dict[str, NDArray[np.float64]]
    """Every column by its name; empty cells are NaN."""

    @property
    def error_m(self) -> NDArray[np.float64]:
        """Height error of the controller, m: err_logged_m if logged, else reference - height."""
        return self.columns.get("err_logged_m", self.reference_m - self.height_m)

    @property
    def command(self) -> NDArray[np.float64]:
        """Recorded motor commands, motor units.

        Raises:
            FlightLogError: the log has no commands, or only zeros.
        """
        values = self.columns.get(COMMAND)
        if values is None or not np.isfinite(values).all() or not values.any():
            raise FlightLogError(
                f"{self.path}: no motor commands; expected a column {COMMAND!r} with a finite "
                "number in each row, not all 0"
            )
        return values


def read_flight_log(path: str | Path) -> FlightLog:
    """Read and check the log at `path`.

    Raises:
        FlightLogError: the file is missing or empty, lacks a required column, has fewer than two
            rows, a row of another length, a cell that is not a number, a non-finite value in a
            required column, or a decreasing time. The message names file and line.
    """
    path = Path(path)
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as exc:
        raise FlightLogError(f"{path}: cannot be read as text ({exc})") from exc
    rows = [(k, x) for k, x in enumerate(lines, 1) if x.strip() and not x.startswith("#")]
    if not rows:
        raise FlightLogError(f"{path}: empty; expected a header {','.join(NEEDED)},... and rows")
    names = [name.strip() for name in rows[0][1].split(",")]
    absent = [name for name in NEEDED if name not in names]
    if absent:
        raise FlightLogError(f"{path}: no column {', '.join(absent)}; the header has {names}")
    if len(rows) < 3:
        raise FlightLogError(f"{path}: {len(rows) - 1} rows; expected at least 2")
    table = np.array([_row(path, k, line, len(names)) for k, line in rows[1:]])
    columns = {name: np.ascontiguousarray(table[:, k]) for k, name in enumerate(names)}
    for name in NEEDED:
        bad = ~np.isfinite(columns[name])
        if bad.any():
            line = rows[1 + int(np.argmax(bad))][0]
            raise FlightLogError(f"{path}, line {line}: {name} is not a finite number")
    backwards = np.diff(columns["time_s"]) < 0
    if backwards.any():
        line = rows[2 + int(np.argmax(backwards))][0]
        raise FlightLogError(f"{path}, line {line}: time_s goes backwards")
    return FlightLog(path, columns["time_s"], columns["h_ref_m"], columns["h_meas_m"], columns)


def _row(path: Path, line: int, text: str, n: int) -> list[float]:
    cells = text.split(",")
    if len(cells) != n:
        raise FlightLogError(f"{path}, line {line}: {len(cells)} cells; the header has {n}")
    try:
        return [float(cell) if cell.strip() else float("nan") for cell in cells]
    except ValueError as exc:
        raise FlightLogError(f"{path}, line {line}: {exc}") from exc
