"""Constant tables of C code, each written once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from snn_control.export.c.literals import integers

__all__ = ["Tables"]


class Tables:
    """Tables of one network.

    Args:
        prefix: prefix of their names.
    """

    def __init__(self, prefix: str) -> None:
        self.definitions: list[str] = []
        """Definitions in C, in the order of their first use."""
        self._prefix = prefix
        self._written: dict[tuple[str, str], str] = {}

    def array(self, label: str, kind: str, content: str, n: int) -> str:
        """Return the name of a table of `n` literals, written once for equal content."""
        key = (kind, content)
        if key not in self._written:
            name = f"{self._prefix}_{label}{len(self._written)}"
            self._written[key] = name
            self.definitions.append(f"static const {kind} {name}[{n}] = {{\n{content}\n}};")
        return self._written[key]

    def integers(self, label: str, values: npt.ArrayLike, signed: bool = False) -> str:
        """Return the name of a table of integers in the smallest type that holds them.

        Args:
            label: part of the name.
            values: integers.
            signed: True for a signed type.
        """
        flat = np.ravel(np.asarray(values, np.int64))
        return self.array(label, integer_type(flat, signed), integers(flat), flat.size)


def integer_type(values: npt.NDArray[np.int64], signed: bool = False) -> str:
    """Return the smallest C type of all values, unsigned if allowed and none is negative."""
    low, high = int(values.min(initial=0)), int(values.max(initial=0))
    for bits in (8, 16, 32):
        if low >= 0 and high < 1 << bits and not signed:
            return f"uint{bits}_t"
        if -(1 << (bits - 1)) <= low and high < 1 << (bits - 1):
            return f"int{bits}_t"
    return "int64_t"
