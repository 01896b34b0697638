"""Needs of essential variables: bands, filters and errors."""

from __future__ import annotations

import math
from typing import Any

import pytest

from snn_control.errors import ParameterError
from snn_control.plasticity.need import EssentialVariable, Needs


@pytest.mark.parametrize(
    ("value", "need"), [(3.7, 0.0), (3.5, 0.0), (3.4, 0.5), (3.2, 1.0), (4.2, 0.0), (4.3, 0.5)]
)
def test_need_grows_from_the_ends_of_the_band(value: float, need: float) -> None:
    battery = EssentialVariable("battery_v", 3.5, 4.2, width=0.2)
    assert math.isclose(battery.need(value), need, abs_tol=1e-9)


def test_nan_is_the_largest_need() -> None:
    assert EssentialVariable("battery_v", low=3.5).need(math.nan) == 1.0


def test_largest_need_and_its_cause() -> None:
    needs = Needs(
        [
            EssentialVariable("battery_v", low=3.5, width=1.0),
            EssentialVariable("saturation_share", high=0.1, width=0.4),
        ]
    )
    assert needs.update({"battery_v": 3.6, "saturation_share": 0.05}, 0.1) == 0.0
    assert needs.cause == ""
    assert math.isclose(needs.update({"battery_v": 3.4, "saturation_share": 0.3}, 0.1), 0.5)
    assert needs.cause == "saturation_share"


def test_root_mean_square_of_an_oscillation() -> None:
    """Sine of amplitude 1, whose RMS is 0.707."""
    needs = Needs([EssentialVariable("error_m", high=0.5, width=1.0, tau_s=20.0, squared=True)])
    for k in range(4000):
        need = needs.update({"error_m": math.sin(0.5 * k)}, 0.1)
    assert math.isclose(need, math.sqrt(0.5) - 0.5, abs_tol=0.02)


def test_filter_has_its_time_constant() -> None:
    needs = Needs([EssentialVariable("x", high=0.0, width=1.0, tau_s=5.0)])
    needs.update({"x": 0.0}, 0.1)
    for _ in range(50):
        need = needs.update({"x": 1.0}, 0.1)
    assert math.isclose(need, 1.0 - math.exp(-1.0), rel_tol=1e-9)


def test_variable_without_a_value_has_no_need() -> None:
    assert Needs([EssentialVariable("battery_v", low=3.5)]).update({}, 0.1) == 0.0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"low": 2.0, "high": 1.0}, "exchange its ends"),
        ({}, "never raises a need"),
        ({"high": -1.0, "squared": True}, "never reaches"),
        ({"low": 1.0, "width": 0.0}, "width"),
        ({"low": math.nan}, "empty"),
    ],
)
def test_impossible_bands_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        EssentialVariable("x", **options)


def test_two_variables_of_one_name_are_refused() -> None:
    with pytest.raises(ParameterError, match="names must differ"):
        Needs([EssentialVariable("x", low=1.0), EssentialVariable("x", high=2.0)])
