"""One tick of the blimp's forward models: actuators, drag, learning, prediction.

The arrays are those of `forward_layout`, each changed in place. Motors, servo and drag are those of
`snn_control.envs.blimp.plant`, in the same steps of `STEP_S`.
"""

from __future__ import annotations

import math
from typing import Any

from snn_control.controllers.blimp.forward_hypotheses import (
    FLOOR_M,
    leave_floor,
    start_bank,
    weigh,
)
from snn_control.controllers.blimp.forward_layout import (
    ANGLE,
    BARRED,
    BEYOND_STEPS,
    BIAS_LIMIT,
    BIAS_WALK,
    CAP,
    CHANGES,
    DEAD_ZONE,
    DELAY_STEPS,
    DUTY,
    ERROR_GAIN,
    ESTIMATE_SD,
    FLYING,
    FOLLOWS,
    GAIN_LIMIT,
    GAIN_WALK,
    HOVER,
    INNOVATION,
    INNOVATION_VARIANCE,
    KEPT_STEP,
    KIND,
    LAST_M,
    LINEAR_DRAG,
    LOST,
    LOWEST_M,
    MOST_STEPS,
    MOTOR_FRACTION,
    OUTPUT_M_S2,
    POSITION_AHEAD,
    PREDICTED_ERROR,
    QUADRATIC_DRAG,
    RANGE_SD,
    ROW,
    SERVO_STEP,
    SLOTS,
    SLOW,
    SMALLEST_GAIN,
    SPEED_AHEAD,
    SPEED_GAIN,
    SPEED_WALK,
    STATUS,
    STEP,
    STEP_S,
    STUCK,
    UNCHANGED,
)
from snn_control.controllers.blimp.motion import COUNT_AT_REST, COUNTS, COUNTS_PER_UNIT, FULL
from snn_control.plasticity.fixed_share import gaussian_likelihood
from snn_control.plasticity.forward_model import (
    BIAS,
    GAIN,
    POSITION,
    SHADOW,
    SPEED,
    VARIANCE,
    correct,
    relocate,
    spread,
)
from snn_control.plasticity.optional_kernel import kernel
from snn_control.plasticity.portable_functions import cosine, exponential

LEAST_UNCHANGED = 5
"""Equal measurements after which a sensor may be frozen."""
BARRED_TICKS = 30.0
"""Ticks after the end of a fault in which inverted hypotheses are not used."""
SLOW_TAU_S = 10.0
"""Time constant with which the slow parameters follow the learned ones, s: gusts of a few seconds
do not last as long as a fault."""
RETURN_SD_M, RETURN_SD_M_S = 0.01, 0.2
"""Standard deviations of position and speed after a time without measurements."""


@kernel(nogil=True)
def signed_duty(command: float, dead_zone: float) -> float:
    """Return the duty for a command in motor units, with its sign."""
    size = min(abs(command), FULL)
    count = math.floor(COUNT_AT_REST + COUNTS_PER_UNIT * size)
    return math.copysign(0.0 if size < dead_zone else count / COUNTS, command)


@kernel(nogil=True)
def begin(
    rows: Any, bank: Any, weights: Any, line: Any, status: Any, numbers: Any, range_m: float,
    sent: float, n: int,
) -> None:  # fmt: skip
    """Start `n` hypotheses at a measured height, at rest, with the motors settled at a command."""
    duty = signed_duty(sent if sent != 0.0 else numbers[HOVER], numbers[DEAD_ZONE])
    for slot in range(SLOTS):
        line[slot] = duty
    for k in range(STATUS):
        status[k] = status[k] if k == CHANGES else 0.0
    status[LAST_M], status[INNOVATION_VARIANCE] = math.nan, 1.0
    start_bank(rows, bank, weights, numbers, range_m, 1.0, n)
    for k in range(n):
        rows[k * ROW + DUTY] = abs(duty)
        rows[k * ROW + ANGLE] = math.pi if duty < 0.0 else 0.0


