"""No module of the package imports itself by way of others, in any place of a file."""

import ast
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.paths import ROOT

FOLDERS = {"snn_control": ROOT / "snn_control", "snn_control.envs": ROOT / "envs"}


def modules(folders: dict[str, Path]) -> dict[str, Path]:
    """Return every module below some packages by its dotted name; a package is its `__init__`."""
    found = {}
    for package, folder in folders.items():
        for path in folder.rglob("*.py"):
            parts = path.relative_to(folder).with_suffix("").parts
            found[".".join((package, *parts)).removesuffix(".__init__")] = path
    return found


def nodes(path: Path) -> list[ast.AST]:
    """Return every node of a file."""
    return list(ast.walk(ast.parse(path.read_text("utf-8"))))


def imports(name: str, path: Path, within: Iterable[ast.AST], known: dict[str, Path]) -> set[str]:
    """Return the modules of `known` that a file imports in some of its nodes."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    found = set()
    for node in within:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) + 1 - node.level]
            base = ".".join([*(above if node.level else []), *filter(None, [node.module])])
            targets = [f"{base}.{alias.name}" for alias in node.names]
            found |= {target if target in known else base for target in targets}
    return found & known.keys()


def graph(folders: dict[str, Path]) -> dict[str, set[str]]:
    """Return the modules that each one imports."""
    known = modules(folders)
    return {name: imports(name, path, nodes(path), known) for name, path in known.items()}


def circles(edges: dict[str, set[str]]) -> list[list[str]]:
    """Return the groups of modules that import each other, largest first: R. Tarjan, 1972."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found = []

    def visit(name: str) -> None:
        index[name] = low[name] = len(index)
        stack.append(name)
        for target in sorted(edges[name]):
            if target not in index:
                visit(target)
            if target in stack:
                low[name] = min(low[name], low[target])
        if low[name] == index[name]:
            group = [stack.pop()]
            while group[-1] != name:
                group.append(stack.pop())
            if len(group) > 1 or name in edges[name]:
                found.append(sorted(group))

    for name in sorted(edges):
        if name not in index:
            visit(name)
    return sorted(found, key=lambda group: (-len(group), group))


def type_checking_imports(name: str, path: Path, known: dict[str, Path]) -> set[str]:
    """Return the modules of `known` that a file imports for type checking only."""
    guarded = [
        inner
        for node in nodes(path)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    ]
    return imports(name, path, guarded, known)


def test_no_module_imports_itself_by_way_of_others():
    found = circles(graph(FOLDERS))
    assert not found, "\n".join(" <-> ".join(group) for group in found)


def test_our_modules_are_not_imported_for_type_checking_only():
    known = modules(FOLDERS)
    found = {
        name: guarded
        for name, path in known.items()
        if (guarded := type_checking_imports(name, path, known))
    }
    assert not found


@pytest.fixture
def package(tmp_path: Path) -> dict[str, Path]:
    """A package with a circle through a function, one through a package, and a guarded import."""
    files = {
        "__init__.py": "",
        "a.py": "def f():\n    from p import b\n",
        "b.py": "from .sub.c import x\nimport numpy\n",
        "sub/__init__.py": "from p.sub.d import y\n",
        "sub/c.py": "import p.a\nfrom p.sub import d\n",
        "sub/d.py": "import typing\nif typing.TYPE_CHECKING:\n    from p.sub import z\n",
        "alone.py": "from p import a, b\nfrom p.sub import c\n",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return {"p": tmp_path}


def test_circles_are_found_in_functions_and_through_packages(package: dict[str, Path]):
    assert circles(graph(package)) == [["p.a", "p.b", "p.sub.c"], ["p.sub", "p.sub.d"]]


def test_guarded_imports_are_found(package: dict[str, Path]):
    known = modules(package)
    assert type_checking_imports("p.sub.d", known["p.sub.d"], known) == {"p.sub"}
    assert not type_checking_imports("p.a", known["p.a"], known)
