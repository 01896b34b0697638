"""Pole of an autoregression of the loop's deviation: loss of stability before it happens.

    y_t = p1 y_(t-1) + p2 y_(t-2)

by least squares over `window_s`, on values `step_s` apart, after their line was subtracted. The
modulus of the larger pole tends to 1 as an oscillation loses its damping; variance and
autocorrelation react to gusts as well. An abrupt fault gives no warning.
Source: Boettiger, Ross and Hastings, Theoretical Ecology 6, 2013, doi:10.1007/s12080-013-0192-6
(early warning, and its false alarms).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from snn_control.copies import Copied
from snn_control.errors import ParameterError

__all__ = ["Pole"]

FloatArray = npt.NDArray[np.float64]


class Pole(Copied):
    """Modulus of the larger pole of a second-order autoregression.

    Args:
        window_s: time over which it is fitted, s.
        step_s: time between two values, s.
    """

    def __init__(self, window_s: float = 60.0, step_s: float = 0.5) -> None:
        if not 0.0 < 8.0 * step_s <= window_s < math.inf:
            raise ParameterError(
                f"window_s {window_s:g}, step_s {step_s:g}; expected at least 8 steps in a window"
            )
        self._step_s, self._most = step_s, round(window_s / step_s)
        self._line = np.empty(0)
        self.reset()

    def reset(self) -> None:
        """Delete all values."""
        self._values, self._n = np.zeros(self._most), 0
        self._next_s = -math.inf
        self._modulus: float | None = None

    def add(self, value: float, now_s: float) -> None:
        """Add the deviation at a time; one in `step_s` is kept."""
        if now_s < self._next_s - 2.0 * self._step_s:  # the clock was set back
            self.reset()
        if now_s < self._next_s or not math.isfinite(value):
            return
        late = now_s - self._next_s > self._step_s
        self._next_s = now_s + self._step_s if late else self._next_s + self._step_s
        values = self._values
        values[:-1] = values[1:]
        values[-1] = value
        self._n = min(self._n + 1, self._most)
        self._modulus = None

    @property
    def modulus(self) -> float:
        """Modulus of the larger pole; NaN before half of a window."""
        if self._modulus is None:
            full = 2 * self._n >= self._most
            self._modulus = self._fitted() if full else math.nan
        return self._modulus

    def _fitted(self) -> float:
        values = self._values[-self._n :]
        if self._line.size != self._n:
            self._line = _line(self._n)
        y = values - values.sum() / self._n
        return _modulus(y - (self._line @ y) * self._line)


def _line(n: int) -> FloatArray:
    """Return a line with mean 0 and norm 1, (n,)."""
    steps = np.arange(n) - 0.5 * (n - 1)
    return np.asarray(steps / math.sqrt(steps @ steps), np.float64)


def _modulus(y: FloatArray) -> float:
    """Return the modulus of the larger pole of values without line."""
    a, b, c = y[1:-1], y[:-2], y[2:]
    aa, ab, bb = float(a @ a), float(a @ b), float(b @ b)
    ac, bc = float(a @ c), float(b @ c)
    determinant = aa * bb - ab * ab
    if not determinant > 0.0:
        return math.nan
    p1, p2 = (ac * bb - bc * ab) / determinant, (bc * aa - ac * ab) / determinant
    discriminant = p1 * p1 + 4.0 * p2
    if discriminant < 0.0:
        return math.sqrt(-p2)
    return 0.5 * (abs(p1) + math.sqrt(discriminant))
