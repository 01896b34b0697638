"""Multilayer perceptrons, the published baselines of the swimmer's circuit.

Layers of (64, 64) with tanh and (256, 256) with ReLU, on joint angles, velocities of the links and
a time feature, from N. Bhattasali, A. Zador, T. Engel, arXiv:2201.05242.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.controllers.controller import Controller
from snn_control.errors import ParameterError

__all__ = ["ACTIVATIONS", "MLP"]

FloatArray = npt.NDArray[np.float64]


def _relu(x: FloatArray) -> FloatArray:
    return np.maximum(x, 0.0)


ACTIVATIONS: dict[str, Any] = {"tanh": np.tanh, "relu": _relu}


class MLP(Controller):
    """Perceptron with an output clipped to [-1, 1] and the time since the reset as an input.

    Args:
        observation_names: names of the observation's entries.
        action_names: names of the action's entries.
        control_period_s: control period, s.
        hidden: sizes of the hidden layers.
        activation: `tanh` or `relu`.
        episode_ticks: ticks in which the time feature rises from -1 to 1; it stays at 1 afterwards.
        parameters: all weights and biases, shape (n_parameters,); None: zeros.

    Raises:
        ParameterError: an unknown activation, no hidden layer, or another number of parameters.
    """

    def __init__(
        self,
        observation_names: Sequence[str],
        action_names: Sequence[str],
        control_period_s: float,
        hidden: Sequence[int] = (64, 64),
        activation: str = "tanh",
        episode_ticks: int = 1000,
        parameters: FloatArray | None = None,
    ) -> None:
        if activation not in ACTIVATIONS:
            raise ParameterError(f"activation {activation!r}; expected one of {list(ACTIVATIONS)}")
        if not hidden or min(hidden) < 1:
            raise ParameterError(f"hidden is {tuple(hidden)}; expected sizes of at least 1")
        self.observation_names, self.action_names = tuple(observation_names), tuple(action_names)
        self.control_period_s, self.episode_ticks = control_period_s, episode_ticks
        self.sizes = (len(self.observation_names) + 1, *hidden, len(self.action_names))
        self._activation = ACTIVATIONS[activation]
        row = np.zeros(self.n_parameters) if parameters is None else parameters
        self._layers = self.layers(np.asarray(row, np.float64)[None])
        self.reset()

    @property
    def n_parameters(self) -> int:
        """Number of weights and biases."""
        return sum((a + 1) * b for a, b in zip(self.sizes, self.sizes[1:], strict=False))

    def synaptic_operations(self, spike_counts: npt.ArrayLike, n_ticks: int) -> float:
        """Return the multiply-accumulates of an episode."""
        return float(n_ticks * sum(a * b for a, b in zip(self.sizes, self.sizes[1:], strict=False)))

    def layers(self, rows: FloatArray) -> list[tuple[FloatArray, FloatArray]]:
        """Split rows of parameters, (n, n_parameters), into weights and biases of each layer.

        Raises:
            ParameterError: rows of another length.
        """
        if rows.shape[1:] != (self.n_parameters,):
            raise ParameterError(
                f"{rows.shape[1:]} parameters; sizes {self.sizes} need {self.n_parameters}"
            )
        layers, start = [], 0
        for a, b in zip(self.sizes, self.sizes[1:], strict=False):
            weights = rows[:, start : start + a * b].reshape(-1, a, b)
            layers.append((weights, rows[:, start + a * b : start + (a + 1) * b]))
            start += (a + 1) * b
        return layers

    def start(self, rng: np.random.Generator) -> FloatArray:
        """Draw parameters: weights N(0, 1/n_in), times 0.1 in the last layer; biases 0."""
        pieces = []
        for k, (a, b) in enumerate(zip(self.sizes, self.sizes[1:], strict=False)):
            scale = (0.1 if k == len(self.sizes) - 2 else 1.0) / np.sqrt(a)
            pieces += [rng.normal(0.0, scale, a * b), np.zeros(b)]
        return np.concatenate(pieces)

    def act(
        self, layers: list[tuple[FloatArray, FloatArray]], observations: FloatArray, tick: int
    ) -> FloatArray:
        """Return the actions of n perceptrons for one observation each, (n, n_actions)."""
        time = min(2.0 * tick / self.episode_ticks - 1.0, 1.0)
        values = np.concatenate([observations, np.full((len(observations), 1), time)], axis=1)
        for k, (weights, biases) in enumerate(layers):
            values = np.matmul(values[:, None], weights)[:, 0] + biases
            if k < len(layers) - 1:
                values = self._activation(values)
        return np.clip(values, -1.0, 1.0)

    def reset(self, seed: int | None = None) -> None:
        """Reset the time feature."""
        self._tick = 0

    def _step(self, observation: FloatArray) -> FloatArray:
        action = self.act(self._layers, observation[None], self._tick)[0]
        self._tick += 1
        return action

    @property
    def readouts(self) -> dict[str, float]:
        """Empty: the perceptron has no read-outs."""
        return {}
