"""Functions with equal bits on every processor, from additions and multiplications alone.

Those of the mathematical libraries differ in the last bit between processors and systems. The
errors here are below 4e-16, relative for `exponential` and absolute for `cosine`.
"""

from __future__ import annotations

import math

from snn_control.plasticity.optional_kernel import kernel

__all__ = ["cosine", "exponential", "nearest"]

LARGEST = 700.0
"""Largest magnitude of an exponent; larger ones are clipped."""
LN2_HIGH = float.fromhex("0x1.62e42fee00000p-1")
LN2_LOW = float.fromhex("0x1.a39ef35793c76p-33")
"""Natural logarithm of 2 as the sum of two numbers; multiples of the first one are exact."""
INVERSE_LN2 = 1.0 / math.log(2.0)
EXPONENTIAL = tuple(1.0 / math.factorial(k) for k in range(13, -1, -1))
"""Coefficients of the exponential series, highest first."""
HALF_PI = 0.5 * math.pi
COSINE = tuple((-1.0) ** k / math.factorial(2 * k) for k in range(11, -1, -1))
"""Coefficients of the cosine series in the square of the angle, highest first."""


@kernel(nogil=True)
def exponential(x: float) -> float:
    """Return e^x; x is clipped to +-`LARGEST`, NaN stays NaN."""
    if math.isnan(x):
        return x
    clipped = min(max(x, -LARGEST), LARGEST)
    power = int(clipped * INVERSE_LN2 + (0.5 if clipped > 0.0 else -0.5))
    rest = (clipped - power * LN2_HIGH) - power * LN2_LOW
    total = 0.0
    for coefficient in EXPONENTIAL:
        total = total * rest + coefficient
    factor, left = 2.0 if power > 0 else 0.5, abs(power)
    while left > 0:
        if left & 1:
            total *= factor
        factor *= factor
        left >>= 1
    return total


@kernel(nogil=True)
def cosine(angle_rad: float) -> float:
    """Return the cosine of an angle from 0 to pi."""
    obtuse = angle_rad > HALF_PI
    acute = math.pi - angle_rad if obtuse else angle_rad
    square, total = acute * acute, 0.0
    for coefficient in COSINE:
        total = total * square + coefficient
    return -total if obtuse else total


@kernel(nogil=True)
def nearest(x: float) -> float:
    """Return the nearest whole number, of two equally near ones the even one, as `round`."""
    below = 1.0 * math.floor(x)
    rest = x - below
    odd = below - 2.0 * math.floor(0.5 * below) > 0.5
    return below + 1.0 if rest > 0.5 or (rest == 0.5 and odd) else below
