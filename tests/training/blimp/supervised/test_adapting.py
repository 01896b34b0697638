"""Adapting controller in the supervised loop: faults of the lidar teach it nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from snn_control.controllers.adapting import Adapting
from snn_control.supervision.faults import Fault, FaultKind
from snn_control.training.blimp.supervised.flight import FlightSettings, SupervisedFlight, fly

SEED, START_S, STOP_S = 7, 20.0, 35.0
SETTINGS = FlightSettings(50.0, model="blimp-adaptive", reference_m=lambda t: 1.4)


def controller(flight: SupervisedFlight) -> Adapting:
    adapting = flight.loop.controller
    assert isinstance(adapting, Adapting)
    return adapting


@pytest.fixture(scope="module")
def healthy() -> SupervisedFlight:
    return fly(SEED, (), SETTINGS)


@pytest.mark.parametrize("kind", [FaultKind.STUCK, FaultKind.GARBAGE, FaultKind.WRONG])
def test_a_faulty_lidar_rolls_back_and_costs_little_height(
    kind: FaultKind, healthy: SupervisedFlight
) -> None:
    options: dict[str, Any] = {"offset": 0.5} if kind is FaultKind.WRONG else {}
    flight = fly(SEED, (Fault("lidar", kind, START_S, STOP_S, **options),), SETTINGS)
    assert flight.loss_m(healthy, START_S, STOP_S + 10.0) < 0.25
    versions = controller(flight).versions
    lost = [version for version in versions if version.reason == "sensor not trusted"]
    again = [version for version in versions if version.reason == "sensor trusted"]
    assert len(lost) == len(again) == 1
    assert lost[0].parameters == again[0].parameters, "nothing is learned in between"
    assert not controller(flight).diverged


def test_gaps_between_messages_are_no_faults(healthy: SupervisedFlight) -> None:
    modes = [mode for _, mode, _ in healthy.modes]
    assert modes.count("coast") >= 3
    reasons = {version.reason for version in controller(healthy).versions}
    assert "sensor not trusted" not in reasons


def test_the_shipped_model_holds_better_than_the_one_without_adaptation(
    healthy: SupervisedFlight,
) -> None:
    other = fly(SEED, (), FlightSettings(50.0, reference_m=lambda t: 1.4))
    errors = [
        np.abs(each.height_m - each.reference_m)[each.time_s > 10.0].mean()
        for each in (healthy, other)
    ]
    assert errors[0] < 0.8 * errors[1]
