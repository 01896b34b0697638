"""Vertical plant of the blimp as compiled kernels, one blimp per call.

A blimp consists of three arrays that the caller owns; nothing is allocated here:

    state      float64 (STATE_SIZE,)      changed in place
    constants  float64 (CONSTANTS_SIZE,)  one row of `Scenario.constants`
    gust       float64 (slots,)           vertical gust, m/s^2, one value per GUST_STEPS steps

A fused loop of plant and controller over one scenario reads

    reset(state, constants)
    for tick in range(n_ticks):                  # called ticks only, without the missed ones
        error_m = reference_m[tick] - sense(state, constants)
        command = controller(error_m)
        advance(state, constants, gust, command, substeps[tick])   # to the next called tick
        cost += (reference_m[tick] - state[HEIGHT]) ** 2           # true height

Equations: see `parameters`. In one substep of PHYSICS_STEP_S the motor lag is exact, drag is
linearly implicit and the height uses the new speed,

    v += h a / (1 + h (c1 + 2 c2 |v|)),   z += h v,   a = pull - c1 v - c2 |v| v,

which equals MuJoCo's `implicitfast` for the same law. Equal inputs give bitwise equal states; a NaN
command makes the state NaN (never zero).
"""

from __future__ import annotations

import math

import numpy as np

from snn_control.compiled import kernel

PHYSICS_STEP_S = 0.01
GUST_STEPS = 10
COMMAND_LIMIT = 10.0
DELAY_SLOTS = 64

HEIGHT, SPEED, DUTY, ANGLE, STEP, DELAY_LINE = 0, 1, 2, 3, 4, 5
STATE_SIZE = DELAY_LINE + DELAY_SLOTS

(
    GAIN,
    MOTOR_FRACTION,
    DELAY_STEPS,
    LINEAR_DRAG,
    QUADRATIC_DRAG,
    BIAS,
    LEAK,
    SAG_PER_S,
    DEAD_ZONE,
    INTEGER_PWM,
    SERVO_STEP,
    QUANTUM,
    RANGE_MAX,
    BLIND_BELOW,
    BLIND_STEP,
    REST_HEIGHT,
    START_HEIGHT,
    START_DUTY,
) = range(18)
CONSTANTS_SIZE = 18


@kernel()
def signed_duty(command, dead_zone, integer_pwm):
    """Return the duty (0 or 0.2 to 0.87) for `command` (motor units), with the command's sign.

    count = 9 + 3 |u| of 45, truncated if `integer_pwm` is not 0. In the dead zone the duty is +0.0
    or -0.0, because the servo follows the sign there too.
    """
    size = abs(command)
    if size > COMMAND_LIMIT:
        size = COMMAND_LIMIT
    count = 9.0 + 3.0 * size
    if integer_pwm != 0.0:
        count = np.floor(count)
    duty = count / 45.0
    if size < dead_zone:
        duty = 0.0
    return -duty if command < 0.0 else duty


@kernel()
def drive(duty, angle, target, motor_fraction, servo_step):
    """Advance motor and servo by one substep; return the new (duty, angle in rad)."""
    duty += motor_fraction * (abs(target) - duty)
    if math.copysign(1.0, target) < 0.0:
        angle = min(angle + servo_step, math.pi)
    else:
        angle = max(angle - servo_step, 0.0)
    return duty, angle


@kernel()
def lift(bias, leak, step):
    """Return the buoyant acceleration at physics step `step`, m/s^2; `bias` m/s^2, `leak` m/s^3."""
    return bias - leak * (step * PHYSICS_STEP_S)


@kernel()
def thrust(gain, sag_per_s, duty, step):
    """Return the acceleration along the thrusters' axis, m/s^2, at physics step `step`."""
    voltage_ratio = 1.0 - sag_per_s * (step * PHYSICS_STEP_S)
    return gain * (voltage_ratio * voltage_ratio) * (duty * duty)


@kernel()
def reset(state, constants):
    """Set the blimp to its start height, at rest, motors at the hover duty."""
    state[:] = constants[START_DUTY]
    state[HEIGHT] = constants[START_HEIGHT]
    state[SPEED] = 0.0
    state[ANGLE] = 0.0
    state[STEP] = 0.0


