"""C identifiers from names of models and populations."""

from __future__ import annotations

import re
from collections.abc import Iterable

from snn_control.errors import ParameterError

__all__ = ["check_prefix", "comment", "identifiers", "prefix_of"]

LONGEST = 48
RESERVED = frozenset(
    [
        "auto",
        "break",
        "case",
        "char",
        "const",
        "continue",
        "default",
        "do",
        "double",
        "else",
        "enum",
        "extern",
        "float",
        "for",
        "goto",
        "if",
        "inline",
        "int",
        "long",
        "register",
        "restrict",
        "return",
        "short",
        "signed",
        "sizeof",
        "static",
        "struct",
        "switch",
        "typedef",
        "union",
        "unsigned",
        "void",
        "volatile",
        "while",
        "alignas",
        "alignof",
        "and",
        "and_eq",
        "asm",
        "bitand",
        "bitor",
        "bool",
        "catch",
        "class",
        "compl",
        "concept",
        "const_cast",
        "consteval",
        "constexpr",
        "constinit",
        "co_await",
        "co_return",
        "co_yield",
        "decltype",
        "delete",
        "dynamic_cast",
        "explicit",
        "export",
        "false",
        "friend",
        "main",
        "mutable",
        "namespace",
        "new",
        "noexcept",
        "not",
        "not_eq",
        "nullptr",
        "operator",
        "or",
        "or_eq",
        "private",
        "protected",
        "public",
        "reinterpret_cast",
        "requires",
        "static_assert",
        "static_cast",
        "template",
        "this",
        "thread_local",
        "throw",
        "true",
        "try",
        "typeid",
        "typename",
        "using",
        "virtual",
        "wchar_t",
        "xor",
        "xor_eq",
    ]
)
"""Reserved words of C and C++, and `main`."""


def prefix_of(name: str) -> str:
    """Return the prefix for a model's name: other characters become `_`.

    Raises:
        ParameterError: nothing is left, or see `check_prefix`.
    """
    cleaned = re.sub(r"[^0-9A-Za-z]+", "_", name).strip("_").lower()
    return check_prefix(cleaned if not cleaned[:1].isdigit() else f"n{cleaned}")


def check_prefix(prefix: str) -> str:
    """Return a prefix that is a C identifier of at most `LONGEST` characters.

    Raises:
        ParameterError: it is none, or a reserved word of C or C++.
    """
    if not re.fullmatch(r"[A-Za-z][0-9A-Za-z_]*", prefix) or len(prefix) > LONGEST:
        raise ParameterError(
            f"name {prefix!r}: expected a letter, then letters, digits and _, at most {LONGEST}; "
            "pass another name"
        )
    if prefix in RESERVED:
        raise ParameterError(f"name {prefix!r} is a reserved word of C or C++; pass another name")
    return prefix


def comment(name: str) -> str:
    """Return a name as text of a comment in C: others than common characters become `_`."""
    return re.sub(r"[^0-9A-Za-z_ .:;,@>+-]", "_", name)[:LONGEST]


def identifiers(names: Iterable[str]) -> dict[str, str]:
    """Return a different identifier for each name; numbers separate those that would be equal."""
    chosen: dict[str, str] = {}
    for name in names:
        base = re.sub(r"[^0-9A-Za-z]+", "_", name).strip("_")[:LONGEST] or "part"
        free, k = base, 2
        while free in chosen.values():
            free, k = f"{base}_{k}", k + 1
        chosen[name] = free
    return chosen
