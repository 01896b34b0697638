"""Adapting controller of a blimp as plain data: the steps of `Adapting` as kernels.

`Adapting` works with any forward model and keeps its versions with their reasons; an export needs
the same commands from arrays alone. A replay holds both equal, bit for bit.
"""

from __future__ import annotations

import math
from typing import Any

from snn_control.controllers.blimp.adapting_layout import (
    ACTS,
    ADAPTING,
    COMMAND,
    COMMANDED,
    ELAPSED,
    FRESH,
    FROZEN,
    GATE_M,
    LEARNS,
    OBEYS,
    OFFSET,
    ON,
    ROLLBACK_REQUESTS,
    ROLLBACK_S,
    ROLLBACKS,
    SAVE_REQUESTS,
    SAVES,
    SENT,
    STARTED,
    TIME,
    TRUST,
    TRUSTED,
    VERSION_S,
    VERSION_TIME,
    VERSIONS,
    ZONE,
)
from snn_control.controllers.blimp.forward_kernels import begin, command_for, tick
from snn_control.controllers.blimp.forward_layout import (
    CHANGES,
    FLYING,
    INNOVATION,
    INNOVATION_VARIANCE,
    LONGEST_STEP_S,
    LOST,
    PREDICTED_ERROR,
    ROW,
    SLOW,
    SPEED_AHEAD,
    STEP,
    STEP_S,
)
from snn_control.controllers.parameter_history import (
    add_to_history,
    find_before,
    is_due,
    restart_history,
)
from snn_control.plasticity.forward_model import BIAS, GAIN, POSITION, SHADOW, SPEED
from snn_control.plasticity.optional_kernel import kernel
from snn_control.plasticity.portable_functions import nearest
from snn_control.plasticity.prediction_monitor import (
    AGREES,
    DIVERGED,
    DIVERGES,
    RESTS,
    change_hypothesis,
    fail_monitor,
    reset_monitor,
    update_monitor,
    wait_monitor,
)


@kernel(nogil=True)
def log(memory: Any) -> None:
    """Count a version of the parameters."""
    memory[VERSIONS] += 1.0
    memory[VERSION_TIME] = memory[TIME]


@kernel(nogil=True)
def read_parameters(rows: Any, weights: Any, status: Any, parameters: Any, n: int) -> None:
    """Write the learned parameters, see `BlimpForwardModel.parameters`."""
    for k in range(n):
        at = k * ROW
        parameters[3 * k], parameters[3 * k + 1] = rows[at + GAIN], rows[at + BIAS]
        parameters[3 * k + 2] = weights[k]
    parameters[3 * n] = status[FLYING]


@kernel(nogil=True)
def write_parameters(rows: Any, weights: Any, status: Any, parameters: Any, n: int) -> None:
    """Continue with parameters, see `BlimpForwardModel.restore`."""
    for k in range(n):
        at = k * ROW
        for item in range(2):
            value = parameters[3 * k + item]
            rows[at + GAIN + item] = value
            rows[at + SHADOW + GAIN + item] = value
            rows[at + SLOW + item] = value
        weights[k] = parameters[3 * k + 2]
    status[FLYING] = parameters[3 * n]


@kernel(nogil=True)
def all_finite(parameters: Any) -> bool:
    """Return True if no parameter is NaN or infinite."""
    n_finite = 0
    for k in range(parameters.size):
        if math.isfinite(parameters[k]):
            n_finite += 1
    return bool(n_finite == parameters.size)


@kernel(nogil=True)
def restart_model(
    rows: Any, bank: Any, weights: Any, line: Any, status: Any, numbers: Any, memory: Any,
    initial: Any, starts: bool, n: int,
) -> None:  # fmt: skip
    """Reset the model to the parameters of the start."""
    rows[:] = 0.0
    weights[:] = 0.0
    status[:] = 0.0
    begin(rows, bank, weights, line, status, numbers, 0.0, 0.0, n)
    memory[ELAPSED] = memory[STARTED] = 0.0
    if starts:
        write_parameters(rows, weights, status, initial, n)


