"""Swimmer controller: a circuit on joint angles, with a clock and commands for speed and turn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.controllers.controller import Controller
from snn_control.controllers.swimmer_circuit import COMMANDS
from snn_control.engines.native import NativeEngine
from snn_control.errors import ParameterError
from snn_control.network import Network

FloatArray = npt.NDArray[np.float64]


class Swimmer(Controller):
    """Efforts of a `swimmer_circuit` whose head swings with a square wave.

    Args:
        network: of the circuit; inputs are the joint angles, then `COMMANDS`; read-outs the dorsal,
            then the ventral muscles, which are its last spiking cells where they spike.
        period_ticks: of the square wave, control periods; 60 as published.
        engine: makes the engine of the network; compiled by default.

    Raises:
        ParameterError: a network of other inputs, or a period below 2.
    """

    def __init__(
        self,
        network: Network,
        period_ticks: int = 60,
        engine: Callable[[Network], Any] = NativeEngine,
    ) -> None:
        n = len(network.inputs) - len(COMMANDS)
        if network.inputs[n:] != COMMANDS or len(network.readouts) != 2 * n:
            raise ParameterError(
                f"network {network.name!r} takes {network.inputs}; expected joint angles and then "
                f"{COMMANDS}, and two read-outs a joint"
            )
        if period_ticks < 2:
            raise ParameterError(f"period_ticks is {period_ticks}; expected at least 2")
        self.networks, self.period_ticks, self._n = (network,), period_ticks, n
        self.observation_names = network.inputs[:n]
        self.action_names = tuple(f"joint_{k}_effort" for k in range(n))
        self.control_period_s = network.control_period_s
        self._spiking = network.populations[-1].params.spiking
        self._engine = engine(network)
        self._inputs = np.zeros(len(network.inputs))
        self.reset()

    def reset(self, seed: int | None = None) -> None:
        """Put network and clock into the state before the first tick; full speed, straight on."""
        self._engine.reset()
        self._tick = 0
        self._muscles = np.zeros(2 * self._n)
        self.command(1.0, 0.0)

    def command(self, speed: float, turn: float) -> None:
        """Set what the head is told, until the next call or reset.

        Args:
            speed: 0 (rest) to 1 (full); clipped.
            turn: -1 (left) to 1 (right); clipped.

        Raises:
            ParameterError: not finite; the old command stays.
        """
        if not (np.isfinite(speed) and np.isfinite(turn)):
            raise ParameterError(f"command of speed {speed:g}, turn {turn:g}: expected numbers")
        turn = min(max(turn, -1.0), 1.0)
        self._inputs[-3:] = 1.0 - min(max(speed, 0.0), 1.0), max(turn, 0.0), max(-turn, 0.0)

    def _step(self, observation: FloatArray) -> FloatArray:
        n, inputs = self._n, self._inputs
        first_half = self._tick < self.period_ticks // 2
        inputs[:n] = observation
        inputs[n], inputs[n + 1] = first_half, not first_half
        self._tick = (self._tick + 1) % self.period_ticks
        muscles = self._engine.step(inputs)
        if self._spiking:
            muscles = self._engine.spikes[-2 * n :] / self.networks[0].sub_ticks
        self._muscles[:] = muscles
        effort: FloatArray = self._muscles[:n] - self._muscles[n:]
        return effort

    @property
    def spikes(self) -> FloatArray:
        """Spikes of every spiking cell in the last tick, shape (n_spiking,)."""
        found: FloatArray = self._engine.spikes
        return found

    @property
    def readouts(self) -> dict[str, float]:
        """Activity of each muscle in the last tick, 0 to 1, and `spikes`, their number."""
        names = (readout.name for readout in self.networks[0].readouts)
        return dict(zip(names, self._muscles.tolist(), strict=True)) | {
            "spikes": float(self.spikes.sum())
        }
