"""Vertical plant of the blimp as compiled kernels, one craft a call.

A craft is three arrays that the caller owns; nothing is allocated here:

    state      float64 (STATE_SIZE,)      changed in place
    constants  float64 (CONSTANTS_SIZE,)  one row of `Scenario.constants`
    gust       float64 (slots,)           vertical gust, m/s^2, one value per GUST_STEPS steps

A fused loop of plant and controller over one scenario reads

    reset(state, constants)
    for tick in range(n_ticks):                  # called ticks; missed ones are not in the list
        error_m = reference_m[tick] - sense(state, constants)
        command = controller(error_m)
        advance(state, constants, gust, command, substeps[tick])   # to the next called tick
        cost += (reference_m[tick] - state[HEIGHT]) ** 2           # true height

Equations: see `parameters`. One substep of PHYSICS_STEP_S: the motor's lag is exact, drag is taken
linearly implicit and the height uses the new speed,

    v += h a / (1 + h (c1 + 2 c2 |v|)),   z += h v,   a = pull - c1 v - c2 |v| v,

which is MuJoCo's `implicitfast` for the same law. Equal inputs give bitwise equal states; a NaN
command makes the state NaN (never silently zero).
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
    MOTOR_SHARE,
    DELAY_STEPS,
    LINEAR_DRAG,
    QUADRATIC_DRAG,
    BIAS,
    LEAK,
    SAG_SHARE,
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
    """Duty (0 or 0.2 to 0.87) that `command` (motor units) asks for, carrying the command's sign.

    count = 9 + 3 |u| of 45, truncated where `integer_pwm` is not 0; in the dead zone +0.0 or -0.0,
    because the servo follows the sign there too.
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
def drive(duty, angle, wanted, motor_share, servo_step):
    """Motor and servo one substep on; returns the new (duty, angle in rad)."""
    duty += motor_share * (abs(wanted) - duty)
    if math.copysign(1.0, wanted) < 0.0:
        angle = min(angle + servo_step, math.pi)
    else:
        angle = max(angle - servo_step, 0.0)
    return duty, angle


@kernel()
def lift(bias, leak, step):
    """Acceleration by buoyancy, m/s^2, at physics step `step`; `bias` m/s^2, `leak` m/s^3."""
    return bias - leak * (step * PHYSICS_STEP_S)


@kernel()
def thrust(gain, sag_share, duty, step):
    """Acceleration along the thrusters' axis, m/s^2, at physics step `step`."""
    voltage_share = 1.0 - sag_share * (step * PHYSICS_STEP_S)
    return gain * (voltage_share * voltage_share) * (duty * duty)


@kernel()
def reset(state, constants):
    """Put the craft at its start height, at rest, motors at the hover duty."""
    state[:] = constants[START_DUTY]
    state[HEIGHT] = constants[START_HEIGHT]
    state[SPEED] = 0.0
    state[ANGLE] = 0.0
    state[STEP] = 0.0


@kernel()
def measure(range_m, constants):
    """What the lidar reports for a true range in m: steps, blind zone, limits, float32."""
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
    """Range that the lidar reports now, m (a float32 value)."""
    return measure(state[HEIGHT], constants)


@kernel()
def advance(state, constants, gust, command, n_substeps):
    """Hold `command` (motor units) for `n_substeps` physics steps; `state` is changed in place."""
    asked = signed_duty(command, constants[DEAD_ZONE], constants[INTEGER_PWM])
    motor_share, servo_step = constants[MOTOR_SHARE], constants[SERVO_STEP]
    one_c1 = 1.0 + PHYSICS_STEP_S * constants[LINEAR_DRAG]
    c2_step = PHYSICS_STEP_S * constants[QUADRATIC_DRAG]
    gain, sag_share = constants[GAIN], constants[SAG_SHARE]
    bias, leak = constants[BIAS], constants[LEAK]
    rest = constants[REST_HEIGHT]
    delay = int(constants[DELAY_STEPS])
    last_slot = gust.shape[0] - 1
    height, speed, duty, angle = state[HEIGHT], state[SPEED], state[DUTY], state[ANGLE]
    first = int(state[STEP])
    for step in range(first, first + n_substeps):
        state[DELAY_LINE + (step & (DELAY_SLOTS - 1))] = asked
        wanted = state[DELAY_LINE + ((step - delay) & (DELAY_SLOTS - 1))]
        duty, angle = drive(duty, angle, wanted, motor_share, servo_step)
        push = thrust(gain, sag_share, duty, step)
        if angle != 0.0:
            push *= math.cos(angle)
        pull = push + lift(bias, leak, step) + gust[min(step // GUST_STEPS, last_slot)]
        # v + h a / (...) on one denominator: a shorter chain of dependent operations.
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
    """As `advance`, and write the true height after physics step k (1, 2, ...) to `heights[k]`."""
    for _ in range(n_substeps):
        advance(state, constants, gust, command, 1)
        heights[int(state[STEP])] = state[HEIGHT]


@kernel()
def motor_step(state, constants, asked):
    """Run motor and servo alone one substep, `asked` as `signed_duty` gives it.

    Returns the thrust, m/s^2; changes duty, angle, delay line and step of `state`. The arithmetic
    is that of `advance`, for a body whose motion another simulator integrates.
    """
    step = int(state[STEP])
    state[DELAY_LINE + (step & (DELAY_SLOTS - 1))] = asked
    wanted = state[DELAY_LINE + ((step - int(constants[DELAY_STEPS])) & (DELAY_SLOTS - 1))]
    state[DUTY], state[ANGLE] = drive(
        state[DUTY], state[ANGLE], wanted, constants[MOTOR_SHARE], constants[SERVO_STEP]
    )
    state[STEP] = step + 1
    return thrust(constants[GAIN], constants[SAG_SHARE], state[DUTY], step)