@kernel(nogil=True)
def settled_command(push: float) -> float:
    """Return the command, motor units, whose settled push (duty squared, signed) is `push`."""
    count = COUNTS * math.sqrt(abs(push))
    size = min(max((count - COUNT_AT_REST) / COUNTS_PER_UNIT, 0.0), FULL)
    return math.copysign(size, push)


@kernel(nogil=True)
def command_for(rows: Any, status: Any, numbers: Any, output: float) -> float:
    """Return the command whose settled acceleration is that of an output at nominal hover."""
    at = int(status[FLYING]) * ROW
    gain = math.copysign(max(abs(rows[at + GAIN]), numbers[SMALLEST_GAIN]), rows[at + GAIN])
    return float(settled_command((numbers[OUTPUT_M_S2] * output - rows[at + BIAS]) / gain))


@kernel(nogil=True)
def drive(rows: Any, at: int, target: float, fraction: float, servo_step: float) -> float:
    """Advance motors and servo of a hypothesis by a step; return their push."""
    duty = rows[at + DUTY] + fraction * (abs(target) - rows[at + DUTY])
    angle = rows[at + ANGLE]
    if math.copysign(1.0, target) < 0.0:
        angle = min(angle + servo_step, math.pi)
    else:
        angle = max(angle - servo_step, 0.0)
    rows[at + DUTY], rows[at + ANGLE] = duty, angle
    return duty * duty * cosine(angle) if angle != 0.0 else duty * duty


@kernel(nogil=True)
def move(rows: Any, at: int, push: float, gain: float, bias: float, numbers: Any) -> None:
    """Advance position and speed at `at` by a step; drag is linearly implicit."""
    speed = rows[at + SPEED]
    bend = STEP_S * numbers[QUADRATIC_DRAG] * abs(speed)
    gained = STEP_S * (gain * push + bias)
    speed = (speed + gained + bend * speed) / (1.0 + STEP_S * numbers[LINEAR_DRAG] + 2.0 * bend)
    position = rows[at + POSITION] + STEP_S * speed
    if position < numbers[LOWEST_M]:
        position, speed = numbers[LOWEST_M], max(speed, 0.0)
    rows[at + POSITION], rows[at + SPEED] = position, speed


@kernel(nogil=True)
def advance(
    rows: Any, bank: Any, line: Any, first: int, n_steps: int, numbers: Any, learns: float, n: int
) -> None:
    """Advance `n` hypotheses by `n_steps` steps from step `first` on, with their shadows."""
    for k in range(n):
        at, kind = k * ROW, k * KIND
        delay = int(bank[kind + DELAY_STEPS])
        total = 0.0
        for step in range(first, first + n_steps):
            target = line[(step - delay) & (SLOTS - 1)]
            push = drive(rows, at, target, bank[kind + MOTOR_FRACTION], numbers[SERVO_STEP])
            total += push
            move(rows, at, push, rows[at + GAIN], rows[at + BIAS], numbers)
            shadow = at + SHADOW
            move(rows, shadow, push, rows[shadow + GAIN], rows[shadow + BIAS], numbers)
        spread(
            rows, at, n_steps * STEP_S, total / n_steps, numbers[SPEED_WALK],
            learns * bank[kind + GAIN_WALK], learns * numbers[BIAS_WALK],
        )  # fmt: skip


@kernel(nogil=True)
def keep_shadows(rows: Any, weights: Any, elapsed_s: float, n: int) -> None:
    """Move the shadows to the estimates at a measurement that was certainly fresh."""
    kept = exponential(-elapsed_s / SLOW_TAU_S)
    for k in range(n):
        at = k * ROW
        for item in range(4):
            rows[at + SHADOW + item] = rows[at + item]
        for item in range(2):
            learned = rows[at + GAIN + item]
            rows[at + SLOW + item] = learned + kept * (rows[at + SLOW + item] - learned)
        weights[n + k] = weights[k]


