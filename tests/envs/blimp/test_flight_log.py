"""Flight logs: reading, errors, replay and fit of the plant."""

import numpy as np
import pytest

from snn_control.envs.blimp.body import BlimpBody
from snn_control.envs.blimp.fit import FITTED, fit_flight, hover_command
from snn_control.envs.blimp.flight_log import read_flight_log
from snn_control.envs.blimp.presets import PRESETS, blimp_parameters
from snn_control.envs.blimp.replay import cut_windows, fly_native, replay
from snn_control.envs.blimp.replay_body import fly_body
from snn_control.envs.blimp.scenario import constants_row, draw_scenario
from snn_control.errors import FlightLogError, ParameterError

HEADER = "time_s,h_ref_m,h_meas_m,u_motor_units\n"
PID_FLIGHTS = ["2023-09-04-10-21-14", "2023-09-04-10-40-00", "2023-09-04-11-06-22"]


@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "log.csv"
        path.write_text(text)
        return path

    return write


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("# a comment\n\n", "empty"),
        (HEADER, "0 rows"),
        ("time_s,h_ref_m\n0,1\n1,1\n", "h_meas_m"),
        (HEADER + "0,1,1,3\n1,1,1\n", "line 3: 3 cells"),
        (HEADER + "0,1,1,3\n1,1,one,3\n", "line 3"),
        (HEADER + "0,1,1,3\n1,1,nan,3\n", "line 3: h_meas_m"),
        (HEADER + "1,1,1,3\n0,1,1,3\n", "line 3: time_s"),
    ],
)
def test_errors_of_malformed_logs_name_the_fault(write, text, message):
    with pytest.raises(FlightLogError, match=message):
        read_flight_log(write(text))


def test_missing_file_is_an_error(tmp_path):
    with pytest.raises(FlightLogError, match="cannot be read"):
        read_flight_log(tmp_path / "none.csv")


def test_log_without_commands_is_an_error(write):
    log = read_flight_log(write("time_s,h_ref_m,h_meas_m\n0,1,1\n1,1,1\n"))
    with pytest.raises(FlightLogError, match="u_motor_units"):
        cut_windows(log)


def test_short_log_is_an_error(write):
    path = write(HEADER + "".join(f"{k / 10},1,1,3\n" for k in range(50)))
    with pytest.raises(FlightLogError, match=r"needs 13\.0 s"):
        fit_flight(path)
    with pytest.raises(ParameterError, match="window_s"):
        cut_windows(read_flight_log(path), 0.0)


@pytest.fixture
def simulated_log(write, run_pid):
    """Log of the plant with other constants under the PID, readings in 1 cm steps."""
    truth = {"thrust_gain_m_s2": 1.4, "transport_delay_s": 0.22, "motor_time_constant_s": 0.12}
    p = blimp_parameters("clean", truth | {"spread": 0.0, "reference_hold_s": 20.0})
    scenario = draw_scenario(p, 0, 120.0)
    heights = run_pid(scenario)[scenario.tick_step]
    measured = np.round(heights, 2)
    error = scenario.reference_m - measured
    slope = np.diff(error, prepend=error[0]) * 10
    d = 14 * (slope + np.append(0, slope[:-1])) / 2
    d[:2] = 0
    d = np.where(np.abs(d) > 10, d / 10, d)
    command = 9 * error + 0.75 * np.cumsum(0.1 * error) + d
    rows = zip(scenario.tick_step * 0.01, scenario.reference_m, measured, command, strict=True)
    return write(HEADER + "".join(",".join(f"{x:.9f}" for x in row) + "\n" for row in rows)), truth


def test_fit_recovers_a_known_plant(simulated_log):
    path, truth = simulated_log
    result = fit_flight(path)
    assert set(result.parameters) == {*FITTED, "hover_motor_units"}
    assert result.rmse_m < 0.012 < 0.02 < result.rmse_before_m
    assert result.parameters["hover_motor_units"] == pytest.approx(3.1, abs=0.1)
    for name, value in truth.items():
        assert result.parameters[name] == pytest.approx(value, rel=0.1), name
    blimp_parameters("clean", result.parameters)


def test_hover_command_inverts_the_thrust_law():
    row = constants_row(PRESETS["clean"])
    from snn_control.envs.blimp import plant

    assert hover_command(row[plant.BIAS], row[plant.GAIN]) == pytest.approx(3.1)
    assert hover_command(0.1, 1.0) == 0.0


@pytest.mark.parametrize("flight", PID_FLIGHTS)
def test_replay_follows_the_recorded_height(flights, flight):
    """RMSE below 4 cm over windows of 10 s, for native plant and MuJoCo body."""
    result = replay(read_flight_log(flights / f"pid_{flight}.csv"), constants_row(PRESETS["clean"]))
    assert result.rmse_m < 0.04
    body, row = BlimpBody(), result.constants
    errors = [
        window.height_m - fly_body(body, window, row, speed)
        for window, speed in zip(result.windows, result.speed_m_s, strict=True)
    ]
    assert np.sqrt(np.mean(np.concatenate(errors) ** 2)) < 0.04


@pytest.mark.parametrize("flight", PID_FLIGHTS[:2])
def test_body_follows_the_native_plant_for_30_s(flights, flight):
    log = read_flight_log(flights / f"pid_{flight}.csv")
    result = replay(log, constants_row(PRESETS["clean"]), 30.0)
    body = BlimpBody()
    for window, speed in zip(result.windows, result.speed_m_s, strict=True):
        native = fly_native(window, result.constants, speed)
        assert np.abs(fly_body(body, window, result.constants, speed) - native).max() < 0.01


def test_fit_improves_a_real_flight(flights):
    result = fit_flight(flights / f"pid_{PID_FLIGHTS[0]}.csv")
    assert result.rmse_m < result.rmse_before_m < 0.04
    assert 2.0 < result.parameters["hover_motor_units"] < 4.0
