"""Open-loop replay with the MuJoCo body instead of the native plant."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from snn_control.envs.blimp.body import BlimpBody
from snn_control.envs.blimp.replay import Window


def fly_body(
    body: BlimpBody, window: Window, constants: NDArray[np.float64], speed_m_s: float
) -> NDArray[np.float64]:
    """Return the heights of `body` at the rows of `window`, m, shape (rows - warm,)."""
    body.reset(constants, np.zeros((3, 1)))
    heights = np.empty(window.height_m.size)
    scratch = np.empty(int(window.substeps.max()))
    for k, (command, n_substeps) in enumerate(
        zip(window.commands.tolist(), window.substeps.tolist(), strict=True)
    ):
        if k == window.warm:
            body.place(window.height_m.item(0), speed_m_s)
        if k >= window.warm:
            heights[k - window.warm] = body.height_m
        body.advance(command, n_substeps, scratch, 0)
    return heights
