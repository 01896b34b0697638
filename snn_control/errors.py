"""Exceptions of the package.

A message states the received value, the expected value and the remedy.
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterable
from types import ModuleType
from typing import Any

__all__ = [
    "ConfigError",
    "ControlPeriodError",
    "CopyError",
    "DataWarning",
    "FitnessError",
    "FlightLogError",
    "InterfaceMismatchError",
    "MissingExtraError",
    "ModelFileError",
    "NotFiniteError",
    "ObservationError",
    "ParameterError",
    "RunError",
    "SnnControlError",
    "StartError",
    "UnknownNameError",
    "did_you_mean",
    "require",
]


LONGEST_NAME = 100
"""Length of the longest name that a message has in full, characters."""


class SnnControlError(Exception):
    """Base of all errors raised by snn_control."""


class UnknownNameError(SnnControlError, LookupError):
    """A name (environment, model, controller, config key ...) that is not registered."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        self.kind, self.name, self.known = kind, name, sorted(known)
        shown = name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}..."
        known_names = set(self.known)
        if "/" in name and not any("/" in other for other in known_names):
            super().__init__(f"{kind} {shown!r}: no such file or folder")
        else:
            super().__init__(f"unknown {kind} {shown!r}{did_you_mean(shown, known_names)}")


class FitnessError(SnnControlError):
    """An evaluation of a genome that raised, or whose worker ended.

    Args:
        message: message that names the individuals.
        first: first individual concerned.
        stop: individual after the last one.
        detail: traceback in the worker.
    """

    def __init__(self, message: str, first: int, stop: int, detail: str = "") -> None:
        super().__init__(message)
        self.first, self.stop, self.detail = first, stop, detail

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (*self.args, self.first, self.stop, self.detail)


class ParameterError(SnnControlError, ValueError):
    """A parameter outside its range, of the wrong shape or not finite."""


class ConfigError(SnnControlError, ValueError):
    """A configuration that cannot be used."""


class ModelFileError(SnnControlError, ValueError):
    """A model file that is corrupt, truncated, of another schema version or not finite."""


class ControlPeriodError(SnnControlError, ValueError):
    """A control period that differs from that of the network."""


class CopyError(SnnControlError, TypeError):
    """An object with a resource that cannot be copied or pickled."""


class ObservationError(SnnControlError, ValueError):
    """Refused observation, or option passed with it; the receiver is unchanged."""


class InterfaceMismatchError(SnnControlError, ValueError):
    """A mismatch of observation or action names between a controller and an environment."""


class FlightLogError(SnnControlError, ValueError):
    """A flight log that is empty, malformed or too short."""


class NotFiniteError(SnnControlError, ArithmeticError):
    """A fitness, cost or network state that is NaN or infinite."""


class RunError(SnnControlError):
    """A run folder that cannot be written, read or resumed."""


class StartError(RunError):
    """A process that cannot use its arguments or its environment."""


class DataWarning(UserWarning):
    """Data that are incomplete or doubtful but used; the message has the extent."""


class MissingExtraError(SnnControlError, ImportError):
    """A missing optional dependency."""


class MissingToolError(SnnControlError):
    """A program of the system that is not installed."""


class MissingCompilerError(MissingToolError):
    """No C compiler."""


class NoRoomError(ParameterError):
    """A program that does not fit the memory of a board."""


class LineError(SnnControlError):
    """A serial line that cannot be opened, or whose other end is closed."""


class ProtocolError(SnnControlError):
    """A firmware of another protocol or another model."""


class UnansweredError(SnnControlError):
    """A request without an answer in time.

    Args:
        message: message with the request and the time.
        silent: True if no byte was received at all: the other end is gone.
    """

    def __init__(self, message: str, silent: bool) -> None:
        super().__init__(message)
        self.silent = silent

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (*self.args, self.silent)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the end of an error message: close matches, or else all known names."""
    known = sorted(known)
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    if close:
        return ". Did you mean: " + ", ".join(f"`{c}`" for c in close) + "?"
    if any("," in other for other in known):
        known = [f"`{other}`" for other in known]
    return f". Known: {', '.join(known) or 'none'}"


def require(module: str, extra: str) -> ModuleType:
    """Import an optional `module`; the error names the extra that installs it.

    Raises:
        MissingExtraError: the module is not installed; the message has the pip command.
    """
    try:
        return importlib.import_module(module)
    except ImportError as exc:
        raise MissingExtraError(
            f"{module} is not installed; it comes with the [{extra}] extra: "
            f'pip install "snn_control[{extra}]"'
        ) from exc