@kernel(nogil=True)
def restore_shadows(rows: Any, weights: Any, learns: float, n: int) -> None:
    """Continue with the motion of the shadows and, if they may change, the slow parameters."""
    for k in range(n):
        at = k * ROW
        rows[at + POSITION], rows[at + SPEED] = rows[at + SHADOW], rows[at + SHADOW + SPEED]
        if learns > 0.0:
            for item in range(2):
                rows[at + GAIN + item] = rows[at + SLOW + item]
            weights[k] = weights[n + k]


@kernel(nogil=True)
def watch_reading(
    rows: Any, weights: Any, status: Any, measured_m: float, lowest_m: float, gate_m: float,
    learns: float, n: int,
) -> None:  # fmt: skip
    """Detect a frozen sensor by the shadow of the hypothesis in use, and its recovery."""
    shadow_m = rows[int(status[FLYING]) * ROW + SHADOW + POSITION]
    if measured_m == status[LAST_M]:
        status[UNCHANGED] += 1.0
        on_floor = measured_m < lowest_m + FLOOR_M
        frozen = status[UNCHANGED] >= LEAST_UNCHANGED and not on_floor
        if frozen and not status[LOST] and abs(measured_m - shadow_m) > gate_m:
            status[LOST] = 1.0
            restore_shadows(rows, weights, learns, n)
    else:
        status[UNCHANGED], status[LAST_M] = 0.0, measured_m
        if status[LOST]:
            status[LOST] = 0.0
            resume(rows, status, measured_m, n)


@kernel(nogil=True)
def return_to_measurements(
    rows: Any, status: Any, numbers: Any, measured_m: float, gate_m: float, n: int
) -> None:
    """Continue at a trusted position after estimates that were off, or after a frozen sensor.

    The difference between estimate and measurement is no error of the prediction: it must not be
    learned.
    """
    estimated_m = rows[int(status[FLYING]) * ROW + POSITION]
    off = abs(measured_m - estimated_m) > numbers[ESTIMATE_SD]
    unwatched = status[LOST] > 0.0 and not gate_m > 0.0
    if unwatched or (status[FOLLOWS] > 0.0 and off):
        status[LOST] = 0.0
        resume(rows, status, measured_m, n)
    status[FOLLOWS] = 0.0


@kernel(nogil=True)
def resume(rows: Any, status: Any, measured_m: float, n: int) -> None:
    """Continue at a measured position after a time without trusted measurements."""
    for k in range(n):
        relocate(rows, k * ROW, measured_m, RETURN_SD_M, RETURN_SD_M_S)
    status[BARRED] = BARRED_TICKS


@kernel(nogil=True)
def learn(
    rows: Any, bank: Any, weights: Any, status: Any, numbers: Any, measured_m: float, learns: float,
    n: int,
) -> None:  # fmt: skip
    """Correct all hypotheses by a trusted position, and weigh them."""
    sd_m, updates = numbers[RANGE_SD], 1.0 if learns > 0.0 else 0.0
    for k in range(n):
        at = k * ROW
        variance = rows[at + VARIANCE] + sd_m * sd_m
        innovation = measured_m - rows[at + POSITION]
        weights[2 * n + k] = gaussian_likelihood(innovation, variance, numbers[CAP])
        if k == status[FLYING]:
            status[INNOVATION], status[INNOVATION_VARIANCE] = innovation, variance
        correct(rows, at, measured_m, sd_m, updates, numbers[GAIN_LIMIT], numbers[BIAS_LIMIT])
    if n > 1 and learns > 0.0:
        weigh(rows, bank, weights, status, numbers, n)


@kernel(nogil=True)
def follow(rows: Any, numbers: Any, estimate_m: float, n: int) -> None:
    """Follow an estimate of the position from elsewhere, without learning."""
    for k in range(n):
        correct(
            rows, k * ROW, estimate_m, numbers[ESTIMATE_SD], 0.0, numbers[GAIN_LIMIT],
            numbers[BIAS_LIMIT],
        )  # fmt: skip


