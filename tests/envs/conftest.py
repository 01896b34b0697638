"""Fixtures of the environment tests: recorded flights and a small PID."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from snn_control.compiled import kernel
from snn_control.envs.blimp import plant
from tests.paths import BLIMP_LOGS, NO_LOGS


@pytest.fixture(scope="session")
def flights() -> Path:
    """Folder of the recorded flights; skip without them."""
    folder = BLIMP_LOGS
    if not list(folder.glob("pid_*.csv")):
        pytest.skip(NO_LOGS)
    return folder


@dataclass
class Pid:
    """PID with gains 9, 0.75, 14 and a two-tap derivative, started at rest."""

    calls: int = 0
    total: float = 0.0
    last: float = 0.0
    slope: float = 0.0

    def __call__(self, error_m: float) -> float:
        slope = (error_m - self.last) * 10.0 if self.calls else 0.0
        d = 14.0 * (slope + self.slope) / 2.0 if self.calls > 1 else 0.0
        d = d / 10.0 if abs(d) > 10.0 else d
        self.total = min(max(self.total + 0.1 * error_m, -10.0), 10.0)
        self.calls, self.last, self.slope = self.calls + 1, error_m, slope
        return 9.0 * error_m + 0.75 * self.total + d


@kernel()
def _run_pid(state, constants, gust, reference_m, substeps, heights):
    plant.reset(state, constants)
    heights[0] = state[plant.HEIGHT]
    total = last = before = 0.0
    for tick in range(reference_m.size):
        error = reference_m[tick] - plant.sense(state, constants)
        slope = (error - last) * 10.0 if tick > 0 else 0.0
        d = 14.0 * (slope + before) / 2.0 if tick > 1 else 0.0
        if abs(d) > 10.0:
            d /= 10.0
        total = min(max(total + 0.1 * error, -10.0), 10.0)
        last, before = error, slope
        command = 9.0 * error + 0.75 * total + d
        plant.advance_recording(state, constants, gust, command, substeps[tick], heights)


@pytest.fixture
def pid():
    return Pid()


@pytest.fixture(scope="session")
def run_pid():
    """Function from a scenario to the plant's true heights under the PID, m, (n_steps + 1,)."""
    import numpy as np

    def run(scenario):
        heights = np.empty(scenario.n_steps + 1)
        _run_pid(
            np.empty(plant.STATE_SIZE),
            scenario.constants,
            scenario.gust_m_s2[2],
            scenario.reference_m,
            scenario.substeps,
            heights,
        )
        return heights

    return run
