"""Choice among the hypotheses of a bank: weights, signs and restarts."""

from __future__ import annotations

import math
from typing import Any

from snn_control.controllers.blimp.forward_layout import (
    BARRED,
    BIAS_SD,
    CHANGES,
    DELAY_STEPS,
    FACTOR,
    FLYING,
    GAIN_SD,
    GAIN_WALK,
    INVERTED,
    KIND,
    LOWEST_M,
    MOTOR_FRACTION,
    RANGE_SD,
    RESTARTS,
    ROW,
    SHARE,
    SLOW,
    SPEED_SD,
    START_BIAS,
    START_GAIN,
    STUCK,
)
from snn_control.controllers.blimp.motion import FULL
from snn_control.plasticity.fixed_share import fixed_share, heaviest
from snn_control.plasticity.forward_model import BIAS, GAIN, SIZE, mirror_gain, start
from snn_control.plasticity.optional_kernel import kernel

FLOOR_M = 0.03
"""Height above the lowest one up to which a blimp rests on the floor, and its range with it, m."""
STUCK_S = 2.5
"""Time on the floor at full thrust, upwards by the hypothesis in use, until the other sign is
tried, s: without motion nothing can be learned."""


@kernel(nogil=True)
def start_bank(
    rows: Any, bank: Any, weights: Any, numbers: Any, range_m: float, sign: float, n: int
) -> None:
    """Start `n` equally likely hypotheses at rest, nominal but for a sign of the gain."""
    for k in range(n):
        at, own = k * ROW, -sign if bank[k * KIND + INVERTED] else sign
        start(
            rows, at, range_m, own * numbers[START_GAIN], numbers[START_BIAS], numbers[RANGE_SD],
            numbers[SPEED_SD], numbers[GAIN_SD], numbers[BIAS_SD],
        )  # fmt: skip
        rows[at + SLOW], rows[at + SLOW + 1] = rows[at + GAIN], rows[at + BIAS]
        weights[k] = weights[n + k] = 1.0 / n


@kernel(nogil=True)
def weigh(rows: Any, bank: Any, weights: Any, status: Any, numbers: Any, n: int) -> None:
    """Update the weights from their likelihoods, and choose the hypothesis to use."""
    likelihoods = 2 * n
    fixed_share(weights, likelihoods, n, numbers[SHARE])
    if status[BARRED] > 0.0:
        status[BARRED] -= 1.0
    flying = int(status[FLYING])
    chosen = heaviest(weights, n, flying, numbers[FACTOR])
    if chosen != flying and not (status[BARRED] > 0.0 and bank[chosen * KIND + INVERTED]):
        status[FLYING] = chosen
        status[CHANGES] += 1.0
    flying = int(status[FLYING])
    status[FLYING] = keep_both_signs(rows, bank, weights, numbers[SHARE] / n, flying, n)
    restart_unlikely(rows, bank, weights, numbers, int(status[FLYING]), n)


@kernel(nogil=True)
def upright_twin(bank: Any, inverted: int, n: int) -> int:
    """Return the upright hypothesis with the constants of an inverted one, or the inverted one."""
    kind = inverted * KIND
    for k in range(n):
        twin = k * KIND
        equal = (
            bank[twin + DELAY_STEPS] == bank[kind + DELAY_STEPS]
            and bank[twin + MOTOR_FRACTION] == bank[kind + MOTOR_FRACTION]
            and bank[twin + GAIN_WALK] == bank[kind + GAIN_WALK]
        )
        if equal and not bank[twin + INVERTED]:
            return k
    return inverted


@kernel(nogil=True)
def exchange(rows: Any, weights: Any, one: int, other: int, n: int) -> None:
    """Exchange the state of two hypotheses of equal constants."""
    for item in range(ROW):
        here, there = one * ROW + item, other * ROW + item
        rows[here], rows[there] = rows[there], rows[here]
    for first in (0, n, 2 * n):
        here, there = first + one, first + other
        weights[here], weights[there] = weights[there], weights[here]


@kernel(nogil=True)
def keep_both_signs(rows: Any, bank: Any, weights: Any, least: float, chosen: int, n: int) -> int:
    """Give inverted hypotheses the sign that the chosen one does not have; return its index.

    An inverted hypothesis that is chosen changes places with its upright twin. One that has come to
    the sign of the chosen one replaces its twin if that is less likely, and starts again with the
    other sign; the chosen one takes its weight. The bank is thus ready for the next change.
    """
    for k in range(n):
        kind = k * KIND
        if bank[kind + INVERTED] and bank[kind + RESTARTS]:
            twin = upright_twin(bank, k, n)
            if chosen == k:
                exchange(rows, weights, k, twin, n)
                chosen = twin
            elif rows[k * ROW + GAIN] * rows[chosen * ROW + GAIN] > 0.0:
                if twin != chosen and weights[k] > weights[twin]:
                    exchange(rows, weights, k, twin, n)
                restart(rows, bank, k, chosen)
                weights[chosen] += weights[k] - least
                weights[k] = least
    return chosen


@kernel(nogil=True)
def restart(rows: Any, bank: Any, k: int, flying: int) -> None:
    """Restart a hypothesis from the one in use; motors and servo stay its own."""
    at, source = k * ROW, flying * ROW
    for item in range(SIZE):
        rows[at + item] = rows[source + item]
    rows[at + SLOW], rows[at + SLOW + 1] = rows[source + SLOW], rows[source + SLOW + 1]
    if bank[k * KIND + INVERTED]:
        mirror_gain(rows, at)
        rows[at + SLOW] = -rows[at + SLOW]


@kernel(nogil=True)
def restart_unlikely(rows: Any, bank: Any, weights: Any, numbers: Any, flying: int, n: int) -> None:
    """Restart hypotheses that have lost their weight from the one in use."""
    for k in range(n):
        lost = weights[k] < 2.0 * numbers[SHARE] / n
        if bank[k * KIND + RESTARTS] and k != flying and lost:
            restart(rows, bank, k, flying)


@kernel(nogil=True)
def leave_floor(
    rows: Any, bank: Any, weights: Any, status: Any, numbers: Any, sent: float, measured_m: float,
    elapsed_s: float, n: int,
) -> None:  # fmt: skip
    """Start again with the other sign if full thrust does not lift the blimp off the floor."""
    up = rows[int(status[FLYING]) * ROW + GAIN] * sent > 0.0
    stuck = up and abs(sent) >= FULL and measured_m < numbers[LOWEST_M] + FLOOR_M
    status[STUCK] = status[STUCK] + elapsed_s if stuck else 0.0
    upright, signs = 0, 0
    for k in range(n - 1, -1, -1):
        if bank[k * KIND + INVERTED]:
            signs += 1
        else:
            upright = k
    if 0 < signs < n and status[STUCK] >= STUCK_S:
        start_bank(rows, bank, weights, numbers, measured_m, math.copysign(1.0, -sent), n)
        status[FLYING], status[STUCK] = upright, 0.0
        status[CHANGES] += 1.0
