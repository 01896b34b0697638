"""Kernels of the swimmer around its network, and the whole controller as plain data."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.compiled import kernel
from snn_control.controllers.swimmer.homeostasis import (
    CLOCK_SIZE,
    LAG_RATE,
    PERIOD,
    RATE,
    TICK,
    adapt,
)
from snn_control.controllers.swimmer.kernels import contract, perceive
from snn_control.errors import ParameterError
from snn_control.network import Network
from snn_control.network.program import Program
from snn_control.network.shell import KernelCall, Order, Shell

__all__ = ["swimmer_program"]

FloatArray = npt.NDArray[np.float64]

ORDERS = (
    Order("speed", 1.0, "speed of the head, 0 to 1"),
    Order("turn", 0.0, "turn of the head, -1 (left) to 1 (right)"),
    Order("frozen", 0.0, "1 to keep the gains"),
)


def swimmer_program(
    network: Network, ticks: int, clocked: bool, period_ticks: int, posture_start: bool,
    set_points: FloatArray, bounds: FloatArray,
) -> Program:  # fmt: skip
    """Return a swimmer as plain data.

    Args:
        network: network of a swimmer.
        ticks: see `act`.
        clocked: True for a network with the inputs of a clock.
        period_ticks: period of the clock, control periods.
        posture_start: see `Swimmer`.
        set_points: setpoints of the homeostasis.
        bounds: result of `Homeostasis.bounds`; zeros: no adaptation.

    Raises:
        ParameterError: the clock adapts, which needs functions that differ between processors.
    """
    if bounds[LAG_RATE] > 0.0:
        raise ParameterError(
            f"lag_rate is {bounds[LAG_RATE]:g}: a clock that follows the wave cannot be exported; "
            "set it to 0, the gains still adapt"
        )
    n = len(network.readouts) // 2
    outputs = "spikes" if ticks else "readouts"
    shell = Shell(
        n_signals=len(network.inputs),
        start=KernelCall(begin, ("gains",)),
        before=KernelCall(
            prepare,
            ("signals", "observation", "orders", "gains", "clock", clocked, period_ticks,
             posture_start),
        ),
        after=KernelCall(
            respond,
            (outputs, ticks, "muscles", "actions", "orders", "gains", "clock", "set_points",
             "bounds"),
        ),
        state={"gains": n, "clock": CLOCK_SIZE, "muscles": 2 * n},
        constants={"set_points": set_points, "bounds": bounds},
        orders=ORDERS,
        readouts={r.name: ("muscles", k) for k, r in enumerate(network.readouts)},
    )  # fmt: skip
    return Program(
        network.inputs[:n],
        tuple(f"joint_{k}_effort" for k in range(n)),
        network.control_period_s,
        (network,),
        (tuple(range(len(network.inputs))),),
        shell=shell,
    )


@kernel(nogil=True)
def begin(gains: Any) -> None:
    """Set the gains of the stretch receptors before the first tick."""
    gains[:] = 1.0


@kernel(nogil=True)
def steer(inputs: Any, speed: float, turn: float) -> None:
    """Write the inputs `COMMANDS`, the last three, as `command_inputs` returns them."""
    n, clipped = inputs.size, min(max(turn, -1.0), 1.0)
    inputs[n - 3] = 1.0 - min(max(speed, 0.0), 1.0)
    inputs[n - 2], inputs[n - 1] = max(clipped, 0.0), max(-clipped, 0.0)


@kernel(nogil=True)
def prepare(
    inputs: Any, joint_rad: Any, orders: Any, gains: Any, clock: Any, clocked: bool,
    period_ticks: int, posture_start: bool,
) -> None:  # fmt: skip
    """Write the inputs of the network, see `perceive` and `steer`."""
    perceive(inputs, joint_rad, gains, clock, clocked, period_ticks, posture_start)
    steer(inputs, orders[0], orders[1])


@kernel(nogil=True)
def respond(
    outputs: Any, ticks: int, muscles: Any, effort: Any, orders: Any, gains: Any, clock: Any,
    set_points: Any, bounds: Any,
) -> None:  # fmt: skip
    """Write the efforts, adapt the gains and advance a clock of constant period, see `act`."""
    contract(outputs, ticks, muscles, effort)
    if bounds[RATE] > 0.0 and orders[2] == 0.0:
        adapt(gains, muscles, set_points, bounds)
    clock[TICK] += 1.0
    if clock[TICK] >= clock[PERIOD]:
        clock[TICK] = 0.0
