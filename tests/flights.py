"""The recorded flights, where they are: in `SNN_CONTROL_DATA`, or beside the checkout."""

from __future__ import annotations

import pytest

from snn_control.envs.blimp.flight_log import FlightLog, read_flight_log
from tests.paths import FLIGHTS

DEVELOPMENT = ("snn_2023-09-05-19-36-56", "pid_2023-09-04-10-21-14", "pid_2023-09-04-10-40-00")
EVALUATION = ("snn_2023-09-05-19-15-58", "snn_2023-09-05-19-52-35", "pid_2023-09-04-11-06-22")
"""Nothing may be tuned on these, test tolerances included."""


def flight(name: str) -> FlightLog:
    """Read a flight, or skip the test that asks for it."""
    path = FLIGHTS / f"{name}.csv"
    if not path.exists():
        pytest.skip("the recorded flights are not here; set SNN_CONTROL_DATA to their folder")
    return read_flight_log(path)
