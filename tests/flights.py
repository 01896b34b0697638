"""Recorded blimp flights, from `SNN_CONTROL_DATA` or the folder beside the checkout."""

from __future__ import annotations

import pytest

from snn_control.envs.blimp.flight_log import FlightLog, read_flight_log
from tests.paths import BLIMP_LOGS, NO_LOGS

DEVELOPMENT = ("snn_2023-09-05-19-36-56", "pid_2023-09-04-10-21-14", "pid_2023-09-04-10-40-00")
EVALUATION = ("snn_2023-09-05-19-15-58", "snn_2023-09-05-19-52-35", "pid_2023-09-04-11-06-22")
"""Held-out flights, not used for tuning or for test tolerances."""


def recorded_log(name: str) -> FlightLog:
    """Read a log; skip the test if it is missing."""
    path = BLIMP_LOGS / f"{name}.csv"
    if not path.exists():
        pytest.skip(NO_LOGS)
    return read_flight_log(path)
