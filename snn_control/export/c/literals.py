"""Constants of C99 in hexadecimal, exact to the last bit."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from snn_control.network.program import Program

__all__ = ["REAL", "integers", "number_types", "real", "reals"]

REAL: dict[str, type[np.float32] | type[np.float64]] = {
    "float32": np.float32,
    "float64": np.float64,
}
"""NumPy type of each floating-point precision."""
_WIDTH = 96


def number_types(program: Program, precision: str) -> tuple[npt.DTypeLike, npt.DTypeLike]:
    """Return the NumPy types of inputs and outputs; a shell around integers has single ones."""
    if precision in REAL:
        return REAL[precision], REAL[precision]
    return (np.float32, np.float32) if program.shell else (np.int16, np.int32)


def real(value: float, precision: str) -> str:
    """Return a literal; infinity becomes the largest finite number, equal in all comparisons."""
    kind = REAL[precision]
    if math.isnan(value):
        return "(0.0f / 0.0f)" if precision == "float32" else "(0.0 / 0.0)"
    info = np.finfo(kind)
    number = float(kind(min(max(value, float(info.min)), float(info.max))))
    return number.hex() + ("f" if precision == "float32" else "")


def reals(values: npt.ArrayLike, precision: str) -> str:
    """Return the literals of an initialiser, wrapped."""
    return _wrapped([real(value, precision) for value in np.ravel(values).tolist()])


def integers(values: npt.ArrayLike) -> str:
    """Return the integers of an initialiser, wrapped."""
    return _wrapped([str(value) for value in np.ravel(values).tolist()])


def _wrapped(items: Sequence[str]) -> str:
    lines, line = [], "   "
    for item in items:
        if len(line) + len(item) + 2 > _WIDTH:
            lines.append(line)
            line = "   "
        line += f" {item},"
    return "\n".join([*lines, line])
