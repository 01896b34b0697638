"""Controller as exported C: one call of the compiled library for a tick."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.controllers.controller import Controller
from snn_control.controllers.document import ControllerDocument
from snn_control.copies import CopiedWithViews
from snn_control.errors import ObservationError, ParameterError
from snn_control.export.c.build import cached_library
from snn_control.export.c.library import CLibrary, precision_of
from snn_control.export.c.source import c_source
from snn_control.network.program import Program

__all__ = ["CController"]

FloatArray = npt.NDArray[np.float64]

PREFIX = "snn_controller"


class CController(CopiedWithViews, Controller):
    """Whole controller in C, with the names and the document of the Python controller.

    Args:
        controller: controller that it replaces; its state is not used.
        precision: `float64` (bits of the Python controller), `float32`, or integers (those of
            `IntegerProgram`); that of the library if there is one.
        library: shared library of an export, `libNAME.so` with the prefix NAME; None: it is
            compiled once and kept in the cache.
        model_sha256: hash of the model's document, which a library must have, too.

    Raises:
        MissingCompilerError: there is no C compiler.
        ParameterError: the controller cannot be exported, or the library is of another model.
    """

    def __init__(
        self,
        controller: Controller,
        precision: str = "float64",
        library: Path | None = None,
        model_sha256: str = "",
    ) -> None:
        program = controller.to_program()
        if library is None:
            path, prefix = cached_library(c_source(program, PREFIX, precision)), PREFIX
        else:
            path, prefix = library, library.stem.removeprefix("lib")
            precision = precision_of(path, prefix)
        self._library = CLibrary(path, prefix, program, precision)
        if library is not None:
            self._library.require_model(model_sha256)
        self._python, self._program = controller, program
        self.observation_names = controller.observation_names
        self.optional_names = controller.optional_names
        self.action_names = controller.action_names
        self.order_names = controller.order_names
        self.control_period_s = controller.control_period_s
        self.networks = controller.networks
        self.about = controller.about
        self._shape = (len(self.observation_names),)
        self._bind()
        self.reset()

    def _bind(self) -> None:
        library = self._library
        self._copied: Callable[[], FloatArray]
        self._tick, self._inputs, self._units = library.tick, library.inputs, library.units
        self._copied = library.outputs.copy
        if library.outputs.dtype != np.float64:
            self._copied = functools.partial(library.outputs.astype, np.float64)

    def __getstate__(self) -> dict[str, Any]:
        bound = ("_tick", "_inputs", "_units", "_copied")
        return {name: value for name, value in vars(self).items() if name not in bound}

    @property
    def filed_as(self) -> type[Controller]:
        """Class of the Python controller."""
        return self._python.filed_as

    @property
    def adapts(self) -> bool:
        """Return True if the controller has an adaptation that can be frozen."""
        return self._python.adapts

    def reset(self, seed: int | None = None) -> None:
        """Return to the state before the first tick, with the default orders."""
        self._library.reset()

    def step(self, observation: FloatArray) -> FloatArray:
        """Advance one control tick, see `Controller.step`."""
        if observation.shape != self._shape:
            return super().step(observation)
        if self._units:
            return self._step_integers(observation)
        self._inputs[...] = observation
        if self._tick():
            return super().step(observation)
        return self._copied()

    def _step_integers(self, observation: FloatArray) -> FloatArray:
        if not self._library.quantise(observation):
            return super().step(observation)
        self._tick()
        return self._library.outputs * self._units["outputs"]

    def _step(self, observation: FloatArray) -> FloatArray:
        raise ObservationError(
            f"observation {observation.tolist()} exceeds the numbers of the library; hold the last "
            "command"
        )

    def take_orders(self, orders: Sequence[float]) -> None:
        """Set the additional inputs of the following steps, named by `order_names`.

        Raises:
            ParameterError: another number of orders, or one that is not finite and has no meaning.
        """
        if len(orders) != len(self.order_names):
            raise ParameterError(f"{len(orders)} orders; expected {self.order_names}")
        if not self._library.take_orders(orders):
            raise ParameterError(f"orders {list(orders)}: expected numbers for {self.order_names}")

    @property
    def readouts(self) -> dict[str, float]:
        """Named values of the last tick, and `spikes`, their number."""
        values = (self._library.readouts * self._units.get("readouts", 1.0)).tolist()
        named = dict(zip(self._program.readout_names, values, strict=True))
        return named | {"spikes": float(self._library.spikes.sum())}

    @property
    def spikes(self) -> FloatArray:
        """Spikes of every spiking neuron in the last tick, shape (n_spiking,)."""
        return self._library.spikes.astype(np.float64)

    def to_document(self) -> ControllerDocument:
        """Return the document of the controller."""
        return self._python.to_document()

    def to_program(self) -> Program:
        """Return the controller as plain data."""
        return self._program
