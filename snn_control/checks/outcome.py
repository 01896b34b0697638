"""One thing that was checked, and how a check that raises becomes one that failed."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """What a check found."""

    kind: str
    """`environment`, `controller`, `config` or `run`."""
    name: str
    """What must hold."""
    passed: bool
    found: str = ""
    """What was found; of a failed check: what is wrong."""
    remedy: str = ""
    """How to mend it; empty where it passed."""


class CheckFailedError(Exception):
    """Raised by a check to say what is wrong."""


class Checklist:
    """Runs checks one after the other and keeps what they found."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.outcomes: list[Outcome] = []

    def __call__(self, name: str, remedy: str, check: Callable[[], str | None]) -> bool:
        """Run one check, which returns what it found or raises anything; return if it passed.

        Warnings count as found, not as failed.
        """
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                found, passed = check() or "", True
            except CheckFailedError as exc:
                found, passed = str(exc), False
            except Exception as exc:  # what is checked is not ours and may raise anything
                found, passed = f"{type(exc).__name__}: {exc}", False
        said = [found, *dict.fromkeys(_plain(str(w.message)) for w in caught)]
        text = "; ".join(" ".join(part.split()) for part in said if part)
        self.outcomes.append(Outcome(self.kind, name, passed, text, "" if passed else remedy))
        return passed


def require(holds: bool, otherwise: str) -> None:
    """Raise `CheckFailedError` with `otherwise` unless `holds`."""
    if not holds:
        raise CheckFailedError(otherwise)


def _plain(text: str) -> str:
    """Remove the colours that Gymnasium puts around its warnings."""
    return text.replace("\x1b[33m", "").replace("\x1b[0m", "").removeprefix("WARN: ")
