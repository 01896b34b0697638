"""Controller of one network: its inputs are the observation, its read-outs the action."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.controllers.controller import Controller
from snn_control.controllers.document import ControllerDocument
from snn_control.engines.default import default_engine
from snn_control.errors import ParameterError
from snn_control.network import Network
from snn_control.network.program import Program

__all__ = ["NetworkController"]

FloatArray = npt.NDArray[np.float64]


class NetworkController(Controller):
    """Single network as a controller of any vehicle with named observations and actions.

    Args:
        network: network whose inputs name the observation and whose read-outs name the action.
        engine: function that makes the engine of the network; default: compiled.
    """

    def __init__(self, network: Network, engine: Callable[[Network], Any] = default_engine) -> None:
        self.networks = (network,)
        self.observation_names = network.inputs
        self.action_names = tuple(readout.name for readout in network.readouts)
        self.control_period_s = network.control_period_s
        self._engine = engine(network)
        self.reset()

    def reset(self, seed: int | None = None) -> None:
        """Reset the network to the state before the first tick."""
        self._engine.reset()

    def _step(self, observation: FloatArray) -> FloatArray:
        return np.array(self._engine.step(observation), np.float64)

    def to_document(self) -> ControllerDocument:
        """Return the network."""
        return ControllerDocument(self.networks)

    def to_program(self) -> Program:
        """Return the network."""
        return Program.of_network(self.networks[0])

    @classmethod
    def from_document(  # type: ignore[override]  # names the options that it takes
        cls, document: ControllerDocument, *, engine: Callable[[Network], Any] = default_engine
    ) -> NetworkController:
        """Build the controller from a file, see `NetworkController` for `engine`.

        Raises:
            ParameterError: the file does not hold exactly one network.
        """
        if len(document.networks) != 1:
            raise ParameterError(f"{len(document.networks)} networks; expected one")
        return cls(document.networks[0], engine)

    @property
    def spikes(self) -> FloatArray:
        """Spikes of every spiking neuron in the last tick, shape (n_spiking,)."""
        return np.array(self._engine.spikes, np.float64)

    @property
    def readouts(self) -> dict[str, float]:
        """Number of `spikes` in the last tick."""
        return {"spikes": float(self._engine.spikes.sum())}
