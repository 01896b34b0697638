"""Fields of configuration dataclasses: default, range and times of change.

The docstring of a field is its description. Its metadata, made by `parameter`, holds the range and
the time of change: never after the start (`read_only`), also in operation (`live`), or, by
default, only before the loop is made.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import textwrap
from typing import Any

__all__ = ["field_docs", "parameter"]


def parameter(
    default: Any,
    low: float | None = None,
    high: float | None = None,
    *,
    read_only: bool = False,
    live: bool = False,
) -> Any:
    """Return a dataclass field; a number needs a range, which also excludes NaN."""
    limits = None if low is None else (low, high)
    metadata = {"range": limits, "read_only": read_only, "live": live}
    return dataclasses.field(default=default, metadata=metadata)


def field_docs(config_type: type[Any]) -> dict[str, str]:
    """Return the docstring of each field, on one line."""
    docs: dict[str, str] = {}
    for kind in reversed(config_type.__mro__):
        if not dataclasses.is_dataclass(kind):
            continue
        body = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0]
        assert isinstance(body, ast.ClassDef)
        for field, after in zip(body.body, body.body[1:], strict=False):
            if (
                isinstance(field, ast.AnnAssign)
                and isinstance(field.target, ast.Name)
                and isinstance(after, ast.Expr)
                and isinstance(after.value, ast.Constant)
            ):
                docs[field.target.id] = " ".join(str(after.value.value).split())
    return docs
