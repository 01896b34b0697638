"""Controller as plain data, run by engines and kernels in Python: the peer of C."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.network.program import Program
from snn_control.network.shell import KernelCall

__all__ = ["PythonProgram"]


class PythonProgram:
    """Networks in a precision, their shell in double precision.

    Args:
        program: controller.
        dtype: `float64` or `float32`.
        engines: engine of each network; default: the native one.
    """

    def __init__(
        self, program: Program, dtype: npt.DTypeLike, engines: Sequence[Any] | None = None
    ) -> None:
        from snn_control.engines.native import NativeEngine

        self._program, self._dtype = program, np.dtype(dtype)
        self._engines = engines or [NativeEngine(network, dtype) for network in program.networks]
        self.reset()

    def reset(self) -> None:
        """Return to the state before the first tick."""
        program, shell = self._program, self._program.shell
        for engine in self._engines:
            engine.reset()
        self.spikes: npt.NDArray[np.uint16] = np.zeros(program.n_spiking, np.uint16)
        """Spikes of each spiking neuron in the last tick."""
        if shell is None:
            return
        self._arrays = {name: np.zeros(size) for name, size in shell.state.items()}
        self._arrays |= {name: np.array(values) for name, values in shell.constants.items()}
        self._arrays["orders"] = np.array([order.default for order in shell.orders])
        self._arrays["signals"] = np.zeros(shell.n_signals)
        self._arrays["actions"] = np.zeros(len(program.action_names))
        self._arrays["readouts"] = np.zeros(program.n_network_readouts)
        if shell.start:
            self._call(shell.start)

    def take_orders(self, orders: Sequence[float]) -> None:
        """Set the additional inputs of the following steps."""
        self._arrays["orders"][:] = orders

    def step(self, observation: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
        """Advance a tick; return the actions."""
        shell = self._program.shell
        if shell is None:
            return self._sums(self._networks(observation))
        for buffer in ("signals", "actions", "readouts"):
            self._arrays[buffer][:] = 0.0
        self._arrays["observation"] = observation.astype(np.float64)
        if self._call(shell.before) is not False:
            self._arrays["readouts"][:] = self._networks(self._arrays["signals"])
        self._arrays["spikes"] = self.spikes.astype(np.float64)
        self._call(shell.after)
        return self._arrays["actions"].astype(self._dtype)

    def _networks(self, signals: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
        """Step all networks; return their read-outs."""
        pairs = zip(self._engines, self._program.feeds, strict=True)
        readouts = [engine.step(signals[list(feed)]).copy() for engine, feed in pairs]
        if self._engines:
            self.spikes = np.concatenate([e.spikes for e in self._engines]).astype(np.uint16)
        return np.concatenate(readouts) if readouts else np.zeros(0)

    def _sums(self, readouts: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
        outputs = np.zeros(len(self._program.sums), self._dtype)
        for action, indices in enumerate(self._program.sums):
            for k, index in enumerate(indices):
                outputs[action] = readouts[index] + (outputs[action] if k else 0)
        return outputs

    def _call(self, call: KernelCall) -> object:
        arguments = [self._arrays[a] if isinstance(a, str) else a for a in call.arguments]
        result: object = call.function(*arguments)
        return result