@kernel()
def measure(range_m, constants):
    """Return the lidar reading for a true range, m: resolution, blind zone, limits, float32."""
    reading = range_m
    if constants[QUANTUM] > 0.0:
        reading = np.floor(range_m / constants[QUANTUM] + 0.5) * constants[QUANTUM]
    if range_m < constants[BLIND_BELOW]:
        rest = constants[REST_HEIGHT]
        steps = np.floor((range_m - rest) / constants[BLIND_STEP] + 0.5)
        reading = rest + steps * constants[BLIND_STEP]
    if reading < constants[REST_HEIGHT]:
        reading = constants[REST_HEIGHT]
    if reading > constants[RANGE_MAX]:
        reading = constants[RANGE_MAX]
    return np.float64(np.float32(reading))


@kernel()
def sense(state, constants):
    """Return the current lidar reading, m (a float32 value)."""
    return measure(state[HEIGHT], constants)


@kernel()
def advance(state, constants, gust, command, n_substeps):
    """Hold `command` (motor units) for `n_substeps` physics steps; change `state` in place."""
    target = signed_duty(command, constants[DEAD_ZONE], constants[INTEGER_PWM])
    motor_fraction, servo_step = constants[MOTOR_FRACTION], constants[SERVO_STEP]
    one_c1 = 1.0 + PHYSICS_STEP_S * constants[LINEAR_DRAG]
    c2_step = PHYSICS_STEP_S * constants[QUADRATIC_DRAG]
    gain, sag_per_s = constants[GAIN], constants[SAG_PER_S]
    bias, leak = constants[BIAS], constants[LEAK]
    rest = constants[REST_HEIGHT]
    delay = int(constants[DELAY_STEPS])
    last_slot = gust.shape[0] - 1
    height, speed, duty, angle = state[HEIGHT], state[SPEED], state[DUTY], state[ANGLE]
    first = int(state[STEP])
    for step in range(first, first + n_substeps):
        state[DELAY_LINE + (step & (DELAY_SLOTS - 1))] = target
        delayed = state[DELAY_LINE + ((step - delay) & (DELAY_SLOTS - 1))]
        duty, angle = drive(duty, angle, delayed, motor_fraction, servo_step)
        push = thrust(gain, sag_per_s, duty, step)
        if angle != 0.0:
            push *= math.cos(angle)
        pull = push + lift(bias, leak, step) + gust[min(step // GUST_STEPS, last_slot)]
        # v + h a / (...) over one denominator shortens the chain of dependent operations.
        bend = c2_step * abs(speed)
        speed = (speed + PHYSICS_STEP_S * pull + bend * speed) / (one_c1 + (bend + bend))
        height += PHYSICS_STEP_S * speed
        if height < rest:
            height = rest
            speed = max(speed, 0.0)
    state[HEIGHT], state[SPEED], state[DUTY], state[ANGLE] = height, speed, duty, angle
    state[STEP] = first + n_substeps


@kernel()
def advance_recording(state, constants, gust, command, n_substeps, heights):
    """Call `advance`; write the true height after physics step k (1, 2, ...) to `heights[k]`."""
    for _ in range(n_substeps):
        advance(state, constants, gust, command, 1)
        heights[int(state[STEP])] = state[HEIGHT]


@kernel()
def motor_step(state, constants, target):
    """Advance only motor and servo by one substep towards `target`, a result of `signed_duty`.

    Returns the thrust, m/s^2; changes duty, angle, delay line and step of `state`. The arithmetic
    is that of `advance`, for a body whose motion another simulator integrates.
    """
    step = int(state[STEP])
    state[DELAY_LINE + (step & (DELAY_SLOTS - 1))] = target
    delayed = state[DELAY_LINE + ((step - int(constants[DELAY_STEPS])) & (DELAY_SLOTS - 1))]
    state[DUTY], state[ANGLE] = drive(
        state[DUTY], state[ANGLE], delayed, constants[MOTOR_FRACTION], constants[SERVO_STEP]
    )
    state[STEP] = step + 1
    return thrust(constants[GAIN], constants[SAG_PER_S], state[DUTY], step)
