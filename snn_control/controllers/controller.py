"""What every controller is: reset, step, named observations, actions and read-outs."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod

import numpy as np
import numpy.typing as npt

from snn_control.errors import ObservationError

FloatArray = npt.NDArray[np.float64]


class Controller(ABC):
    """A closed-loop controller that holds its own state.

    Attributes:
        observation_names: what `step` takes, one name with its unit for each entry.
        action_names: what `step` returns.
        control_period_s: period the controller was made for, in s.
    """

    observation_names: tuple[str, ...]
    action_names: tuple[str, ...]
    control_period_s: float

    @abstractmethod
    def reset(self, seed: int | None = None) -> None:
        """Return to the state before the first tick; `seed` matters to stochastic ones only."""

    def step(self, observation: FloatArray) -> FloatArray:
        """Advance one control tick.

        Args:
            observation: shape (len(observation_names),).

        Returns:
            The action, shape (len(action_names),).

        Raises:
            ObservationError: wrong shape, NaN or infinite; the state is unchanged.
        """
        if observation.shape != (len(self.observation_names),):
            raise ObservationError(
                f"observation of shape {observation.shape}, expected "
                f"({len(self.observation_names)},) for {self.observation_names}"
            )
        for name, value in zip(self.observation_names, observation.tolist(), strict=True):
            if not math.isfinite(value):
                raise ObservationError(f"observation {name} is {value}; hold the last command")
        return self._step(observation)

    @abstractmethod
    def _step(self, observation: FloatArray) -> FloatArray:
        """Advance one control tick with a checked observation."""

    @property
    @abstractmethod
    def readouts(self) -> dict[str, float]:
        """Named values of the last tick."""
