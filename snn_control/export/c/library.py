"""Shared library of an exported controller, called through ctypes with buffers bound once."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.errors import ParameterError
from snn_control.export.c.literals import number_types
from snn_control.network.program import Program

__all__ = ["CLibrary"]


class CLibrary:
    """One controller of a library, with its state.

    Args:
        path: shared library.
        prefix: prefix of its names.
        program: controller of the library.
        precision: one of `source.PRECISIONS`.

    Raises:
        ParameterError: the file is no library, or lacks a function of the prefix.
    """

    def __init__(self, path: Path, prefix: str, program: Program, precision: str) -> None:
        try:
            library = ctypes.PyDLL(str(path))  # a tick is shorter than a release of the lock
            self._init, self._step = library[f"{prefix}_init"], library[f"{prefix}_step"]
            self._readouts = library[f"{prefix}_readouts"]
            self._take_orders = library[f"{prefix}_take_orders"] if program.orders else None
            size, spikes = library[f"{prefix}_state_bytes"], library[f"{prefix}_spikes"]
            model = ctypes.c_char * 65
            self.model_sha256 = model.in_dll(library, f"{prefix}_model_sha256").value.decode()
        except (OSError, AttributeError, ValueError) as exc:
            raise ParameterError(f"{path}: no library of an export {prefix!r} ({exc})") from exc
        self._made_of = (path, prefix, program, precision)
        size.restype, self._count = ctypes.c_uint32, spikes
        taken, returned = number_types(program, precision)
        self._state = np.zeros(int(size()) // 8 + 1, np.float64)
        self.inputs: npt.NDArray[Any] = np.zeros(len(program.observation_names), taken)
        self.outputs: npt.NDArray[Any] = np.zeros(len(program.action_names), returned)
        self._arguments = [
            ctypes.c_void_p(each.ctypes.data) for each in (self._state, self.inputs, self.outputs)
        ]
        self._orders = np.zeros(len(program.orders), taken)
        self._values = np.zeros(len(program.readout_names), returned)
        self._counts = np.zeros(program.n_spiking, np.uint16)
        self.reset()

    def __deepcopy__(self, memo: dict[int, Any]) -> CLibrary:
        again = CLibrary(*self._made_of)
        again._state[:] = self._state
        return again

    @property
    def spikes(self) -> npt.NDArray[np.uint16]:
        """Spikes of each spiking neuron in the last tick, shape (n_spiking,); overwritten later."""
        self._count(self._arguments[0], ctypes.c_void_p(self._counts.ctypes.data))
        return self._counts

    def reset(self) -> None:
        """Return to the state before the first tick."""
        self._init(self._arguments[0])

    def take_orders(self, orders: Sequence[float]) -> bool:
        """Set the additional inputs; False and nothing changed if one has no meaning."""
        self._orders[:] = orders
        at = ctypes.c_void_p(self._orders.ctypes.data)
        return self._take_orders is None or not self._take_orders(self._arguments[0], at)

    @property
    def readouts(self) -> npt.NDArray[Any]:
        """Named values of the last tick."""
        self._readouts(self._arguments[0], ctypes.c_void_p(self._values.ctypes.data))
        return self._values

    def step(self) -> bool:
        """Advance a tick from `inputs` to `outputs`; False and nothing changed if not finite."""
        return not self._step(*self._arguments)
