"""PID against recorded flights, its equations and its limits."""

from __future__ import annotations

import math

import numpy as np
import pytest

from snn_control.controllers import PID, PIDConfig
from snn_control.errors import ParameterError
from tests.flights import recorded_log

LOGGED = PIDConfig(derivative_taps=1, derivative_knee=math.inf)
"""PID of the logged flights: one derivative tap, without a cut at a reference step."""
PID_FLIGHTS = ("pid_2023-09-04-10-21-14", "pid_2023-09-04-10-40-00")
SNN_FLIGHT = "snn_2023-09-05-19-36-56"


def terms(config: PIDConfig, errors: np.ndarray) -> dict[str, np.ndarray]:
    """Return read-outs and command `u` of every tick."""
    pid, rows = PID(config), []
    for error in errors:
        action = pid.step(np.array([error]))
        rows.append(pid.readouts | {"u": action.item()})
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


@pytest.mark.parametrize("name", PID_FLIGHTS)
def test_commands_equal_those_of_recorded_flights(name: str) -> None:
    """p = 9 e, d = 140 (e[k] - e[k-1]), i grows by 0.075 e a tick, u = p + i + d: to 2.5e-4."""
    log = recorded_log(name)
    computed = terms(LOGGED, log.error_m)
    logged = {k: log.columns[f"pid_{k}_motor_units"] for k in "pid"}
    tolerance = 2.5e-4
    np.testing.assert_allclose(computed["p"], logged["p"], atol=tolerance)
    np.testing.assert_allclose(computed["d"][2:], logged["d"][2:], atol=tolerance)
    np.testing.assert_allclose(np.diff(computed["i"]), np.diff(logged["i"]), atol=tolerance)
    offset = logged["i"][0] - computed["i"][0]
    differs = np.abs(computed["u"] + offset - log.columns["u_motor_units"])[2:] > 60 * tolerance
    after_second_step = log.time_s[2:][differs] - 141.2
    assert differs.sum() <= 4
    assert np.all((after_second_step > 0) & (after_second_step < 1.5))


@pytest.mark.parametrize("name", [*PID_FLIGHTS, SNN_FLIGHT])
def test_the_default_derivative_is_the_mean_of_two_differences(name: str) -> None:
    errors = recorded_log(name).error_m
    computed = terms(PIDConfig(), errors)
    expected = np.zeros(len(errors))
    expected[2:] = 14.0 * (errors[2:] - errors[:-2]) / 0.2
    expected[np.abs(expected) > 10] /= 10
    np.testing.assert_allclose(computed["d"], expected, atol=1e-9)
    np.testing.assert_allclose(computed["pd"], computed["p"] + computed["d"], atol=1e-12)
    np.testing.assert_allclose(computed["i"], 0.75 * np.cumsum(errors) * 0.1, atol=1e-9)


def test_published_network_deviates_from_the_pid_as_published() -> None:
    """MSE .499, MAE .468, r .778 between the published network and P + D on this flight."""
    log = recorded_log(SNN_FLIGHT)
    target = terms(PIDConfig(), log.error_m)["pd"]
    network = log.columns["snn_pd_motor_units"]
    assert np.mean((network - target) ** 2) == pytest.approx(0.499, abs=1e-3)
    assert np.abs(network - target).mean() == pytest.approx(0.468, abs=1e-3)
    assert np.corrcoef(network, target)[0, 1] == pytest.approx(0.778, abs=1e-3)


def test_the_first_two_ticks_have_no_derivative() -> None:
    d = terms(PIDConfig(), np.array([0.0, 0.05, 0.1, 0.15]))["d"]
    np.testing.assert_allclose(d, [0, 0, 7, 7], atol=1e-12)


def test_a_derivative_above_the_knee_is_cut() -> None:
    d = terms(PIDConfig(), np.array([0.0, 0.0, 0.0, 0.5, 0.5, 0.5]))["d"]
    np.testing.assert_allclose(d, [0, 0, 0, 3.5, 3.5, 0], atol=1e-12)


def test_the_integral_is_clamped_without_windup() -> None:
    errors = np.array([1.0] * 150 + [-1.0] * 10)
    i = terms(PIDConfig(), errors)["i"]
    assert i.max() == 7.5
    assert i[149] == 7.5
    assert i[-1] == pytest.approx(0.75 * (10 - 1))


def test_gains_do_not_depend_on_the_period() -> None:
    """Terms of a ramp of 0.1 m/s at 20 Hz."""
    t = np.arange(0, 10, 0.05)
    computed = terms(PIDConfig(control_period_s=0.05), 0.1 * t)
    assert computed["d"][-1] == pytest.approx(1.4)
    assert computed["i"][-1] == pytest.approx(0.75 * 0.1 * 10**2 / 2, rel=0.01)


@pytest.mark.parametrize(
    ("wrong", "setting"),
    [
        ({"derivative_taps": 0}, "derivative_taps"),
        ({"control_period_s": 0.0}, "control_period_s"),
        ({"control_period_s": math.nan}, "control_period_s"),
        ({"integral_limit": -1.0}, "integral_limit"),
        ({"derivative_cut": 0.5}, "derivative_cut"),
        ({"derivative_knee": -1.0}, "derivative_knee"),
    ],
)
def test_settings_out_of_range_are_errors(wrong: dict[str, float], setting: str) -> None:
    with pytest.raises(ParameterError, match=setting):
        PIDConfig(**wrong)  # type: ignore[arg-type]
