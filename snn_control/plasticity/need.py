"""Needs: how far essential variables are outside their bands.

An essential variable x (battery voltage, tracking error, margin of altitude, spike rate, share of
time in saturation) is healthy in a band and has the need

    need = clip(max(low - x, x - high) / width, 0, 1).

The largest need of several variables is the rate at which an adaptation may act: a controller whose
essential variables are in their bands is left as it is. After W. Ashby, Design for a Brain, 1952
(essential variables), and K. Man, A. Damasio and H. Neven, arXiv:2205.08645 (needs that regulate
learning).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from snn_control.errors import ParameterError

__all__ = ["EssentialVariable", "Needs"]


@dataclass(frozen=True)
class EssentialVariable:
    """Band of an essential variable.

    Raises:
        ParameterError: the band is the wrong way round, or width or time constant out of range.
    """

    name: str
    """Name of the variable, with its unit."""
    low: float | None = None
    """Lower end of the band; None: open."""
    high: float | None = None
    """Upper end of the band; None: open."""
    width: float = 1.0
    """Distance from the band at which the need is 1."""
    tau_s: float = 0.0
    """Time constant of the low-pass filter of the variable, s; 0: none."""
    squared: bool = False
    """True for the root mean square of the variable, for errors of either sign."""

    def __post_init__(self) -> None:
        low, high = self._band
        if not low < high:
            raise ParameterError(
                f"essential variable {self.name}: the band from {low:g} to {high:g} is empty; "
                "exchange its ends"
            )
        if self.low is None and self.high is None:
            raise ParameterError(
                f"essential variable {self.name}: a band without ends never raises a need; name "
                "low or high"
            )
        if self.squared and high < 0.0:
            raise ParameterError(
                f"essential variable {self.name}: a root mean square never reaches {high:g}; "
                "expected a band above 0"
            )
        if not 0.0 < self.width < math.inf or not 0.0 <= self.tau_s < math.inf:
            raise ParameterError(
                f"essential variable {self.name}: width {self.width:g}, tau_s {self.tau_s:g}; "
                "expected finite numbers, width above 0"
            )

    @property
    def _band(self) -> tuple[float, float]:
        low = -math.inf if self.low is None else self.low
        return low, math.inf if self.high is None else self.high

    def need(self, value: float) -> float:
        """Return the need of a value, 0 to 1; 1 for NaN."""
        if math.isnan(value):
            return 1.0
        low, high = self._band
        return min(max(low - value, value - high, 0.0) / self.width, 1.0)


class Needs:
    """Filter of essential variables, with their largest need.

    Args:
        variables: essential variables with different names.

    Raises:
        ParameterError: two variables of one name.
    """

    def __init__(self, variables: Sequence[EssentialVariable]) -> None:
        self.variables = tuple(variables)
        names = [variable.name for variable in self.variables]
        if len(set(names)) < len(names):
            raise ParameterError(f"essential variables: names must differ: {names}")
        self.reset()

    def reset(self) -> None:
        """Forget all values: no need."""
        self.values: dict[str, float] = {}
        """Filtered value of each variable."""
        self.largest = 0.0
        """Largest need after the last update."""
        self.cause = ""
        """Variable with the largest need; empty if there is none."""

    def update(self, measured: Mapping[str, float], dt_s: float) -> float:
        """Filter measured values and return the largest need.

        Args:
            measured: values by name; a variable without one keeps its value.
            dt_s: time since the last update, s.
        """
        self.largest, self.cause = 0.0, ""
        for variable in self.variables:
            name = variable.name
            if name in measured:
                value = measured[name] ** 2 if variable.squared else measured[name]
                kept = math.exp(-dt_s / variable.tau_s) if variable.tau_s else 0.0
                self.values[name] = value + kept * (self.values.get(name, value) - value)
            value = self.values.get(name, math.nan)
            need = variable.need(math.sqrt(value) if variable.squared else value)
            if need > self.largest and not math.isnan(value):
                self.largest, self.cause = need, name
        return self.largest
