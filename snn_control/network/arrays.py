"""Strict reading of the arrays of a file: every one is asked for by name, shape, type and range."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.errors import ModelFileError
from snn_control.network.document import Tensors


class Arrays:
    """Hands out the arrays of a file.

    Args:
        tensors: of the file; what was handed out is gone.
        prefix: of the names that are asked for.
    """

    def __init__(self, tensors: Tensors, prefix: str = "") -> None:
        self._tensors, self._prefix = tensors, prefix

    def __contains__(self, name: str) -> bool:
        return self._prefix + name in self._tensors

    def under(self, prefix: str) -> Arrays:
        """Return what hands out those whose names begin so."""
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
        """Return a copy of an array.

        Args:
            name: after the prefix.
            shape: None: any length.
            dtype: of its numbers.
            low: least of them.
            high: largest of them.
            finite: whether all must be.

        Raises:
            ModelFileError: it is missing, or not like that.
        """
        name = self._prefix + name
        found = self._tensors.pop(name, None)
        if found is None:
            raise ModelFileError(f"array {name!r} is missing")
        fits = len(shape) == found.ndim and all(
            n is None or n == m for n, m in zip(shape, found.shape, strict=True)
        )
        if not fits or found.dtype != dtype:
            expected = ", ".join("n" if n is None else str(n) for n in shape)
            raise ModelFileError(
                f"array {name!r} is {found.dtype}{list(found.shape)}; expected "
                f"{np.dtype(dtype)}[{expected}]"
            )
        if finite and not np.isfinite(found).all():
            raise ModelFileError(f"array {name!r} holds numbers that are not finite")
        if not np.all((found >= low) & (found <= high)):
            raise ModelFileError(
                f"array {name!r} holds numbers out of range; expected {low:g} to {high:g}"
            )
        return found.copy()

    def nothing_left(self) -> None:
        """Refuse arrays that nobody asked for.

        Raises:
            ModelFileError: there is one.
        """
        if self._tensors:
            raise ModelFileError(f"unknown array {next(iter(self._tensors))!r}")