@kernel(nogil=True)
def look_ahead(rows: Any, bank: Any, line: Any, status: Any, numbers: Any, n: int) -> None:
    """Predict position and speed of the hypothesis in use over its dead time.

    The commands under way take effect in turn, and the last one stays in force. The row behind the
    last hypothesis is the scratch space of the prediction.
    """
    flying, at, first = int(status[FLYING]), n * ROW, int(status[STEP])
    for item in range(ROW):
        rows[at + item] = rows[flying * ROW + item]
    kind = flying * KIND
    delay = int(bank[kind + DELAY_STEPS])
    ahead = max(delay + int(numbers[BEYOND_STEPS]), 0)
    for step in range(first, first + ahead):
        target = line[min(step - delay, first - 1) & (SLOTS - 1)]
        push = drive(rows, at, target, bank[kind + MOTOR_FRACTION], numbers[SERVO_STEP])
        move(rows, at, push, rows[at + GAIN], rows[at + BIAS], numbers)
    status[POSITION_AHEAD], status[SPEED_AHEAD] = rows[at + POSITION], rows[at + SPEED]


@kernel(nogil=True)
def tick(
    rows: Any, bank: Any, weights: Any, line: Any, status: Any, numbers: Any, sent: float,
    n_steps: int, reference_m: float, position_m: float, trusted: bool, gate_m: float,
    learns: float, n: int,
) -> None:  # fmt: skip
    """Advance `n` hypotheses to a tick, learn from its measurement and predict.

    Args:
        rows: motion, parameters and motors of the hypotheses.
        bank: constants of the hypotheses.
        weights: weights of the hypotheses.
        line: commands in force.
        status: common state.
        numbers: common constants.
        sent: command in force since the last tick, motor units.
        n_steps: steps since the last tick, at least 0.
        reference_m: reference of the position, m.
        position_m: measured position, or its estimate if that is not trusted, m.
        trusted: True for a trusted measurement.
        gate_m: distance of a repeated measurement from the shadow that proves a frozen sensor, m;
            0: no check.
        learns: rate of learning, 0 (parameters are kept) to 1.
        n: number of hypotheses.
    """
    duty, elapsed_s = signed_duty(sent, numbers[DEAD_ZONE]), n_steps * STEP_S
    while n_steps > 0:
        first, steps = int(status[STEP]), min(n_steps, MOST_STEPS)
        for step in range(first, first + steps):
            line[step & (SLOTS - 1)] = duty
        walks = 0.0 if status[LOST] > 0.0 else learns
        advance(rows, bank, line, first, steps, numbers, walks, n)
        status[STEP] += steps
        n_steps -= steps
    if not trusted:
        follow(rows, numbers, position_m, n)
        status[FOLLOWS], status[STUCK] = 1.0, 0.0
    else:
        return_to_measurements(rows, status, numbers, position_m, gate_m, n)
        if gate_m > 0.0:
            watch_reading(rows, weights, status, position_m, numbers[LOWEST_M], gate_m, learns, n)
        if not status[LOST]:
            learn(rows, bank, weights, status, numbers, position_m, learns, n)
            if learns > 0.0:
                leave_floor(rows, bank, weights, status, numbers, sent, position_m, elapsed_s, n)
            if not status[UNCHANGED]:
                since_s = (status[STEP] - status[KEPT_STEP]) * STEP_S
                keep_shadows(rows, weights, since_s, n)
                status[KEPT_STEP] = status[STEP]
    look_ahead(rows, bank, line, status, numbers, n)
    error_m = reference_m - status[POSITION_AHEAD]
    speed = numbers[SPEED_GAIN] * status[SPEED_AHEAD]
    status[PREDICTED_ERROR] = numbers[ERROR_GAIN] * error_m - speed
