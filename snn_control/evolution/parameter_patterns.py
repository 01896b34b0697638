"""Ranges of network parameters by pattern, such as `*.weights` or `hidden.tau_*_s`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from snn_control.errors import ConfigError, did_you_mean
from snn_control.evolution.codec import Choice, Gene
from snn_control.evolution.parameter_codec import ParameterRange, parameters_of
from snn_control.network import Network
from snn_control.units import decay

__all__ = ["gene", "parameter_ranges"]

_RANGE = "[low, high] or [low, high, log]"


def parameter_ranges(
    template: Network, bounds: Mapping[str, Sequence[Any]]
) -> tuple[ParameterRange, ...]:
    """Return the range of each parameter that a pattern matches.

    Args:
        template: network with the parameters.
        bounds: `[low, high]` or `[low, high, log]` by name or shell pattern, in the unit of the
            parameter. A time constant, in s, is evolved as its decay in one tick unless `log`.

    Raises:
        ConfigError: a pattern that matches no parameter or one that another pattern matches, or
            malformed bounds.
        ParameterError: bounds the wrong way round, not finite, or not positive with `log`.
    """
    names, matched, ranges = [*parameters_of(template)], dict[str, str](), []
    for pattern, row in bounds.items():
        low, high, log = _bounds(f"parameters: {pattern}", row)
        own = [name for name in names if fnmatchcase(name, pattern)]
        if not own:
            raise ConfigError(
                f"parameters: {pattern!r} matches no parameter of network {template.name!r}"
                f"{did_you_mean(pattern, names)}"
            )
        for name in own:
            if name in matched:
                raise ConfigError(
                    f"parameters: {name} is matched by {matched[name]!r} and {pattern!r}; make "
                    "one of them narrower"
                )
            matched[name] = pattern
            checked = ParameterRange(name, low, high, log)
            if checked.is_decay:
                if low < 0.0:
                    raise ConfigError(f"parameters: {name}: {low} s; expected at least 0")
                low_decay, high_decay = decay([low, high], template.dt_s).tolist()
                checked = ParameterRange(name, low_decay, high_decay)
            ranges.append(checked)
    return tuple(ranges)


def gene(name: str, spec: Any) -> Gene | Choice:
    """Return the gene of an argument.

    Args:
        name: name of the argument.
        spec: `[low, high]`, `[low, high, log]`, `[low, high, integer]` or `{choice: [A, B]}`.

    Raises:
        ConfigError: another form.
        ParameterError: bounds the wrong way round, not finite, or not positive with `log`.
    """
    where = f"genes: {name}"
    if isinstance(spec, Mapping):
        values = spec.get("choice")
        if [*spec] != ["choice"] or not isinstance(values, list | tuple):
            raise ConfigError(f"{where}: {dict(spec)}; expected {{choice: [A, B]}}")
        return Choice(name, tuple(values))
    form = "[low, high], [low, high, log], [low, high, integer] or {choice: [A, B]}"
    low, high, scale = _row(where, spec, form, ("log", "integer"))
    return Gene(name, low, high, log=scale == "log", integer=scale == "integer")


def _bounds(where: str, row: Any) -> tuple[float, float, bool]:
    low, high, scale = _row(where, row, _RANGE, ("log",))
    return low, high, scale == "log"


def _row(where: str, row: Any, form: str, scales: Sequence[str]) -> tuple[float, float, str]:
    """Split `[low, high]` or `[low, high, SCALE]`."""
    entries = [*row] if isinstance(row, list | tuple) else []
    numbers = [isinstance(x, int | float) and not isinstance(x, bool) for x in entries[:2]]
    if len(entries) not in (2, 3) or not all(numbers) or not set(entries[2:]) <= {*scales}:
        raise ConfigError(f"{where}: {row!r}; expected {form}")
    return float(entries[0]), float(entries[1]), entries[2] if len(entries) == 3 else ""
