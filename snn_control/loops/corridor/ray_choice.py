"""Choice of the rays of the next scan."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Literal

import numpy as np
import numpy.typing as npt

from snn_control.copies import Copied
from snn_control.errors import ParameterError
from snn_control.loops.corridor.rays import ANGLES_RAD, N_RAYS, Estimate

__all__ = ["AllRays", "ExpectedInformation", "RayChoice", "RoundRobin"]

Rays = npt.NDArray[np.intp]


PERIOD_S = 0.1
"""Time between scans, s."""
MAX_AGE_S = 2.0
"""Age beyond which an older direction has no larger weight, s."""


class RayChoice(Copied, ABC):
    """Choice of `n_rays` of the 72 rays for each scan.

    Args:
        n_rays: number of rays of a scan, 1 to 72.

    Raises:
        ParameterError: `n_rays` is out of range.
    """

    def __init__(self, n_rays: int) -> None:
        if not 1 <= n_rays <= N_RAYS:
            raise ParameterError(f"n_rays is {n_rays}; expected 1 to {N_RAYS}")
        self.n_rays = n_rays
        self.reset()

    @abstractmethod
    def reset(self) -> None:
        """Return to the state before the first scan."""

    @abstractmethod
    def choose(self, estimate: Estimate) -> Rays:
        """Return the numbers of the rays of the next scan, shape (n_rays,).

        Args:
            estimate: estimate after the last scan.
        """


class AllRays(RayChoice):
    """All rays in every scan."""

    def __init__(self, n_rays: int = N_RAYS) -> None:
        super().__init__(n_rays)
        if n_rays != N_RAYS:
            raise ParameterError(f"n_rays is {n_rays}; expected {N_RAYS}")

    def reset(self) -> None:
        """Do nothing: there is no state."""

    def choose(self, estimate: Estimate) -> Rays:
        """Return all rays."""
        return np.arange(N_RAYS)


class RoundRobin(RayChoice):
    """Evenly spaced rays that advance by one ray in each scan."""

    def reset(self) -> None:
        """Begin with the ray straight ahead."""
        self._first = 0

    def choose(self, estimate: Estimate) -> Rays:
        """Return the next evenly spaced rays."""
        spaced = np.rint(np.arange(self.n_rays) * N_RAYS / self.n_rays).astype(np.intp)
        rays: Rays = (spaced + self._first) % N_RAYS
        self._first = (self._first + 1) % N_RAYS
        return rays


class ExpectedInformation(RayChoice):
    """Rays with the largest weight, one after the other.

        w_k = a_k (ahead_base + max(cos(angle_k), 0)^ahead_power) (0.3 + 1 / (0.5 + range_k))

    with the age a_k of the direction, at most `MAX_AGE_S`, and the estimated range in m. The
    weights of the two neighbours of a chosen ray are halved, so that a scan spreads: their returns
    are likely those of the same obstacle. The defaults were chosen in the world `static`; with them
    few rays leave the directions behind the robot unseen.

    Args:
        n_rays: number of rays of a scan, 1 to 72.
        ages: `directions`: age of the newest point that a memory has in the direction; `rays`:
            time since the ray was fired, without regard to the motion of the robot.
        ahead_base: weight of the directions behind.
        ahead_power: exponent of the cosine; larger for more rays straight ahead.
    """

    def __init__(
        self,
        n_rays: int,
        ages: Literal["directions", "rays"] = "directions",
        ahead_base: float = 0.05,
        ahead_power: float = 4.0,
    ) -> None:
        self.ages = ages
        self._ahead = ahead_base + np.maximum(np.cos(ANGLES_RAD), 0.0) ** ahead_power
        super().__init__(n_rays)

    def reset(self) -> None:
        """Set the ages of all rays to those of rays that were never fired."""
        self._scans = np.full(N_RAYS, MAX_AGE_S / PERIOD_S)

    def choose(self, estimate: Estimate) -> Rays:
        """Return the rays of the largest weights."""
        age = self._scans * PERIOD_S if self.ages == "rays" else estimate.age_s + PERIOD_S
        weight = np.minimum(age, MAX_AGE_S) * self._ahead * (0.3 + 1.0 / (0.5 + estimate.range_m))
        rays = np.empty(self.n_rays, np.intp)
        for k in range(self.n_rays):
            ray = int(weight.argmax())
            rays[k] = ray
            weight[ray] = -1.0
            weight[ray - 1] *= 0.5
            weight[(ray + 1) % N_RAYS] *= 0.5
        self._scans += 1.0
        self._scans[rays] = 1.0
        return rays
