"""Commands of an adapting PID, also in a process without a compiler."""

from __future__ import annotations

import math

import numpy as np

from snn_control.controllers.adapting import Adapting
from snn_control.controllers.adapting_config import AdaptingConfig
from snn_control.controllers.blimp.forward_config import CHANGES, DELAYS, BlimpForwardConfig
from snn_control.controllers.blimp.forward_model import BlimpForwardModel
from snn_control.controllers.blimp.pid import PID


def commands() -> list[float]:
    """Return the commands for 200 ranges, with all hypotheses and a frozen lidar."""
    config = BlimpForwardConfig(hypotheses=(*DELAYS, *CHANGES[1:]), share=0.01)
    adapting = Adapting(PID(), BlimpForwardModel(config), AdaptingConfig(readout="pd"))
    rng = np.random.default_rng(5)
    made = []
    for k in range(200):
        range_m = 1.0 if 120 < k < 150 else round(1.0 + 0.2 * math.sin(0.1 * k), 2)
        dt_s = 0.1 + 0.01 * int(rng.integers(-3, 30))
        row = np.array([1.2 - range_m, 1.2, range_m, dt_s])
        made.append(adapting.step(row).item())
    return made
