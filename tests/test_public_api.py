"""Public names in `__all__`, and imports of the examples in documents."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

import pytest

import snn_control
from docs.hooks.public_modules import public_modules
from snn_control.errors import MissingExtraError
from tests.docs.pages import blocks
from tests.paths import ROOT
from tests.ros.conftest import NEEDS_ROS

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


PUBLIC = public_modules()


def imports(code: str) -> set[tuple[str, str]]:
    """Return module and name of each import from snn_control; the name may be empty."""
    imported = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("snn_control"):
            imported |= {(str(node.module), alias.name) for alias in node.names}
        elif isinstance(node, ast.Import):
            names = {alias.name for alias in node.names if alias.name.startswith("snn_control")}
            imported |= {(name, "") for name in names}
    return imported


def imported_by_pages() -> list[tuple[str, str, str]]:
    """Return page, module and name of each import in an example."""
    imported = set()
    for page in PAGES:
        for block in blocks(page, "python"):
            try:
                imported |= {(page.name, *each) for each in imports(block)}
            except SyntaxError:  # an entry of a literal
                assert ", in " in block.splitlines()[0]
    return sorted(imported)


@cache
def load(name: str) -> ModuleType:
    try:
        return import_module(name)
    except MissingExtraError as exc:
        pytest.skip(str(exc))
    except ModuleNotFoundError as exc:
        if exc.name is None or exc.name.partition(".")[0] in ("snn_control", "envs"):
            raise
        pytest.skip(f"{name} needs an optional package: {exc}")


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_public_names_exist_and_are_documented(name: str) -> None:
    if name.startswith("snn_control.ros."):
        pytest.importorskip("rclpy", reason=NEEDS_ROS)
    module, names = load(name), PUBLIC[name]
    assert names
    assert len(set(names)) == len(names)
    for public in names:
        value = getattr(module, public)
        if inspect.isclass(value) or inspect.isroutine(value):
            assert value.__doc__, f"{name}.{public} has no docstring"


def test_pages_have_imports() -> None:
    assert len(imported_by_pages()) > 25


@pytest.mark.parametrize(("page", "module", "name"), imported_by_pages())
def test_examples_import_only_public_names(page: str, module: str, name: str) -> None:
    if not name:
        assert find_spec(module) is not None
        return
    submodule = f"{module}.{name}"
    assert name in PUBLIC.get(module, ()) or submodule in PUBLIC, (
        f"{page} imports {name} of {module}: add it to __all__, or import a public name"
    )


def test_package_root_exports_the_main_names() -> None:
    code = (
        "import snn_control, sys; before = set(sys.modules)\n"
        "assert not {'numpy', 'numba', 'torch', 'mujoco'} & before\n"
        "from snn_control import PlaceRecognizer, load, make, rollout\n"
        "print(load('pid').action_names, make('Swim-v0').spec.id, rollout.__name__)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert done.stdout.split() == ["('motor_command',)", "snn_control/Swim-v0", "rollout"]
    assert set(snn_control.__all__) - {"__version__"} == {
        "PlaceRecognizer",
        "load",
        "make",
        "rollout",
    }
    assert set(snn_control.__all__) <= set(dir(snn_control))


def test_quality_declaration_defines_the_public_api() -> None:
    text = (ROOT / "QUALITY_DECLARATION.md").read_text("utf-8")
    assert "names in `__all__` of `snn_control` and its modules" in text
