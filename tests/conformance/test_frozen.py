"""Dataclasses cannot be changed after they were checked."""

from __future__ import annotations

import ast

from tests.paths import ROOT

MUTABLE = {"BagContent", "Status"}
"""Dataclasses that collect values while they are filled."""


def test_dataclasses_are_frozen() -> None:
    mutable = set()
    for folder in ("snn_control", "envs"):
        for path in (ROOT / folder).rglob("*.py"):
            classes = (
                n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.ClassDef)
            )
            mutable |= {c.name for c in classes if not all(map(frozen, c.decorator_list))}
    assert mutable == MUTABLE


def frozen(decorator: ast.expr) -> bool:
    """Return False for a dataclass that can be changed."""
    text = ast.unparse(decorator)
    return not text.startswith("dataclass") or "frozen=True" in text
