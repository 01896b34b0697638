"""Running standardisation of responses: homeostasis of each neuron's offset and gain.

    d = x - mean,   mean <- mean + d / count,   squares <- squares + d (x - mean)
    spread = sqrt(squares / count),   apply(x) = (x - mean) / spread

O(1) per neuron and frame, without cancellation: B. P. Welford, Technometrics 4 (1962) 419-420.
Neurons of separately trained modules respond on different scales; standardised scores can be
compared without a tuned threshold.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from snn_control.copies import Copied
from snn_control.errors import ObservationError, ParameterError

__all__ = ["RunningStandardisation"]

FloatArray = npt.NDArray[np.float64]


class RunningStandardisation(Copied):
    """Running mean and population standard deviation of `n` responses.

    Args:
        n: number of neurons, at least 1.
        floor: standard deviation added in quadrature to that of each neuron, in the unit of the
            responses; limits the weight of neurons that rarely respond.

    Raises:
        ParameterError: out of range.
    """

    def __init__(self, n: int, floor: float = 0.0) -> None:
        if n < 1:
            raise ParameterError(f"n is {n}; expected at least 1 neuron")
        if not 0.0 <= floor < np.inf:
            raise ParameterError(f"floor is {floor:g}; expected a finite number of at least 0")
        self._floor = floor
        self._count = 0
        self._mean = np.zeros(n)
        self._squares = np.zeros(n)

    @property
    def count(self) -> int:
        """Number of frames so far."""
        return self._count

    @property
    def mean(self) -> FloatArray:
        """Mean response, shape (n,); 0 before the first frame."""
        return self._mean.copy()

    @property
    def spread(self) -> FloatArray:
        """Standard deviation with divisor `count`, without the floor, shape (n,)."""
        return np.sqrt(self._squares / max(self._count, 1))

    def update(self, values: npt.ArrayLike) -> None:
        """Update mean and spread with one frame.

        Args:
            values: responses, shape (n,).

        Raises:
            ObservationError: a wrong shape, or not finite; nothing is changed.
        """
        x = self._checked(values)
        if x.ndim != 1:
            raise ObservationError(
                f"values of shape {x.shape}; expected one frame, ({self._mean.size},)"
            )
        self._count += 1
        before = x - self._mean
        self._mean += before / self._count
        self._squares += before * (x - self._mean)

    def apply(self, values: npt.ArrayLike) -> FloatArray:
        """Return standardised responses; 0 for neurons with zero spread and no floor.

        Args:
            values: responses, shape (n,) or (frames, n).

        Raises:
            ObservationError: a wrong shape, or not finite.
        """
        deviation = self._checked(values) - self._mean
        scale = np.hypot(self.spread, self._floor)
        # a neuron without a known gain contributes nothing
        return np.divide(deviation, scale, out=np.zeros_like(deviation), where=scale > 0.0)

    def state(self) -> dict[str, FloatArray]:
        """Return the state for `restore`, as arrays."""
        return {
            "count": np.array([self._count], np.float64),
            "mean": self._mean.copy(),
            "squares": self._squares.copy(),
        }

    def restore(self, state: Mapping[str, npt.ArrayLike]) -> None:
        """Resume from a result of `state`, bit for bit.

        Raises:
            ParameterError: missing parts, wrong shapes, or numbers out of range; nothing is
                changed.
        """
        n = self._mean.size
        parts: list[FloatArray] = []
        for name, size in (("count", 1), ("mean", n), ("squares", n)):
            part = np.array(state.get(name, ()), np.float64)
            if part.shape != (size,) or not np.all(np.isfinite(part)):
                raise ParameterError(
                    f"{name} of shape {part.shape}: expected {size} finite numbers, as "
                    f"returned by `state` for {n} neurons"
                )
            parts.append(part)
        count, mean, squares = parts
        if count[0] < 0.0 or count[0] % 1.0 or np.any(squares < 0.0):
            raise ParameterError("expected an integer count and squares of at least 0")
        self._count, self._mean, self._squares = int(count[0]), mean, squares

    def _checked(self, values: npt.ArrayLike) -> FloatArray:
        x = np.asarray(values, np.float64)
        if x.ndim not in (1, 2) or x.shape[-1] != self._mean.size:
            raise ObservationError(
                f"values of shape {x.shape}; expected ({self._mean.size},) or "
                f"(frames, {self._mean.size})"
            )
        if not np.all(np.isfinite(x)):
            raise ObservationError("values are not finite; expected finite responses")
        return x
