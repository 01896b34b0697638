"""Contract of all controllers: reset, step, named observations, actions and read-outs."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from snn_control.controllers.document import ControllerDocument
from snn_control.copies import Copied
from snn_control.errors import ObservationError, ParameterError
from snn_control.export.costs.counts import Counts, count_operations
from snn_control.network import Network, synaptic_operations
from snn_control.network.program import Program

__all__ = ["Controller"]

FloatArray = npt.NDArray[np.float64]


class Controller(Copied, ABC):
    """Closed-loop controller that holds its own state.

    A subclass implements `reset`, `_step` and `readouts`; the rest has defaults for a controller
    without spiking networks, adaptation or orders. Saving, which evolution requires, also needs
    `to_document` and `from_document`.

    Attributes:
        observation_names: entries of the observation, each with its unit.
        optional_names: entries of the observation that may be NaN, missing.
        action_names: entries of the action, each with its unit.
        control_period_s: control period of the controller, s.
        networks: networks of the controller, in the order of `spikes`.
        order_names: entries of `take_orders`.
        whole_in_c: True if engine `c` runs the whole controller; False if only its networks, since
            operators need the state of the class.
        about: provenance of the model file; empty if the controller was made without one.
    """

    observation_names: tuple[str, ...]
    optional_names: tuple[str, ...] = ()
    action_names: tuple[str, ...]
    control_period_s: float
    networks: tuple[Network, ...] = ()
    order_names: tuple[str, ...] = ()
    whole_in_c: ClassVar[bool] = True
    about: Mapping[str, Any] = MappingProxyType({})

    @property
    def filed_as(self) -> type[Controller]:
        """Class that reads the document of this controller."""
        return type(self)

    @property
    def adapts(self) -> bool:
        """Return True if the controller has an adaptation that can be frozen."""
        return False

    @property
    def adaptation(self) -> Mapping[str, str | float]:
        """Named values of the adaptation for the operator; none by default."""
        return {}

    @abstractmethod
    def reset(self, seed: int | None = None) -> None:
        """Return to the state before the first tick; only stochastic controllers use `seed`."""

    def step(self, observation: FloatArray) -> FloatArray:
        """Advance one control tick.

        Args:
            observation: shape (len(observation_names),).

        Returns:
            The action, shape (len(action_names),).

        Raises:
            ObservationError: wrong shape, infinite, or NaN but for an optional entry; the state is
                unchanged.
        """
        if observation.shape != (len(self.observation_names),):
            raise ObservationError(
                f"observation of shape {observation.shape}, expected "
                f"({len(self.observation_names)},) for {self.observation_names}"
            )
        for name, value in zip(self.observation_names, observation.tolist(), strict=True):
            if not math.isfinite(value) and not (math.isnan(value) and name in self.optional_names):
                raise ObservationError(f"observation {name} is {value}; hold the last command")
        return self._step(observation)

    @abstractmethod
    def _step(self, observation: FloatArray) -> FloatArray:
        """Advance one control tick with a checked observation."""

    @property
    @abstractmethod
    def readouts(self) -> dict[str, float]:
        """Named values of the last tick."""

    @property
    def spikes(self) -> FloatArray:
        """Spikes of every spiking neuron in the last tick, shape (n_spiking,)."""
        return np.zeros(0)

    def take_orders(self, orders: Sequence[float]) -> None:
        """Set the additional inputs of the following steps, named by `order_names`.

        Raises:
            ParameterError: the number of orders is not that of `order_names`.
        """
        if len(orders):
            raise ParameterError(f"{len(orders)} orders; {type(self).__name__} expects none")

    def to_document(self) -> ControllerDocument:
        """Return the networks and settings for `from_document`.

        Raises:
            ParameterError: the class does not support files.
        """
        raise ParameterError(
            f"{type(self).__name__} cannot be saved: it has no to_document; save a controller made "
            "of networks"
        )

    def to_program(self) -> Program:
        """Return the controller as plain data, for exports.

        Raises:
            ParameterError: the class does more than sums of networks.
        """
        raise ParameterError(
            f"{type(self).__name__} cannot be exported: it has no to_program; export a controller "
            "of networks"
        )

    @classmethod
    def from_document(cls, document: ControllerDocument, **options: Any) -> Controller:
        """Build the controller from a file.

        Args:
            document: content of the file.
            options: options of `load`; an override names those that it accepts.

        Raises:
            ParameterError: a wrong number of networks, wrong settings, or no support of files.
        """
        raise ParameterError(f"{cls.__name__} has no from_document; it cannot be read from a file")

    def synaptic_operations(self, spike_counts: npt.ArrayLike, n_ticks: int) -> float | None:
        """Return the additions and multiply-accumulates of an episode; None if unknown.

        Args:
            spike_counts: spikes of each spiking neuron in the episode, shape (n_spiking,).
            n_ticks: control ticks of the episode.
        """
        if not self.networks:
            return None
        return synaptic_operations(self.networks, spike_counts, n_ticks)

    def operation_counts(self, spike_counts: npt.ArrayLike, n_ticks: int) -> Counts | None:
        """Return the work of a decision, the mean over an episode; None if unknown.

        Args:
            spike_counts: spikes of each spiking neuron in the episode, shape (n_spiking,).
            n_ticks: control ticks of the episode.
        """
        if not self.networks:
            return None
        return count_operations(self.networks, spike_counts, n_ticks)
