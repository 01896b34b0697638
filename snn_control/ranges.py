"""Checks of numbers against their range, for parameters and configurations."""

from __future__ import annotations

import math
from collections.abc import Mapping

from snn_control.errors import ParameterError

__all__ = ["require_not_negative", "require_positive"]


def require_positive(values: Mapping[str, float], where: str = "") -> None:
    """Require finite numbers above 0.

    Args:
        values: numbers by name, such as `vars(self)` of a configuration.
        where: configuration or object that has them, for the message.

    Raises:
        ParameterError: names the first number that is not, its value and the range.
    """
    for name, value in values.items():
        if not 0.0 < value < math.inf:
            raise _out_of_range(name, value, "a finite number above 0", where)


def require_not_negative(values: Mapping[str, float], where: str = "") -> None:
    """Require finite numbers of at least 0; arguments and errors as of `require_positive`."""
    for name, value in values.items():
        if not 0.0 <= value < math.inf:
            raise _out_of_range(name, value, "a finite number, at least 0", where)


def _out_of_range(name: str, value: float, expected: str, where: str) -> ParameterError:
    prefix = f"{where}: " if where else ""
    return ParameterError(f"{prefix}{name} is {value}; expected {expected}")
