"""Reader of flight logs: one CSV a flight, an optional comment line, a header, rows.

    # any comment
    time_s,h_ref_m,h_meas_m,...,u_motor_units
    57.3,0.5,0.53,...,2.7375

Needed columns: time_s (not decreasing), h_ref_m, h_meas_m; for a fit u_motor_units too (before
clipping and dead zone). Other columns may be there and may be empty.
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
    """File it was read from."""
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
        """What the controller saw: err_logged_m where it was logged, else reference - height, m."""
        return self.columns.get("err_logged_m", self.reference_m - self.height_m)

    @property
    def command(self) -> NDArray[np.float64]:
        """Recorded motor commands, motor units.

        Raises:
            FlightLogError: the log has none, or only zeros.
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
        FlightLogError: the file is absent, empty, lacks a needed column, has a row of another
            length, a cell that is no number, a value that is not finite in a needed column, a
            decreasing time, or fewer than two rows. The message names file and line.
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
