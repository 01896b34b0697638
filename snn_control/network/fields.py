"""Strict reading of a JSON document: every value is requested by name and type.

A field that is missing, unknown, of another type or out of range raises a `ModelFileError` with its
path in the document, such as `network.populations[2].size`.
"""

from __future__ import annotations

import json
import math
import reprlib
from collections.abc import Iterable, Sequence
from typing import Any

from snn_control.errors import ModelFileError, did_you_mean

_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 60


class Field:
    """Value of a document with its path in the document, for messages."""

    def __init__(self, value: Any, place: str = "") -> None:
        self.value, self.place = value, place

    def fail(self, expected: str) -> ModelFileError:
        """Return the error that names the received and the expected value."""
        received = _SHORT.repr(self.value)
        return ModelFileError(f"{self.place or 'document'}: expected {expected}, got {received}")

    def __getitem__(self, name: str) -> Field:
        place = f"{self.place}.{name}" if self.place else name
        if name not in self.mapping():
            raise ModelFileError(f"field {place} is missing")
        return Field(self.value[name], place)

    def __contains__(self, name: str) -> bool:
        return name in self.mapping()

    def mapping(self) -> dict[str, Any]:
        """Return the value, which must be a JSON object."""
        if not isinstance(self.value, dict):
            raise self.fail("a JSON object")
        return self.value

    def only(self, known: Iterable[str]) -> Field:
        """Refuse fields that are not among `known`; return this field."""
        known = set(known)
        for name in self.mapping():
            if name not in known:
                raise ModelFileError(
                    f"{self.place or 'document'}: unknown field {_SHORT.repr(name)}"
                    f"{did_you_mean(name[:60], known)}"
                )
        return self

    def items(self) -> list[Field]:
        """Return the entries of the value, which must be a JSON array."""
        if not isinstance(self.value, list):
            raise self.fail("a JSON array")
        return [Field(item, f"{self.place}[{k}]") for k, item in enumerate(self.value)]

    def text(self) -> str:
        """Return the value, which must be a string of printable characters, not empty."""
        if not (isinstance(self.value, str) and self.value and self.value.isprintable()):
            raise self.fail("a name")
        return self.value

    def one_of(self, choices: Sequence[str]) -> Any:
        """Return the value, which must be one of the strings in `choices`."""
        if not isinstance(self.value, str) or self.value not in choices:
            raise self.fail(f"one of {', '.join(map(repr, choices))}")
        return self.value

    def flag(self) -> bool:
        """Return the value, which must be true or false."""
        if not isinstance(self.value, bool):
            raise self.fail("true or false")
        return self.value

    def integer(self, low: int, high: int) -> int:
        """Return the value, which must be an integer in [low, high]."""
        whole = isinstance(self.value, int) and not isinstance(self.value, bool)
        if not whole or not low <= self.value <= high:
            raise self.fail(f"an integer in [{low}, {high}]")
        return self.value

    def number(self) -> float:
        """Return the value, which must be a finite number."""
        try:
            if isinstance(self.value, int | float) and not isinstance(self.value, bool):
                number = float(self.value)
                if math.isfinite(number):
                    return number
        except OverflowError:
            pass
        raise self.fail("a finite number")


def parse(text: bytes) -> Any:
    """Parse JSON; a duplicate name in an object is an error.

    Raises:
        ValueError: the text is not JSON or UTF-8, is nested too deeply or has a duplicate name.
    """
    try:
        return json.loads(text.decode("utf-8"), object_pairs_hook=_unique_names)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _unique_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) < len(pairs):
        names = [name for name, _ in pairs]
        duplicate = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"duplicate name {_SHORT.repr(duplicate)} in one object")
    return mapping
