"""Sensing with few rays: choice of the rays of each scan and completion of the scan."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from snn_control.copies import Copied
from snn_control.errors import ParameterError
from snn_control.loops.corridor.completion import Completion
from snn_control.loops.corridor.ray_choice import RayChoice
from snn_control.loops.corridor.rays import N_RAYS, REACH_M, Estimate, Motion

__all__ = ["RaySensing"]

FloatArray = npt.NDArray[np.float64]


class RaySensing(Copied):
    """Estimated ranges from scans whose rays it chooses.

    Call `fire` for the mask of a scan, then `update` with the scan.

    Args:
        completion: completion of the scans.
        choice: choice of the rays.
    """

    def __init__(self, completion: Completion, choice: RayChoice) -> None:
        self.completion, self.choice = completion, choice
        self.reset()

    def reset(self) -> None:
        """Return to the state before the first scan."""
        self.completion.reset()
        self.choice.reset()
        self.estimate = Estimate(np.full(N_RAYS, REACH_M), np.full(N_RAYS, np.inf))

    def fire(self) -> FloatArray:
        """Return the mask of the next scan, 1 for rays to fire, shape (N_RAYS,)."""
        mask = np.zeros(N_RAYS)
        mask[self.choice.choose(self.estimate)] = 1.0
        return mask

    def update(self, range_m: FloatArray, motion: Motion) -> FloatArray:
        """Return the estimated ranges after a scan, m, shape (N_RAYS,).

        Args:
            range_m: ranges of the scan, m, shape (N_RAYS,); below 0: not fired.
            motion: displacement since the last scan.

        Raises:
            ParameterError: `range_m` has another shape.
        """
        if range_m.shape != (N_RAYS,):
            raise ParameterError(f"a scan of shape {range_m.shape}; expected ({N_RAYS},)")
        self.estimate = self.completion.update(range_m, motion)
        return self.estimate.range_m
