"""Standard atmosphere against tabulated values, round trip, refusals."""

import math

import numpy as np
import pytest

from snn_control.atmosphere import HIGHEST_M, LOWEST_M, height_m, pressure_pa
from snn_control.errors import ParameterError

TABLE = [
    (-1000.0, 113929.0),
    (0.0, 101325.0),
    (500.0, 95460.8),
    (1000.0, 89874.6),
    (2000.0, 79495.2),
    (5000.0, 54019.9),
    (10000.0, 26436.3),
    (11000.0, 22632.1),
]
"""Geopotential height, m, and pressure, Pa: ICAO Doc 7488, ISO 2533; six digits."""


@pytest.mark.parametrize(("height", "pressure"), TABLE)
def test_pressures_equal_those_of_the_table(height: float, pressure: float) -> None:
    assert pressure_pa(height) == pytest.approx(pressure, rel=1e-5)


@pytest.mark.parametrize("sea_level_pa", [95000.0, 101325.0, 104000.0])
def test_round_trip(sea_level_pa: float) -> None:
    for height in np.linspace(LOWEST_M, HIGHEST_M, 3201).tolist():
        back = height_m(pressure_pa(height, sea_level_pa), sea_level_pa)
        assert back == pytest.approx(height, rel=0.0, abs=1e-9)


def test_pressure_of_the_site_shifts_no_height() -> None:
    assert height_m(98000.0, 98000.0) == 0.0
    assert pressure_pa(0.0, 98000.0) == 98000.0


def test_gradient_near_the_ground_is_that_of_the_weight_of_air() -> None:
    """Comparison of dp/dh with density 1.225 kg/m^3 times gravity 9.80665 m/s^2."""
    slope = (pressure_pa(0.5) - pressure_pa(-0.5)) / 1.0
    assert slope == pytest.approx(-1.225 * 9.80665, rel=1e-4)


@pytest.mark.parametrize("height", [-5001.0, 11000.1, math.nan, math.inf, -math.inf])
def test_heights_outside_the_layer_are_refused(height: float) -> None:
    with pytest.raises(ParameterError, match=r"height_m is .* expected -5000 to 11000 m"):
        pressure_pa(height)


@pytest.mark.parametrize("pressure", [1013.25, 22600.0, 180000.0])
def test_pressures_outside_the_layer_are_refused(pressure: float) -> None:
    with pytest.raises(ParameterError, match=r"expected 22632 to 177\d+ Pa"):
        height_m(pressure)


@pytest.mark.parametrize("pressure", [0.0, -1.0, math.nan, math.inf])
def test_pressures_that_are_not_positive_and_finite_are_refused(pressure: float) -> None:
    with pytest.raises(ParameterError, match="pressure_pa is"):
        height_m(pressure)
    with pytest.raises(ParameterError, match="sea_level_pa is"):
        height_m(101325.0, pressure)
    with pytest.raises(ParameterError, match="sea_level_pa is"):
        pressure_pa(0.0, pressure)
