"""Strict reading of the arrays of a file: each is requested by name, shape, type and range."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.errors import ModelFileError
from snn_control.network.document import Tensors


class Arrays:
    """Reader of the arrays of a file.

    Args:
        tensors: arrays of the file by name; `take` removes each array that it returns.
        prefix: prefix of all requested names.
    """

    def __init__(self, tensors: Tensors, prefix: str = "") -> None:
        self._tensors, self._prefix = tensors, prefix

    def __contains__(self, name: str) -> bool:
        return self._prefix + name in self._tensors

    def under(self, prefix: str) -> Arrays:
        """Return a reader of the arrays whose names begin with this prefix as well."""
        return Arrays(self._tensors, self._prefix + prefix)

    def take(
        self,
        name: str,
        shape: tuple[int | None, ...],
        dtype: npt.DTypeLike,
        low: float = -np.inf,
        high: float = np.inf,
        *,
        finite: bool = True,
    ) -> Any:
        """Remove an array and return a copy of it.

        Args:
            name: name without the prefix.
            shape: expected shape; None stands for any length.
            dtype: expected type.
            low: smallest allowed value.
            high: largest allowed value.
            finite: if True, infinite values are refused; NaN always is.

        Raises:
            ModelFileError: the array is missing or does not match.
        """
        name = self._prefix + name
        array = self._tensors.pop(name, None)
        if array is None:
            raise ModelFileError(f"array {name!r} is missing")
        fits = len(shape) == array.ndim and all(
            n is None or n == m for n, m in zip(shape, array.shape, strict=True)
        )
        if not fits or array.dtype != dtype:
            expected = ", ".join("n" if n is None else str(n) for n in shape)
            raise ModelFileError(
                f"array {name!r} is {array.dtype}{list(array.shape)}; expected "
                f"{np.dtype(dtype)}[{expected}]"
            )
        if finite and not np.isfinite(array).all():
            raise ModelFileError(f"array {name!r} holds numbers that are not finite")
        if not np.all((array >= low) & (array <= high)):
            raise ModelFileError(
                f"array {name!r} holds numbers out of range; expected {low:g} to {high:g}"
            )
        return array.copy()

    def require_all_taken(self) -> None:
        """Refuse arrays that were not taken.

        Raises:
            ModelFileError: the file has an unknown array.
        """
        if self._tensors:
            raise ModelFileError(f"unknown array {next(iter(self._tensors))!r}")
