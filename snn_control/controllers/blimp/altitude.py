"""Altitude controller: any number of networks whose read-outs add up to the motor command.

After Burgers, Stroobants and de Croon (2023), arXiv:2309.12937: one network mimics P + D, another
one I, in parallel on the same height error.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.controllers.controller import Controller
from snn_control.controllers.document import ControllerDocument
from snn_control.engines.default import default_engine
from snn_control.errors import ParameterError
from snn_control.network import Network
from snn_control.network.program import Program

__all__ = ["Altitude"]

FloatArray = npt.NDArray[np.float64]


class Altitude(Controller):
    """Sum of the read-outs of networks on the height error.

    Args:
        networks: networks with the single input `height_error_m`, one control period and different
            names of read-outs.
        engine: function that makes the engine of a network; default: compiled.
    """

    observation_names = ("height_error_m",)
    action_names = ("motor_command",)

    def __init__(
        self, networks: Sequence[Network], engine: Callable[[Network], Any] = default_engine
    ) -> None:
        if not networks:
            raise ParameterError("networks: an altitude controller needs at least one")
        for network in networks:
            if network.inputs != self.observation_names:
                raise ParameterError(
                    f"network {network.name!r} takes {network.inputs}, "
                    f"expected {self.observation_names}"
                )
            network.require_period(networks[0].control_period_s)
        self.networks = tuple(networks)
        self.control_period_s = networks[0].control_period_s
        self._names = [r.name for network in networks for r in network.readouts]
        if len(set(self._names)) != len(self._names):
            raise ParameterError(f"networks: read-out names must differ: {self._names}")
        self._engines = [engine(network) for network in networks]
        self.reset()

    def reset(self, seed: int | None = None) -> None:
        """Reset all networks to the state before the first tick."""
        for engine in self._engines:
            engine.reset()
        self._values = [0.0] * len(self._names)

    def _step(self, observation: FloatArray) -> FloatArray:
        values: list[float] = []
        for engine in self._engines:
            values += engine.step(observation).tolist()
        self._values = values
        return np.array([sum(values)])

    def to_document(self) -> ControllerDocument:
        """Return the networks."""
        return ControllerDocument(self.networks)

    def to_program(self) -> Program:
        """Return the networks and the sum of their read-outs."""
        return Program(
            self.observation_names, self.action_names, self.control_period_s, self.networks,
            ((0,),) * len(self.networks), (tuple(range(len(self._names))),),
        )  # fmt: skip

    @classmethod
    def from_document(  # type: ignore[override]  # names the options that it takes
        cls, document: ControllerDocument, *, engine: Callable[[Network], Any] = default_engine
    ) -> Altitude:
        """Build the controller from a file, see `Altitude` for `engine`."""
        return cls(document.networks, engine)

    @property
    def spikes(self) -> FloatArray:
        """Spikes of every spiking neuron in the last tick, shape (n_spiking,)."""
        return np.concatenate([engine.spikes for engine in self._engines])

    @property
    def readouts(self) -> dict[str, float]:
        """Read-outs of the last tick in motor units, and `spikes`, their number."""
        named = dict(zip(self._names, self._values, strict=True))
        return named | {"spikes": float(self.spikes.sum())}
