"""Flight logs as spreadsheets, ground stations and autopilots write them."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from snn_control.envs.blimp.flight_log import FlightLog, read_flight_log
from snn_control.errors import FlightLogError
from tests.paths import BLIMP_LOGS, CASES, NO_CASES, NO_LOGS

NAMES = ["time_s", "h_ref_m", "h_meas_m", "u_motor_units"]
N_ROWS = 200
Table = list[list[str]]


def flight(rate_hz: float = 10.0) -> Table:
    """Return header and rows of a flight with a step of the reference."""
    time_s = np.arange(N_ROWS) / rate_hz
    reference_m = np.where(time_s < 10, 0.5, 1.0)
    height_m = 0.5 + 0.5 * np.clip(time_s - 10, 0, 3) / 3
    command = 3.1 + 9 * (reference_m - height_m)
    rows = zip(time_s, reference_m, height_m, command, strict=True)
    return [NAMES, *([f"{x:.4f}" for x in row] for row in rows)]


def csv(table: Table) -> bytes:
    return "".join(",".join(row) + "\n" for row in table).encode()


def scaled(column: int, factor: float, offset: float = 0.0) -> Callable[[Table], Table]:
    def scale(table: Table) -> Table:
        rows = [list(row) for row in table]
        for row in rows[1:]:
            row[column] = f"{offset + factor * float(row[column]):.6f}"
        return rows

    return scale


def with_column(name: str, cell: str) -> bytes:
    return with_cells(name, [cell] * N_ROWS)


def with_cells(name: str, cells: Sequence[str]) -> bytes:
    header, *rows = flight()
    return csv([[*header, name], *([*row, cell] for row, cell in zip(rows, cells, strict=True))])


def errors(scale: float = 1.0) -> list[float]:
    return [scale * (float(row[1]) - float(row[2])) for row in flight()[1:]]


def quoted(table: Table) -> Table:
    return [[f'"{cell}"' for cell in row] for row in table]


PLAIN = csv(flight())
EQUAL = {
    "byte-order mark": codecs.BOM_UTF8 + PLAIN,
    "UTF-16": codecs.BOM_UTF16_LE + PLAIN.decode().encode("utf-16-le"),
    "quoted head": csv([*quoted([NAMES]), *flight()[1:]]),
    "quoted cells": csv(quoted(flight())),
    "CRLF": PLAIN.replace(b"\n", b"\r\n"),
    "old line ends": PLAIN.replace(b"\n", b"\r"),
    "spaces": PLAIN.replace(b",", b" , "),
    "comments and blank lines": b"# by a ground station\n\n" + PLAIN + b"\n,,,\n# end\n",
    "text column": with_column("mode", "ALT_HOLD"),
    "text with commas, quotes and lines": with_column("note", '"a, ""b""\nc"'),
    "empty column": with_column("", ""),
    "other order": csv([row[::-1] for row in flight()]),
}


@pytest.fixture
def read(tmp_path: Path) -> Callable[[bytes], FlightLog]:
    def read(content: bytes) -> FlightLog:
        (tmp_path / "log.csv").write_bytes(content)
        return read_flight_log(tmp_path / "log.csv")

    return read


@pytest.mark.parametrize("form", EQUAL)
def test_equal_logs_in_another_form_are_equal(
    form: str, read: Callable[[bytes], FlightLog]
) -> None:
    plain, log = read(PLAIN), read(EQUAL[form])
    for name in NAMES:
        np.testing.assert_array_equal(log.columns[name], plain.columns[name])
    assert {*log.columns} <= {*NAMES, ""}


def test_the_origin_of_the_time_is_free(read: Callable[[bytes], FlightLog]) -> None:
    log = read(csv(scaled(0, 1.0, 1.7e9)(flight())))
    np.testing.assert_allclose(np.diff(log.time_s), 0.1, atol=1e-5)


REFUSED: dict[str, tuple[bytes, str]] = {
    "milliseconds": (csv(scaled(0, 1e3)(flight())), "time_s .*100 s, milliseconds suspected"),
    "microseconds": (csv(scaled(0, 1e6)(flight())), "time_s .*100000 s, microseconds suspected"),
    "nanoseconds": (csv(scaled(0, 1e9)(flight())), "time_s .*nanoseconds suspected"),
    "minutes": (csv(scaled(0, 1 / 60)(flight())), "time_s .*minutes or hours suspected"),
    "constant time": (csv(scaled(0, 0.0)(flight())), "time_s is the same in all rows"),
    "centimetres": (csv(scaled(2, 100.0)(flight())), "h_meas_m .*centimetres suspected"),
    "reference in centimetres": (csv(scaled(1, 1e2)(flight())), "h_ref_m .*centimetres suspected"),
    "millimetres": (csv(scaled(2, 1e3)(flight())), "h_meas_m .*millimetres suspected"),
    "pulse widths": (csv(scaled(3, 40.0, 1500.0)(flight())), "u_motor_units .*pulse widths"),
    "per cent": (csv(scaled(3, 10.0)(flight())), "u_motor_units .*per cent suspected"),
    "error in centimetres": (with_column("err_logged_m", "50"), "err_logged_m .*centimetres"),
    "column twice": (with_column("h_meas_m", "0"), "column 'h_meas_m' appears 2 times"),
    "other column twice": (
        csv([[*row, "1", "2"] for row in flight()]).replace(b"units,1,2", b"units,v,v"),
        "column 'v' appears 2 times",
    ),
    "second header": (PLAIN + PLAIN, f"line {N_ROWS + 2}: a second header"),
    "semicolons": (PLAIN.replace(b",", b";"), "semicolons"),
    "tabs": (PLAIN.replace(b",", b"\t"), "tabs"),
    "decimal commas": (PLAIN.replace(b".", b","), "line 2: 8 cells.*decimal commas"),
    "quoted decimal commas": (csv(quoted(flight())).replace(b".", b","), "line 2: .*decimal comma"),
    "other case": (PLAIN.replace(b"time_s", b"Time_s"), "no column time_s. Did you mean: `Time_s`"),
    "grouped digits": (PLAIN.replace(b"0.1000", b"0.1_000"), "line 3: time_s is '0.1_000'"),
    "backwards": (csv(flight()[:1] + flight()[:0:-1]), "line 3: time_s goes backwards"),
    "open quote": (PLAIN + b'"1,2\n', f"line {N_ROWS + 2}: not CSV"),
    "NUL bytes": (PLAIN + bytes(20), f"line {N_ROWS + 2}: NUL byte"),
    "Latin-1": (PLAIN.replace(b"u_motor", b"\xfc_motor"), "line 1: not utf-8"),
    "text in a column": (PLAIN.replace(b",0.5000,0.5000,", b",0.5000,n/a,"), "line 2: h_meas_m"),
    "binary": (bytes(range(1, 256)), "log.csv"),
}


@pytest.mark.parametrize("fault", REFUSED)
def test_other_units_and_broken_logs_are_refused_by_name(
    fault: str, read: Callable[[bytes], FlightLog]
) -> None:
    content, message = REFUSED[fault]
    with pytest.raises(FlightLogError, match=rf"log\.csv.*{message}|{message}"):
        read(content)


RATES_HZ = (1.0, 2.0, 5.0, 10.0, 30.0, 50.0, 100.0, 200.0)
TIMES = {"milliseconds": 1e3, "microseconds": 1e6, "nanoseconds": 1e9}


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_units_of_time_at_any_rate(rate_hz: float, read: Callable[[bytes], FlightLog]) -> None:
    table = flight(rate_hz)
    assert np.median(np.diff(read(csv(table)).time_s)) == pytest.approx(1 / rate_hz, abs=1e-4)
    for unit, factor in TIMES.items():
        with pytest.raises(FlightLogError, match=rf"time_s has a period of .* {unit} suspected"):
            read(csv(scaled(0, factor)(table)))


@pytest.mark.parametrize(
    ("scale", "unit"),
    [(100.0, "centimetres"), (1000.0, "millimetres"), (1e-3, "kilometres"), (0.0, "not logged")],
)
def test_logged_errors_of_another_unit_are_refused(
    scale: float, unit: str, read: Callable[[bytes], FlightLog]
) -> None:
    assert np.median(np.abs(errors(100.0))) < 12, "below the limit of heights"
    cells = [f"{error:.6f}" for error in errors(scale)]
    with pytest.raises(FlightLogError, match=rf"err_logged_m has an RMS of .* {unit} suspected"):
        read(with_cells("err_logged_m", cells))


def test_infinite_logged_errors_are_refused(read: Callable[[bytes], FlightLog]) -> None:
    with pytest.raises(FlightLogError, match=r"err_logged_m is infinite"):
        read(with_cells("err_logged_m", ["0.1", "inf"] * (N_ROWS // 2)))


@pytest.mark.parametrize("scale", [0.3, 0.95, 2.0])
def test_empty_logged_errors_are_the_difference(
    scale: float, read: Callable[[bytes], FlightLog]
) -> None:
    cells = [f"{error:.6f}" if k % 3 else "" for k, error in enumerate(errors(scale))]
    log = read(with_cells("err_logged_m", cells))
    expected = [error * (scale if k % 3 else 1.0) for k, error in enumerate(errors())]
    np.testing.assert_allclose(log.error_m, expected, atol=1e-6)
    assert np.isfinite(read(with_column("err_logged_m", "")).error_m).all()


def test_a_hovering_flight_may_have_any_small_error(read: Callable[[bytes], FlightLog]) -> None:
    hover = [NAMES, *([f"{k / 10}", "1", "1", "3"] for k in range(N_ROWS))]
    table = [[*row, "0.02"] for row in hover]
    table[0][-1] = "err_logged_m"
    assert read(csv(table)).error_m[0] == 0.02


@pytest.mark.skipif(not list(BLIMP_LOGS.glob("*.csv")), reason=NO_LOGS)
def test_recorded_flights_are_read_and_their_errors_in_centimetres_refused(
    read: Callable[[bytes], FlightLog],
) -> None:
    logs = [read_flight_log(path) for path in sorted(BLIMP_LOGS.glob("*.csv"))]
    logged = [log for log in logs if "err_logged_m" in log.columns]
    assert len(logs) == 6
    assert len(logged) == 1
    for log in logs:
        error_m = log.columns.get("err_logged_m", log.reference_m - log.height_m)
        rows = zip(log.time_s, log.reference_m, log.height_m, 100 * error_m, strict=True)
        names = [*NAMES[:3], "err_logged_m"]
        with pytest.raises(FlightLogError, match=r"err_logged_m has an RMS .*centimetres"):
            read(csv([names, *([f"{x:.4f}" for x in row] for row in rows)]))


def test_single_commands_beyond_the_full_scale_are_allowed(
    read: Callable[[bytes], FlightLog],
) -> None:
    table = flight()
    table[50][3] = "77.5"
    assert read(csv(table)).command.max() == 77.5


AS_PLAIN = ("bom", "quoted_head", "quoted", "text", "epoch")


@pytest.mark.skipif(not (CASES / "flight_logs").is_dir(), reason=NO_CASES)
def test_cases() -> None:
    refused = {
        "micro": "period of 100000 s, microseconds", "cm": "centimetres", "pwm": "pulse widths",
        "dup_col": "'h_meas_m' appears 2 times", "twice_head": "line 102: a second header",
    }  # fmt: skip
    for path in (CASES / "flight_logs").glob("*.csv"):
        if path.stem in AS_PLAIN:
            assert len(read_flight_log(path).command) == 202
        else:
            with pytest.raises(FlightLogError, match=refused[path.stem]):
                read_flight_log(path)
