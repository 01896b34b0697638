"""Layout of the arrays of the blimp's forward models.

The arrays of a bank of n hypotheses, each changed in place:

    rows     ((n + 1) * ROW,)  motion, parameters and shadow of `plasticity.forward_model`, then
                               motors; the last row is the scratch space of the prediction
    bank     (n * KIND,)       constants: delay, lag, random walk of the gain, flags
    weights  (3 * n,)          weights, those of the shadows, likelihoods
    line     (SLOTS,)          signed duties of the commands in force, one per physics step
    status   (STATUS,)         state that all hypotheses share
    numbers  (NUMBERS,)        constants that all hypotheses share
"""

from __future__ import annotations

from snn_control.plasticity.forward_model import SIZE

STEP_S = 0.01
"""Physics step, s."""
SLOTS = 128
"""Length of the line of commands, steps; a power of 2."""

DUTY, ANGLE, SLOW = SIZE, SIZE + 1, SIZE + 2
"""Duty of the motors, angle of the servo, rad, and slow gain and bias, m/s^2, in a row."""
ROW = SIZE + 4

DELAY_STEPS, MOTOR_FRACTION, GAIN_WALK, INVERTED, RESTARTS = range(5)
KIND = 5

(
    LINEAR_DRAG, QUADRATIC_DRAG, SERVO_STEP, LOWEST_M, DEAD_ZONE, HOVER, SPEED_WALK, BIAS_WALK,
    RANGE_SD, ESTIMATE_SD, START_GAIN, START_BIAS, SPEED_SD, GAIN_SD, BIAS_SD, SHARE, CAP, FACTOR,
    GAIN_LIMIT, BIAS_LIMIT, SMALLEST_GAIN, BEYOND_STEPS, ERROR_GAIN, SPEED_GAIN, OUTPUT_M_S2,
) = range(25)  # fmt: skip
NUMBERS = 25

(
    STEP, FLYING, LAST_M, UNCHANGED, LOST, BARRED, POSITION_AHEAD, SPEED_AHEAD, INNOVATION,
    INNOVATION_VARIANCE, KEPT_STEP, PREDICTED_ERROR, CHANGES, STUCK, FOLLOWS,
) = range(15)  # fmt: skip
STATUS = 15

MOST_STEPS = 64
"""Largest number of steps between two writes to the line of commands."""
LONGEST_STEP_S = 2.0
"""Time between two ticks above which the motion starts again from the measurement, s."""