@kernel(nogil=True)
def start_adapting(
    rows: Any, bank: Any, weights: Any, line: Any, status: Any, numbers: Any, memory: Any,
    monitor: Any, saved: Any, initial: Any, starts: bool, n: int,
) -> None:  # fmt: skip
    """Set the state before the first tick."""
    restart_model(rows, bank, weights, line, status, numbers, memory, initial, starts, n)
    read_parameters(rows, weights, status, saved, n)
    memory[ON] = memory[TRUSTED] = 1.0
    reset_monitor(monitor)
    log(memory)


@kernel(nogil=True)
def advance_model(
    rows: Any, bank: Any, weights: Any, line: Any, status: Any, numbers: Any, memory: Any,
    current: Any, reference_m: float, range_m: float, dt_s: float, sent: float, trusted: bool,
    gate_m: float, learns: float, n: int,
) -> None:  # fmt: skip
    """Advance to a range and learn from it, see `BlimpForwardModel.tick`."""
    if memory[STARTED] == 0.0 or dt_s > LONGEST_STEP_S:
        read_parameters(rows, weights, status, current, n)
        memory[ELAPSED], memory[STARTED] = 0.0, 1.0
        begin(rows, bank, weights, line, status, numbers, range_m, sent, n)
        write_parameters(rows, weights, status, current, n)
    else:
        memory[ELAPSED] += max(dt_s, 0.0)
    n_steps = int(nearest(memory[ELAPSED] / STEP_S)) - int(status[STEP])
    tick(
        rows, bank, weights, line, status, numbers, sent, n_steps, reference_m, range_m, trusted,
        gate_m, learns, n,
    )  # fmt: skip


@kernel(nogil=True)
def continue_with(
    rows: Any, weights: Any, status: Any, memory: Any, history: Any, parameters: Any, n: int
) -> None:
    """Continue with parameters, to which alone a rollback may return from now on."""
    write_parameters(rows, weights, status, parameters, n)
    restart_history(history, parameters, 3 * n + 2, memory[TIME])
    log(memory)


@kernel(nogil=True)
def roll_back(
    rows: Any, weights: Any, status: Any, memory: Any, history: Any, current: Any, limits: Any,
    frozen: bool, n: int,
) -> None:  # fmt: skip
    """Return to earlier parameters, unless frozen."""
    read_parameters(rows, weights, status, current, n)
    keeps = frozen and all_finite(current)
    find_before(history, current, 3 * n + 2, memory[TIME], limits[ROLLBACK_S])
    if keeps or not all_finite(current):
        log(memory)
    else:
        continue_with(rows, weights, status, memory, history, current, n)


@kernel(nogil=True)
def obey(
    rows: Any, weights: Any, status: Any, memory: Any, history: Any, saved: Any, orders: Any, n: int
) -> None:
    """Carry out new requests to save and to roll back."""
    if memory[OBEYS] > 0.0:
        if orders[SAVE_REQUESTS] != memory[SAVES]:
            read_parameters(rows, weights, status, saved, n)
            log(memory)
        if orders[ROLLBACK_REQUESTS] != memory[ROLLBACKS]:
            continue_with(rows, weights, status, memory, history, saved, n)
    memory[OBEYS] = 1.0
    memory[SAVES], memory[ROLLBACKS] = orders[SAVE_REQUESTS], orders[ROLLBACK_REQUESTS]


@kernel(nogil=True)
def normalised_innovation(status: Any) -> float:
    """Return the squared prediction error of the last trusted range over its variance."""
    innovation = status[INNOVATION]
    return float(innovation * innovation / status[INNOVATION_VARIANCE])


@kernel(nogil=True)
def rests_by_order(memory: Any, orders: Any, may_switch_off: bool) -> bool:
    """Return True if an order, trust or a gap keeps the parameters in this tick."""
    off = may_switch_off and not orders[ADAPTING] > 0.0
    missing = memory[TRUSTED] == 0.0 or orders[FRESH] == 0.0
    return bool(orders[FROZEN] > 0.0 or off or missing)


