"""Checks of numbers against their range, and the configurations that use them."""

import dataclasses
import math

import numpy as np
import pytest

from snn_control.controllers.corridor.gap import GapConfig
from snn_control.envs.blimp.parameters import BlimpParameters
from snn_control.envs.blimp.sensing.errors import SenseParameters
from snn_control.errors import ParameterError
from snn_control.ranges import require_not_negative, require_positive
from snn_control.supervision.attribution import AttributionConfig
from snn_control.supervision.faults import Fault, FaultKind
from snn_control.supervision.monitors.model_fit import ModelFitConfig
from snn_control.supervision.sensing_rate import FixedRate, VarianceLimit
from snn_control.supervision.simplex import SimplexConfig

POSITIVE = (ModelFitConfig, SimplexConfig, AttributionConfig, GapConfig)


@pytest.mark.parametrize("value", [1e-300, 1, 0.5, np.float64(3.0), 1e300])
def test_numbers_in_range_pass(value):
    require_positive({"a": value})
    require_not_negative({"a": value, "b": 0.0, "c": -0.0})


@pytest.mark.parametrize("value", [-1e-300, -1, math.nan, math.inf, -math.inf, np.float64(-2.0)])
def test_the_message_names_number_value_and_range(value):
    for check, expected in (
        (require_positive, "a finite number above 0"),
        (require_not_negative, "a finite number, at least 0"),
    ):
        with pytest.raises(ParameterError) as caught:
            check({"fine": 1.0, "period_s": value, "later": -3.0}, "Clock")
        assert str(caught.value) == f"Clock: period_s is {value}; expected {expected}"


def test_only_one_of_them_accepts_0():
    require_not_negative({"a": 0})
    with pytest.raises(ParameterError, match=r"^a is 0; expected a finite number above 0$"):
        require_positive({"a": 0})


@pytest.mark.parametrize(
    ("kind", "name"),
    [(kind, field.name) for kind in POSITIVE for field in dataclasses.fields(kind)],
)
def test_every_field_of_these_configurations_is_positive(kind, name):
    for value in (0, -1.0, math.nan, math.inf):
        with pytest.raises(ParameterError, match=rf"{name} is {value}; .* above 0"):
            kind(**{name: value})


@pytest.mark.parametrize("kind", [SenseParameters, BlimpParameters])
def test_no_number_of_the_blimp_is_negative(kind):
    for field in dataclasses.fields(kind):
        if isinstance(field.default, float):
            for value in (-1.0, math.nan, math.inf):
                with pytest.raises(ParameterError, match=f"{field.name} is {value}; .*at least 0"):
                    kind(**{field.name: value})


def test_the_drift_of_the_barometer_has_a_time():
    with pytest.raises(ParameterError, match=r"barometer_drift_s is 0\.0; expected .* above 0"):
        SenseParameters(barometer_drift_s=0.0)


@pytest.mark.parametrize("heights_m", [(), (1.0, -0.5), (math.nan,)])
def test_heights_of_the_reference_are_present_and_not_negative(heights_m):
    with pytest.raises(ParameterError, match="reference_heights_m"):
        BlimpParameters(reference_heights_m=heights_m)


def test_periods_limits_and_faults_name_the_value():
    with pytest.raises(ParameterError, match=r"period_s is 0; expected a finite number above 0"):
        FixedRate(0)
    with pytest.raises(ParameterError, match=r"limit_m is nan; expected a finite number above 0"):
        VarianceLimit(math.nan)
    with pytest.raises(ParameterError, match=r"longest_s is -1; expected a time above 0"):
        VarianceLimit(0.1, -1)
    with pytest.raises(ParameterError, match=r"fault of lidar: rate_hz is 0; expected .* above 0"):
        Fault("lidar", FaultKind.SLOW, rate_hz=0)
