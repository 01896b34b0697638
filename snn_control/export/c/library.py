"""Shared library of an exported controller, called through ctypes with buffers bound once."""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.errors import ParameterError
from snn_control.export.c.literals import number_types
from snn_control.export.c.source import layout_of
from snn_control.network.program import Program

__all__ = ["CLibrary", "precision_of"]


class CLibrary:
    """One controller of a library, with its state.

    Args:
        path: shared library.
        prefix: prefix of its names.
        program: controller of the library.
        precision: one of `source.PRECISIONS`.

    Raises:
        ParameterError: the file is not a library with names of the prefix, or of another layout.
    """

    def __init__(self, path: Path, prefix: str, program: Program, precision: str) -> None:
        try:
            library = _opened(path)
            layout = _text(library, f"{prefix}_layout")
            if layout != layout_of(program, precision):
                raise ParameterError(
                    f"{path} has the layout {layout!r}; expected "
                    f"{layout_of(program, precision)!r}: export this model and build it again"
                )
            self._init, self._step = library[f"{prefix}_init"], library[f"{prefix}_step"]
            self._readouts = library[f"{prefix}_readouts"]
            self._take_orders = library[f"{prefix}_take_orders"] if program.orders else None
            size, spikes = library[f"{prefix}_state_bytes"], library[f"{prefix}_spikes"]
            self.model_sha256 = _text(library, f"{prefix}_model_sha256")
        except (OSError, AttributeError, ValueError) as exc:
            raise _refused(path, prefix, exc) from exc
        self._made_of = (path, prefix, program, precision)
        size.restype, self._count = ctypes.c_uint32, spikes
        taken, returned = number_types(program, precision)
        self._state = np.zeros(int(size()) // 8 + 1, np.float64)
        self.inputs: npt.NDArray[Any] = np.zeros(len(program.observation_names), taken)
        self.outputs: npt.NDArray[Any] = np.zeros(len(program.action_names), returned)
        self._arguments = [
            ctypes.c_void_p(each.ctypes.data) for each in (self._state, self.inputs, self.outputs)
        ]
        self.tick = functools.partial(self._step, *self._arguments)
        """Function of a tick: 0, or 1 and nothing changed if an input is not finite."""
        self._orders = np.zeros(len(program.orders), taken)
        self._values = np.zeros(len(program.readout_names), returned)
        self._counts = np.zeros(program.n_spiking, np.uint16)
        self.units: dict[str, npt.NDArray[np.float64]] = {}
        """Values of a unit of `outputs` and of `readouts`, of a library with integer inputs."""
        if np.issubdtype(taken, np.integer):
            self._quantise = library[f"{prefix}_quantise"]
            self._quantise.argtypes = [ctypes.c_float, ctypes.c_uint32, ctypes.c_void_p]
            for name, values in (("output", self.outputs), ("readout", self._values)):
                table = (ctypes.c_float * values.size).in_dll(library, f"{prefix}_{name}_units")
                self.units[f"{name}s"] = np.array(table, np.float64)
        self.reset()

    def require_model(self, sha256: str) -> None:
        """Refuse a library of another model.

        Raises:
            ParameterError: its hash is another one, or it has none.
        """
        if not sha256 or self.model_sha256 != sha256:
            raise ParameterError(
                f"{self._made_of[0]} is of a model with the hash {self.model_sha256 or 'none'}; "
                f"expected {sha256 or 'that of a model file'}: export this model and build it again"
            )

    def __reduce__(self) -> Any:
        return _restored, (self._made_of, self._state)

    def __deepcopy__(self, memo: dict[int, Any]) -> CLibrary:
        return _restored(self._made_of, self._state)

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

    def quantise(self, observation: npt.NDArray[np.floating]) -> bool:
        """Set integer inputs, see `PREFIX_quantise`; False and some unchanged if not finite."""
        at, size = self.inputs.ctypes.data, self.inputs.itemsize
        return not any(
            self._quantise(x, k, at + size * k) for k, x in enumerate(observation.tolist())
        )

    @property
    def readouts(self) -> npt.NDArray[Any]:
        """Named values of the last tick."""
        self._readouts(self._arguments[0], ctypes.c_void_p(self._values.ctypes.data))
        return self._values

    def step(self) -> bool:
        """Advance a tick from `inputs` to `outputs`; False and nothing changed if not finite."""
        return not self.tick()


def precision_of(path: Path, prefix: str) -> str:
    """Return the precision of a library.

    Raises:
        ParameterError: the file is not a library with names of the prefix.
    """
    try:
        return _text(_opened(path), f"{prefix}_layout").partition(",")[0]
    except (OSError, ValueError) as exc:
        raise _refused(path, prefix, exc) from exc


def _opened(path: Path) -> ctypes.PyDLL:
    """Return a library; its calls hold the interpreter's lock, since a tick is so short."""
    return ctypes.PyDLL(str(path.resolve()))


def _refused(path: Path, prefix: str, exc: Exception) -> ParameterError:
    return ParameterError(f"{path}: no library of an export {prefix!r} ({exc})")


def _text(library: ctypes.CDLL, name: str) -> str:
    return ctypes.string_at(ctypes.addressof(ctypes.c_char.in_dll(library, name))).decode()


def _restored(made_of: tuple[Path, str, Program, str], state: npt.NDArray[np.float64]) -> CLibrary:
    """Return a controller of a library in a state."""
    library = CLibrary(*made_of)
    library._state[:] = state
    return library