@kernel(nogil=True)
def judge(
    rows: Any, weights: Any, status: Any, memory: Any, monitor: Any, bounds: Any, history: Any,
    current: Any, limits: Any, frozen: bool, waits: bool, dt_s: float, n: int,
) -> None:  # fmt: skip
    """Detect a divergence of the predictions, and its end."""
    event = update_monitor(monitor, bounds, normalised_innovation(status), dt_s)
    if event == DIVERGES:
        roll_back(rows, weights, status, memory, history, current, limits, frozen, n)
    elif event == AGREES:
        read_parameters(rows, weights, status, current, n)
        restart_history(history, current, 3 * n + 2, memory[TIME])
        log(memory)
    elif waits and wait_monitor(monitor, bounds, dt_s):
        log(memory)


@kernel(nogil=True)
def remember(
    rows: Any, weights: Any, status: Any, memory: Any, monitor: Any, history: Any, current: Any,
    limits: Any, n: int,
) -> None:  # fmt: skip
    """Keep the parameters of the last seconds, and count versions at times."""
    width, age_s = 3 * n + 2, limits[ROLLBACK_S]
    if monitor[DIVERGED] == 0.0 and is_due(history, width, memory[TIME], age_s):
        read_parameters(rows, weights, status, current, n)
        add_to_history(history, current, width, memory[TIME], age_s)
    if memory[TIME] - memory[VERSION_TIME] >= limits[VERSION_S]:
        log(memory)


@kernel(nogil=True)
def follow_range(
    orders: Any, rows: Any, bank: Any, weights: Any, line: Any, status: Any, numbers: Any,
    memory: Any, monitor: Any, bounds: Any, history: Any, initial: Any, current: Any, limits: Any,
    reference_m: float, range_m: float, dt_s: float, may_switch_off: bool, starts: bool, n: int,
) -> bool:  # fmt: skip
    """Advance the model to the tick; return False if it failed."""
    unmonitored, frozen = math.isnan(orders[TRUST]), orders[FROZEN] > 0.0
    trusted = unmonitored or orders[TRUST] > 0.0
    if not trusted and memory[TRUSTED] > 0.0:
        roll_back(rows, weights, status, memory, history, current, limits, frozen, n)
    elif trusted and not unmonitored and memory[TRUSTED] == 0.0:
        log(memory)
    memory[TRUSTED] = 1.0 if trusted else 0.0
    fresh = orders[FRESH] != 0.0
    rests = rests_by_order(memory, orders, may_switch_off)
    waits, zone = not rests and monitor[RESTS] > 0.0, limits[ZONE]
    dead = zone > 0.0 and normalised_innovation(status) < zone * zone
    memory[LEARNS] = 0.0 if rests or waits or dead else 1.0
    sent = orders[SENT]
    if math.isnan(sent):
        sent = memory[COMMAND]
    was_lost, changes = status[LOST] > 0.0, status[CHANGES]
    sign = math.copysign(1.0, rows[int(status[FLYING]) * ROW + GAIN])
    gate_m = limits[GATE_M] if unmonitored and fresh else 0.0
    advance_model(
        rows, bank, weights, line, status, numbers, memory, current, reference_m, range_m, dt_s,
        sent, trusted and fresh, gate_m, memory[LEARNS], n,
    )  # fmt: skip
    if not (math.isfinite(status[PREDICTED_ERROR]) and math.isfinite(status[SPEED_AHEAD])):
        fail_monitor(monitor, bounds)
        memory[LEARNS] = 0.0
        restart_model(rows, bank, weights, line, status, numbers, memory, initial, starts, n)
        roll_back(rows, weights, status, memory, history, current, limits, frozen, n)
        return False
    lost = status[LOST] > 0.0
    if lost:
        memory[LEARNS] = 0.0
    if lost != was_lost:
        log(memory)
    elif status[CHANGES] != changes:
        change_hypothesis(monitor, bounds)
        log(memory)
    now = math.copysign(1.0, rows[int(status[FLYING]) * ROW + GAIN])
    if now != sign and monitor[DIVERGED] == 0.0:
        read_parameters(rows, weights, status, current, n)
        restart_history(history, current, 3 * n + 2, memory[TIME])
    if trusted and fresh and not lost:
        judge(
            rows, weights, status, memory, monitor, bounds, history, current, limits, frozen, waits,
            dt_s, n,
        )  # fmt: skip
    remember(rows, weights, status, memory, monitor, history, current, limits, n)
    return True


