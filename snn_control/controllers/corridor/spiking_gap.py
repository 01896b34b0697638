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
from snn_control.network.program import Program
from snn_control.network.shell import KernelCall, Shell
from snn_control.plasticity.optional_kernel import kernel
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
        self._chosen_rad = np.zeros(1)

    def _step(self, observation: FloatArray) -> FloatArray:
        inputs, action = np.empty_like(observation), np.empty(2)
        fill_rays(inputs, observation)
        outputs = np.asarray(self._engine.step(inputs), np.float64)
        steer(outputs, CANDIDATES_RAD, self.turn_gain_per_s, self._chosen_rad, action)
        return action

    @property
    def spikes(self) -> FloatArray:
        """Spikes of every spiking neuron in the last tick, shape (n_spiking,)."""
        return np.array(self._engine.spikes, np.float64)

    @property
    def readouts(self) -> dict[str, float]:
        """Chosen direction, rad; number of `spikes` in the last tick."""
        return {
            "chosen_rad": float(self._chosen_rad[0]),
            "spikes": float(self._engine.spikes.sum()),
        }

    def to_document(self) -> ControllerDocument:
        """Return the network and the gain."""
        return ControllerDocument(self.networks, {"turn_gain_per_s": self.turn_gain_per_s})

    def to_program(self) -> Program:
        """Return the network and the kernels around it."""
        network = self.networks[0]
        shell = Shell(
            n_signals=len(network.inputs),
            before=KernelCall(fill_rays, ("signals", "observation")),
            after=KernelCall(
                steer, ("readouts", "candidates_rad", self.turn_gain_per_s, "chosen_rad", "actions")
            ),
            state={"chosen_rad": 1},
            constants={"candidates_rad": CANDIDATES_RAD},
            usual=dict.fromkeys(self.observation_names[:N_RAYS], (-1.0, REACH_M)),
            readouts={"chosen_rad": ("chosen_rad", 0)},
        )
        feed = tuple(range(len(network.inputs)))
        return Program(
            self.observation_names, self.action_names, self.control_period_s, self.networks,
            (feed,), shell=shell,
        )  # fmt: skip

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


@kernel(nogil=True)
def fill_rays(inputs: Any, observation: Any) -> None:
    """Write the inputs of the network: rays that were not fired have no return."""
    for k in range(N_RAYS):
        inputs[k] = observation[k] if observation[k] >= 0.0 else REACH_M
    inputs[N_RAYS] = observation[N_RAYS]


@kernel(nogil=True)
def steer(
    outputs: Any, candidates_rad: Any, gain_per_s: float, chosen_rad: Any, action: Any
) -> None:
    """Write speed and turn rate towards the direction with the largest potential."""
    n, best = candidates_rad.size, 0
    for k in range(1, n):
        if outputs[k] > outputs[best]:
            best = k
    chosen_rad[0] = candidates_rad[best]
    turn = gain_per_s * chosen_rad[0]
    action[0] = max(outputs[n], 0.0)
    action[1] = min(max(turn, -MAX_TURN_RATE_RAD_S), MAX_TURN_RATE_RAD_S)


def spiking_gap(turn_gain_per_s: float = 3.0, **settings: float) -> SpikingGap:
    """Return the controller of settings of `gap_circuit` and the gain of the turn."""
    return SpikingGap(gap_circuit(**settings), turn_gain_per_s)
