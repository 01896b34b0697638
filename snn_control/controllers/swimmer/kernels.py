"""Kernels of the swimmer before and after its network."""

from __future__ import annotations

from typing import Any

from snn_control.compiled import kernel
from snn_control.controllers.swimmer.homeostasis import (
    PERIOD,
    RATE,
    TICK,
    adapt,
    follow,
    start_clock,
)

__all__ = ["act", "contract", "perceive"]


@kernel(nogil=True)
def perceive(
    inputs: Any, joint_rad: Any, gains: Any, clock: Any, clocked: bool, period_ticks: int,
    posture_start: bool,
) -> None:  # fmt: skip
    """Write the inputs of the network: angles times their gains, and the halves of the clock.

    The first call starts the clock: with the dorsal half, or against the body's bend.
    """
    n, bend = joint_rad.size, 0.0
    for k in range(n):
        inputs[k] = gains[k] * joint_rad[k]
        bend += joint_rad[k]
    if clock[PERIOD] == 0.0:
        start_clock(clock, period_ticks // 2 if posture_start and bend > 0.0 else 0, period_ticks)
    if clocked:
        inputs[n] = 1.0 if clock[TICK] < clock[PERIOD] // 2 else 0.0
        inputs[n + 1] = 1.0 - inputs[n]


@kernel(nogil=True)
def act(
    outputs: Any, ticks: int, muscles: Any, effort: Any, gains: Any, clock: Any, set_points: Any,
    bounds: Any, period_ticks: int,
) -> None:  # fmt: skip
    """Write muscles and efforts, adapt, and advance the clock.

    Args:
        outputs: outputs of the network: graded muscles, or spikes of all cells, muscles last.
        ticks: number of network ticks in which the spikes were counted; 0: outputs are graded.
        muscles: output, activity of the muscles, shape (2 * n_joints,).
        effort: output, shape (n_joints,).
        gains: gains of the stretch receptors, which adapt.
        clock: clock of `start_clock`.
        set_points: setpoints of the homeostasis.
        bounds: result of `Homeostasis.bounds`; zeros: no adaptation.
        period_ticks: initial period of the clock.
    """
    contract(outputs, ticks, muscles, effort)
    if bounds[RATE] > 0.0:
        adapt(gains, muscles, set_points, bounds)
    follow(clock, muscles, bounds, period_ticks)


@kernel(nogil=True)
def contract(outputs: Any, ticks: int, muscles: Any, effort: Any) -> None:
    """Write muscles and efforts, see `act`."""
    n = effort.size
    first = outputs.size - 2 * n
    for k in range(2 * n):
        muscles[k] = outputs[first + k] / ticks if ticks else outputs[first + k]
    for k in range(n):
        effort[k] = muscles[k] - muscles[n + k]
