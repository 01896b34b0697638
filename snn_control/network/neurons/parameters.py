"""Base class of neuron parameters: one value or one per neuron, with checked ranges."""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass
from typing import Any, ClassVar, get_args, get_type_hints

import numpy as np
import numpy.typing as npt

from snn_control.errors import ParameterError
from snn_control.network.shared import Shared, expand

Values = float | npt.NDArray[np.float64] | Shared
FloatArray = npt.NDArray[np.float64]


def parameter(
    default: Any = dataclasses.MISSING,
    *,
    unit: str = "1",
    low: float = -np.inf,
    infinite: bool = False,
) -> Any:
    """Declare a numeric field with its unit and lowest value; `infinite` allows +inf."""
    return dataclasses.field(
        default=default, metadata={"unit": unit, "low": low, "infinite": infinite}
    )


def time_constant_s(default: Any = dataclasses.MISSING) -> Any:
    """Declare a time constant in s: 0 keeps nothing beyond the tick, infinity never decays."""
    return parameter(default, unit="s", low=0.0, infinite=True)


@dataclass(frozen=True, eq=False)
class NeuronParams:
    """Base class of the parameters of a neuron model.

    Numeric fields hold one number for all neurons, an array of shape (size,) or a `Shared`.
    """

    model: ClassVar[str]
    spiking: ClassVar[bool]

    @classmethod
    def time_constants(cls) -> tuple[str, ...]:
        """Return the names of the fields that are time constants in s."""
        return tuple(f.name for f in cls.numeric_fields() if f.metadata["unit"] == "s")

    def choice(self, name: str, default: Any) -> Any:
        """Return the choice field `name`, or `default` if the model has no such field."""
        names = {field.name for field in self.choice_fields()}
        return getattr(self, name) if name in names else default

    @classmethod
    def numeric_fields(cls) -> tuple[dataclasses.Field[Any], ...]:
        """Return the numeric fields in declared order."""
        return tuple(f for f in dataclasses.fields(cls) if "unit" in f.metadata)

    @classmethod
    def choice_fields(cls) -> tuple[dataclasses.Field[Any], ...]:
        """Return the fields that select a variant (strings and flags) in declared order."""
        return tuple(f for f in dataclasses.fields(cls) if "unit" not in f.metadata)

    @classmethod
    @functools.cache
    def choices(cls, name: str) -> tuple[Any, ...]:
        """Return the allowed values of the choice field `name`: strings, or (False, True)."""
        return get_args(get_type_hints(cls)[name]) or (False, True)

    def expanded(self, name: str, size: int) -> FloatArray:
        """Return field `name` for each of `size` neurons, shape (size,)."""
        return np.array(np.broadcast_to(expand(getattr(self, name)), (size,)), np.float64)

    def check(self, size: int, where: str) -> None:
        """Check shapes and ranges for a population of `size` neurons.

        Raises:
            ParameterError: a field is invalid; the message names it as `where.field`.
        """
        for field in self.numeric_fields():
            label = f"{where}.{field.name}"
            try:
                value = expand(getattr(self, field.name))
            except (TypeError, ValueError) as exc:
                raise ParameterError(f"{label}: expected numbers ({exc})") from exc
            if value.shape not in ((), (size,)):
                raise ParameterError(
                    f"{label}: shape {value.shape}, expected one number or ({size},)"
                )
            bad = np.isnan(value) | np.isneginf(value)
            if not field.metadata["infinite"]:
                bad = bad | np.isposinf(value)
            if np.any(bad):
                raise ParameterError(f"{label}: not finite")
            low = field.metadata["low"]
            if np.any(value < low):
                unit = field.metadata["unit"]
                raise ParameterError(
                    f"{label}: {float(np.min(value)):g} is below {low:g} (unit {unit})"
                )
        for field in self.choice_fields():
            choice, choices = getattr(self, field.name), self.choices(field.name)
            if choice not in choices:
                raise ParameterError(
                    f"{where}.{field.name}: {choice!r}, expected one of "
                    + ", ".join(map(repr, choices))
                )
