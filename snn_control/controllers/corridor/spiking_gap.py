"""Spiking gap follower: the direction cell with the largest potential steers the robot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.controllers.controller import Controller
from snn_control.controllers.corridor.gap import N_RAYS, REACH_M
from snn_control.controllers.corridor.gap_circuit import CANDIDATES_RAD, gap_circuit
from snn_control.controllers.document import ControllerDocument
from snn_control.engines.default import default_engine
from snn_control.errors import ParameterError
from snn_control.network import Network
from snn_control.ranges import require_positive

__all__ = ["SpikingGap", "spiking_gap"]

FloatArray = npt.NDArray[np.float64]

MAX_TURN_RATE_RAD_S = 2.0


class SpikingGap(Controller):
    """Network of `gap_circuit` as a controller; rays that were not fired count as no return.

    Args:
        network: network with the inputs and read-outs of `gap_circuit`.
        turn_gain_per_s: turn rate for each rad between the direction and the robot's axis, 1/s.
        engine: function that makes the engine of the network; default: compiled.

    Raises:
        ParameterError: another network, or a gain that is not a number above 0.
    """

    action_names: tuple[str, ...] = ("speed_m_s", "turn_rate_rad_s")

    def __init__(
        self,
        network: Network,
        turn_gain_per_s: float = 3.0,
        engine: Callable[[Network], Any] = default_engine,
    ) -> None:
        n = CANDIDATES_RAD.size
        expected = (*(f"ray_{k}_m" for k in range(N_RAYS)), "dyaw_rad")
        if network.inputs != expected or len(network.readouts) != n + 1:
            raise ParameterError(
                f"network {network.name!r} has {len(network.inputs)} inputs and "
                f"{len(network.readouts)} read-outs; expected {N_RAYS} rays and dyaw_rad, "
                f"{n} directions and the speed"
            )
        require_positive({"turn_gain_per_s": turn_gain_per_s})
        self.networks, self.turn_gain_per_s = (network,), turn_gain_per_s
        self.observation_names = network.inputs
        self.control_period_s = network.control_period_s
        self._engine = engine(network)
        self.reset()

    def reset(self, seed: int | None = None) -> None:
        """Take the current direction of the robot for that of the corridor."""
        self._engine.reset()
        self._chosen_rad = 0.0

    def _step(self, observation: FloatArray) -> FloatArray:
        inputs = observation.copy()
        range_m = inputs[:N_RAYS]
        range_m[range_m < 0.0] = REACH_M
        outputs = np.asarray(self._engine.step(inputs), np.float64)
        self._chosen_rad = float(CANDIDATES_RAD[int(outputs[:-1].argmax())])
        turn = self.turn_gain_per_s * self._chosen_rad
        turn = min(max(turn, -MAX_TURN_RATE_RAD_S), MAX_TURN_RATE_RAD_S)
        return np.array([max(float(outputs[-1]), 0.0), turn])

    @property
    def spikes(self) -> FloatArray:
        """Spikes of every spiking neuron in the last tick, shape (n_spiking,)."""
        return np.array(self._engine.spikes, np.float64)

    @property
    def readouts(self) -> dict[str, float]:
        """Chosen direction, rad; number of `spikes` in the last tick."""
        return {"chosen_rad": self._chosen_rad, "spikes": float(self._engine.spikes.sum())}

    def to_document(self) -> ControllerDocument:
        """Return the network and the gain."""
        return ControllerDocument(self.networks, {"turn_gain_per_s": self.turn_gain_per_s})

    @classmethod
    def from_document(  # type: ignore[override]  # names the options that it takes
        cls,
        document: ControllerDocument,
        *,
        engine: Callable[[Network], Any] = default_engine,
    ) -> SpikingGap:
        """Build the controller from a file, see `SpikingGap` for `engine`.

        Raises:
            ParameterError: not one network, or other settings than the gain.
        """
        gain = document.settings.get("turn_gain_per_s")
        if len(document.networks) != 1 or len(document.settings) != 1 or type(gain) is not float:
            raise ParameterError(
                f"{len(document.networks)} networks and the settings {dict(document.settings)}; "
                "expected one network and the number turn_gain_per_s"
            )
        return cls(document.networks[0], gain, engine)


def spiking_gap(turn_gain_per_s: float = 3.0, **settings: float) -> SpikingGap:
    """Return the controller of settings of `gap_circuit` and the gain of the turn."""
    return SpikingGap(gap_circuit(**settings), turn_gain_per_s)
