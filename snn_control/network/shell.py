"""Part of a controller around its networks, as kernels on named arrays.

Kernels are module-level functions in the compiled subset of Python; an export translates them from
their source. A kernel gets whole arrays and constants; it may change the arrays of the state and
those that it is to write.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.errors import ParameterError

__all__ = ["BUFFERS", "KernelCall", "Order", "Shell"]

FloatArray = npt.NDArray[np.float64]

BUFFERS = ("observation", "orders", "signals", "readouts", "spikes", "actions")
"""Arrays of each tick: inputs, orders, inputs and results of the networks, outputs.

All but the orders are zeros before a tick.
"""


@dataclass(frozen=True)
class KernelCall:
    """Kernel with its arguments."""

    function: Callable[..., Any]
    """Kernel."""
    arguments: tuple[str | float | bool, ...]
    """Names of arrays, or constants."""


@dataclass(frozen=True)
class Order:
    """Additional input, which holds until it is set again."""

    name: str
    """Name, with its unit."""
    default: float
    """Value after the start."""
    text: str
    """Meaning, one line."""
    may_be_nan: bool = False
    """True if NaN has a meaning."""


@dataclass(frozen=True, eq=False)
class Shell:
    """Kernels before and after the networks.

    Raises:
        ParameterError: an argument names no array, or two arrays have one name.
    """

    n_signals: int
    """Number of values in `signals`, from which the networks are fed."""
    before: KernelCall
    """Kernel from `observation` and `orders` to `signals`; if it returns a bool, False keeps the
    networks as they are in this tick."""
    after: KernelCall
    """Kernel from `readouts` and `spikes` of all networks to `actions`."""
    start: KernelCall | None = None
    """Kernel that sets the state before the first tick, which is zeros before."""
    state: Mapping[str, int] = field(default_factory=dict)
    """Length of each array that is kept between ticks."""
    constants: Mapping[str, FloatArray] = field(default_factory=dict)
    """Constant arrays."""
    orders: tuple[Order, ...] = ()
    """Entries of `orders`."""
    usual: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Range of an observation in operation, for traces; others: -1 to 1."""
    readouts: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    """Named values of the last tick: array of the state, and index in it."""

    def __post_init__(self) -> None:
        names = [*BUFFERS, *self.state, *self.constants]
        if len(set(names)) < len(names):
            raise ParameterError(f"arrays of a shell: names must differ: {names}")
        calls = [self.before, self.after, *([self.start] if self.start else [])]
        named = {each for call in calls for each in call.arguments if isinstance(each, str)}
        named |= {array for array, _ in self.readouts.values()}
        if wrong := sorted(named - set(names)):
            raise ParameterError(f"no array {', '.join(wrong)}; there are {', '.join(names)}")
        started = self.start.arguments if self.start else ()
        if wrong := [each for each in BUFFERS if each in started and each != "orders"]:
            raise ParameterError(f"start gets {', '.join(wrong)}, which belong to a tick")
