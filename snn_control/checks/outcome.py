"""Outcome of a check, and the checklist that collects outcomes."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """Result of one check."""

    kind: str
    """`environment`, `controller`, `config` or `run`."""
    name: str
    """Name of the requirement."""
    passed: bool
    """True if the requirement holds."""
    detail: str = ""
    """Observed values; for a failed check, the fault."""
    remedy: str = ""
    """Remedy of the fault; empty if the check passed."""

    def __getattr__(self, name: str) -> str:
        if name == "found":
            warnings.warn("Outcome.found is now Outcome.detail", DeprecationWarning, stacklevel=2)
            return self.detail
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")


class CheckFailedError(Exception):
    """Failure of a check; the message describes the fault."""


class Checklist:
    """Collection of the outcomes of several checks."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.outcomes: list[Outcome] = []

    def __call__(self, name: str, remedy: str, check: Callable[[], str | None]) -> bool:
        """Run one check, which returns a detail or raises an exception; return True if it passed.

        Warnings are added to the detail and do not fail the check.
        """
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                detail, passed = check() or "", True
            except CheckFailedError as exc:
                detail, passed = str(exc), False
            except Exception as exc:  # user code may raise any exception
                detail, passed = f"{type(exc).__name__}: {exc}", False
        parts = [detail, *dict.fromkeys(_plain(str(w.message)) for w in caught)]
        text = "; ".join(" ".join(part.split()) for part in parts if part)
        self.outcomes.append(Outcome(self.kind, name, passed, text, "" if passed else remedy))
        return passed


def require(holds: bool, fault: str) -> None:
    """Raise `CheckFailedError` with the message `fault` unless `holds`."""
    if not holds:
        raise CheckFailedError(fault)


def _plain(text: str) -> str:
    """Remove the colour codes of Gymnasium's warnings."""
    return text.replace("\x1b[33m", "").replace("\x1b[0m", "").removeprefix("WARN: ")
