"""Import cycles between modules of the package, anywhere in a file."""

import ast
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.paths import ROOT

FOLDERS = {"snn_control": ROOT / "snn_control", "snn_control.envs": ROOT / "envs"}


def modules(folders: dict[str, Path]) -> dict[str, Path]:
    """Return the path of each module by dotted name; a package stands for its `__init__`."""
    paths = {}
    for package, folder in folders.items():
        for path in folder.rglob("*.py"):
            parts = path.relative_to(folder).with_suffix("").parts
            paths[".".join((package, *parts)).removesuffix(".__init__")] = path
    return paths


def nodes(path: Path) -> list[ast.AST]:
    """Return all nodes of a file."""
    return list(ast.walk(ast.parse(path.read_text("utf-8"))))


def imports(name: str, path: Path, within: Iterable[ast.AST], known: dict[str, Path]) -> set[str]:
    """Return the modules of `known` that the nodes `within` of a file import."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    imported = set()
    for node in within:
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) + 1 - node.level]
            base = ".".join([*(above if node.level else []), *filter(None, [node.module])])
            targets = [f"{base}.{alias.name}" for alias in node.names]
            imported |= {target if target in known else base for target in targets}
    return imported & known.keys()


def graph(folders: dict[str, Path]) -> dict[str, set[str]]:
    """Return the imported modules of each module."""
    known = modules(folders)
    return {name: imports(name, path, nodes(path), known) for name, path in known.items()}


def cycles(edges: dict[str, set[str]]) -> list[list[str]]:
    """Return the groups of modules that import each other, largest first (R. Tarjan, 1972)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    groups = []

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
                groups.append(sorted(group))

    for name in sorted(edges):
        if name not in index:
            visit(name)
    return sorted(groups, key=lambda group: (-len(group), group))


def type_checking_imports(name: str, path: Path, known: dict[str, Path]) -> set[str]:
    """Return the modules of `known` that a file imports only for type checking.

    Modules that the file names in a text are imported on first use.
    """
    guarded = [
        inner
        for node in nodes(path)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    ]
    texts = {node.value for node in nodes(path) if isinstance(node, ast.Constant)}
    return imports(name, path, guarded, known) - texts


def test_package_has_no_import_cycles():
    groups = cycles(graph(FOLDERS))
    assert not groups, "\n".join(" <-> ".join(group) for group in groups)


def test_no_module_is_imported_only_for_type_checking():
    known = modules(FOLDERS)
    type_checking = {
        name: guarded
        for name, path in known.items()
        if (guarded := type_checking_imports(name, path, known))
    }
    assert not type_checking


@pytest.fixture
def package(tmp_path: Path) -> dict[str, Path]:
    """Package with a cycle through a function, one through a package, and a guarded import."""
    files = {
        "__init__.py": "",
        "a.py": "def f():\n    from p import b\n",
        "b.py": "from .sub.c import x\nimport numpy\n",
        "sub/__init__.py": "from p.sub.d import y\n",
        "sub/c.py": "import p.a\nfrom p.sub import d\n",
        "sub/d.py": "import typing\nif typing.TYPE_CHECKING:\n    from p.sub import z\n",
        "alone.py": "from p import a, b\nfrom p.sub import c\n",
        "later.py": "import typing\nif typing.TYPE_CHECKING:\n    from p.a import f\nX = 'p.a'\n",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return {"p": tmp_path}


def test_cycles_through_functions_and_packages(package: dict[str, Path]):
    assert cycles(graph(package)) == [["p.a", "p.b", "p.sub.c"], ["p.sub", "p.sub.d"]]


def test_type_checking_imports_are_listed(package: dict[str, Path]):
    known = modules(package)
    assert type_checking_imports("p.sub.d", known["p.sub.d"], known) == {"p.sub"}
    assert not type_checking_imports("p.a", known["p.a"], known)
    assert not type_checking_imports("p.later", known["p.later"], known)
