"""Parameters that several synapses or neurons share, each with its sign.

The blimp networks of Burgers, Stroobants and de Croon (2023, arXiv:2309.12937) consist of pairs of
neurons, one for positive and one for negative errors: weights `[w, -w]` are mirrored, biases and
leaks are shared. Optimisers change only the `values`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from snn_control.errors import ParameterError

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Shared:
    """Array whose entries are `sign * values[index]`.

    Attributes:
        values: free parameters, shape (n_values,).
        index: index into `values` of each entry, any shape, integers in [0, n_values).
        sign: -1, 0 or +1 for each entry, same shape as `index`.
    """

    values: FloatArray
    index: npt.NDArray[np.int64]
    sign: npt.NDArray[np.int8]

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", np.atleast_1d(np.asarray(self.values, np.float64)))
        object.__setattr__(self, "index", np.asarray(self.index, np.int64))
        object.__setattr__(self, "sign", np.asarray(self.sign, np.int8))
        if self.values.ndim != 1:
            raise ParameterError(f"shared values must have one axis, got {self.values.shape}")
        if self.index.shape != self.sign.shape:
            raise ParameterError(
                f"index {self.index.shape} and sign {self.sign.shape} differ in shape"
            )
        if self.index.size and not (0 <= self.index.min() and self.index.max() < self.values.size):
            raise ParameterError(f"index outside [0, {self.values.size})")
        if np.any(np.abs(self.sign) > 1):
            raise ParameterError("signs must be -1, 0 or 1")

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the expanded array."""
        return self.index.shape

    def expand(self) -> FloatArray:
        """Return the full array, same shape as `index`."""
        return self.values[self.index] * self.sign

    @classmethod
    def mirrored(cls, values: npt.ArrayLike) -> Shared:
        """Return interleaved pairs of opposite sign: `[a, -a, b, -b, ...]`, shape (2 n,)."""
        return cls._pairs(values, (1, -1))

    @classmethod
    def paired(cls, values: npt.ArrayLike) -> Shared:
        """Return interleaved equal pairs: `[a, a, b, b, ...]`, shape (2 n,)."""
        return cls._pairs(values, (1, 1))

    @classmethod
    def _pairs(cls, values: npt.ArrayLike, signs: tuple[int, int]) -> Shared:
        array = np.atleast_1d(np.asarray(values, np.float64))
        n = array.size
        return cls(array, np.repeat(np.arange(n), 2), np.tile(np.array(signs, np.int8), n))

    def reshaped(self, *shape: int) -> Shared:
        """Return the array in another shape, with the same shared values."""
        return Shared(self.values, self.index.reshape(shape), self.sign.reshape(shape))


def expand(parameter: npt.ArrayLike | Shared) -> FloatArray:
    """Return `parameter` as a plain float64 array."""
    if isinstance(parameter, Shared):
        return parameter.expand()
    return np.asarray(parameter, np.float64)