@kernel(nogil=True)
def before_networks(
    observation: Any, orders: Any, signals: Any, rows: Any, bank: Any, weights: Any, line: Any,
    status: Any, numbers: Any, memory: Any, monitor: Any, bounds: Any, history: Any, saved: Any,
    initial: Any, current: Any, limits: Any, inputs: Any, measured: Any, reference_at: int,
    range_at: int, dt_at: int, may_switch_off: bool, starts: bool, n: int,
) -> bool:  # fmt: skip
    """Advance the model and write the observations of the controller; False without one."""
    dt_s = max(observation[dt_at], 0.0)
    memory[TIME] += dt_s
    obey(rows, weights, status, memory, history, saved, orders, n)
    usable = follow_range(
        orders, rows, bank, weights, line, status, numbers, memory, monitor, bounds, history,
        initial, current, limits, observation[reference_at], observation[range_at], dt_s,
        may_switch_off, starts, n,
    )  # fmt: skip
    off = may_switch_off and (monitor[DIVERGED] > 0.0 or not orders[ADAPTING] > 0.0)
    memory[ACTS] = 1.0 if usable and not off else 2.0 if may_switch_off else 0.0
    for k in range(inputs.size):
        at = int(inputs[k] if memory[ACTS] == 1.0 else measured[k])
        if at == observation.size:
            signals[k] = status[PREDICTED_ERROR]
        elif at > observation.size:
            signals[k] = status[SPEED_AHEAD]
        elif at >= 0:
            signals[k] = observation[at]
        else:
            signals[k] = 0.0
    return bool(memory[ACTS] > 0.0)


@kernel(nogil=True)
def without_prediction(memory: Any, monitor: Any, output: float) -> float:
    """Return the command for an output of the controller alone, without a jump at its start."""
    if memory[ON] > 0.0:
        first = memory[COMMANDED] == 0.0 or monitor[DIVERGED] > 0.0
        memory[OFFSET] = (output if first else memory[COMMAND]) - output
        memory[ON] = 0.0
    return output + memory[OFFSET] if memory[OFFSET] != 0.0 else output


@kernel(nogil=True)
def after_networks(
    readouts: Any, actions: Any, rows: Any, status: Any, numbers: Any, memory: Any, monitor: Any,
    sums: Any, readout: int, report: Any,
) -> None:  # fmt: skip
    """Write the command for the read-outs of the controller, and the named values."""
    output = readouts[int(sums[0])]
    for k in range(1, sums.size):
        output += readouts[int(sums[k])]
    if memory[ACTS] == 1.0:
        acted = readouts[readout] if readout >= 0 else output
        command = command_for(rows, status, numbers, acted)
        memory[ON] = 1.0
    elif memory[ACTS] == 2.0:
        command = without_prediction(memory, monitor, output)
    else:
        command = memory[COMMAND]
    memory[COMMAND], memory[COMMANDED] = command, 1.0
    actions[0] = command
    at = int(status[FLYING]) * ROW
    report[0], report[1] = rows[at + GAIN], rows[at + BIAS]
    report[2], report[3] = rows[at + POSITION], rows[at + SPEED]
    for k in range(readouts.size):
        report[4 + k] = readouts[k]
