"""Public modules of the package, read without importing them."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def declared(path: Path) -> list[str] | None:
    """Return `__all__` of a file; None if it has none."""
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return list(ast.literal_eval(node.value))
    return None


@cache
def public_modules() -> dict[str, list[str]]:
    """Return `__all__` of each module that has one, by dotted name, in the order of the names."""
    modules = {}
    for base, prefix in (
        (ROOT / "snn_control", "snn_control"),
        (ROOT / "envs", "snn_control.envs"),
    ):
        for path in base.rglob("*.py"):
            parts = path.relative_to(base).with_suffix("").parts
            names = declared(path)
            if names is not None and "__main__" not in parts:
                kept = parts[:-1] if parts[-1] == "__init__" else parts
                modules[".".join((prefix, *kept))] = names
    return dict(sorted(modules.items()))
