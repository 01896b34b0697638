"""Reader of flight logs: one CSV file per flight, with optional comment lines, a header and rows.

    # any comment
    time_s,h_ref_m,h_meas_m,...,u_motor_units
    57.3,0.5,0.53,...,2.7375

Required columns: time_s (not decreasing), h_ref_m, h_meas_m; a fit also requires u_motor_units
(before clipping and dead zone). Further columns are allowed, may be empty or contain text.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from snn_control.envs.blimp.log_units import require_plausible
from snn_control.errors import FlightLogError, did_you_mean
from snn_control.input_file import read_text

__all__ = ["COMMAND", "NEEDED", "FlightLog", "read_flight_log"]

NEEDED = ("time_s", "h_ref_m", "h_meas_m")
COMMAND = "u_motor_units"
LOGGED_ERROR = "err_logged_m"
Row = tuple[int, list[str]]
"""Line and cells of a row."""


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
    """Every column of numbers by its name; empty cells are NaN."""

    @property
    def error_m(self) -> NDArray[np.float64]:
        """Height error of the controller, m: err_logged_m if logged, else reference - height.

        A row whose cell is empty has the difference.
        """
        difference_m = self.reference_m - self.height_m
        logged_m = self.columns.get(LOGGED_ERROR, difference_m)
        return np.where(np.isnan(logged_m), difference_m, logged_m)

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
        FlightLogError: the file is missing or empty, lacks a required column, has a column or its
            header twice, fewer than two rows, a row of another length, a known column with a cell
            that is not a number, a non-finite value in a required column, a decreasing time, or
            values of another unit. The message names file and line or column.
    """
    path = Path(path)
    rows = _rows(path, read_text(path, FlightLogError))
    if not rows:
        raise FlightLogError(f"{path}: empty; expected a header {','.join(NEEDED)},... and rows")
    names = _names(path, rows[0][1])
    rows = rows[1:]
    if len(rows) < 2:
        raise FlightLogError(f"{path}: {len(rows)} rows; expected at least 2")
    for line, cells in rows:
        _require_row(path, line, cells, names)
    columns = {}
    for k, name in enumerate(names):
        values = _numbers(path, rows, k, name)
        if values is not None:
            columns[name] = values
    for name in NEEDED:
        bad = ~np.isfinite(columns[name])
        if bad.any():
            line = rows[int(np.argmax(bad))][0]
            raise FlightLogError(f"{path}, line {line}: {name} is not a finite number")
    backwards = np.diff(columns["time_s"]) < 0
    if backwards.any():
        line = rows[1 + int(np.argmax(backwards))][0]
        raise FlightLogError(
            f"{path}, line {line}: time_s goes backwards; sort the rows, or split the log"
        )
    require_plausible(path, columns)
    return FlightLog(path, columns["time_s"], columns["h_ref_m"], columns["h_meas_m"], columns)


def _rows(path: Path, text: str) -> list[Row]:
    """Return the rows that are neither empty nor a comment; the header is the first."""
    lines = ("\n" if line.startswith("#") else line for line in io.StringIO(text, newline=""))
    reader = csv.reader(lines, strict=True)
    try:
        return [
            (reader.line_num, [cell.strip() for cell in cells])
            for cells in reader
            if any(cell.strip() for cell in cells)
        ]
    except csv.Error as exc:
        raise FlightLogError(f"{path}, line {reader.line_num}: not CSV ({exc})") from exc


def _names(path: Path, header: list[str]) -> list[str]:
    for separator, name in ((";", "semicolons"), ("\t", "tabs")):
        if len(header) == 1 and separator in header[0]:
            raise FlightLogError(
                f"{path}: cells are separated by {name}; expected commas, and points as decimals"
            )
    for name in header:
        if name and header.count(name) > 1:
            raise FlightLogError(
                f"{path}: column {name!r} appears {header.count(name)} times; remove all but one"
            )
    absent = [name for name in NEEDED if name not in header]
    if absent:
        meant = did_you_mean(absent[0], header)
        raise FlightLogError(f"{path}: no column {', '.join(absent)}{meant}")
    return header


def _require_row(path: Path, line: int, cells: list[str], names: list[str]) -> None:
    if NEEDED[0] in cells and NEEDED[1] in cells:
        raise FlightLogError(
            f"{path}, line {line}: a second header; split the file, one flight each"
        )
    if len(cells) != len(names):
        decimals = "; decimal commas suspected" if len(cells) > len(names) else ""
        raise FlightLogError(
            f"{path}, line {line}: {len(cells)} cells; the header has {len(names)}{decimals}"
        )


def _numbers(path: Path, rows: list[Row], k: int, name: str) -> NDArray[np.float64] | None:
    """Return a column; None for another than the known ones if it contains text."""
    values = np.full(len(rows), np.nan)
    for row, (line, cells) in enumerate(rows):
        cell = cells[k]
        try:
            if "_" in cell:  # Python reads 1_000 as a number
                raise ValueError
            values[row] = float(cell) if cell else np.nan
        except ValueError:
            if name not in (*NEEDED, COMMAND, LOGGED_ERROR):
                return None
            comma = "; decimal comma suspected, write a point" if "," in cell else ""
            raise FlightLogError(
                f"{path}, line {line}: {name} is {cell[:40]!r}, expected a number{comma}"
            ) from None
    return values
