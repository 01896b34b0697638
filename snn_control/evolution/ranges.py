"""Range checks of configurations."""

from __future__ import annotations

import math

from snn_control.errors import ParameterError


def check_between(name: str, value: float, low: float, high: float = math.inf) -> None:
    """Require low <= value <= high and a finite value.

    Raises:
        ParameterError: the value is out of range.
    """
    if not (low <= value <= high and math.isfinite(value)):
        upper = "" if math.isinf(high) else f" and at most {high}"
        raise ParameterError(f"{name} is {value!r}; it must be at least {low}{upper} and finite")


def check_positive(name: str, value: float, high: float = math.inf) -> None:
    """Require 0 < value <= high and a finite value.

    Raises:
        ParameterError: the value is out of range.
    """
    if not (0 < value <= high and math.isfinite(value)):
        upper = "" if math.isinf(high) else f", at most {high}"
        raise ParameterError(f"{name} is {value!r}; it must be above 0{upper} and finite")


def check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    """Require one of the `choices`.

    Raises:
        ParameterError: the value is not among the choices.
    """
    if value not in choices:
        raise ParameterError(f"{name} is {value!r}; it must be one of {', '.join(choices)}")
