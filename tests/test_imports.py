"""Layers of imports, and duration of `import snn_control`."""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path
from runpy import run_path

import pytest

from tests.paths import ROOT

LEAVES = {
    "errors", "units", "compilation", "compiled", "addresses", "resources", "citations", "config",
    "lazy", "threads", "copies", "input_file", "packages", "seeds", "yaml_text", "array_file",
    "atmosphere", "ranges",
}  # fmt: skip
DATA = {"network", "coding", "plasticity", "runs"}
BESIDE = {"envs", "evolution", "supervision"}
MACHINES = {"engines", "export", "report"}
BELOW_LOOPS = LEAVES | DATA | MACHINES | {"controllers"}
BELOW_TRAINING = BELOW_LOOPS | BESIDE | {"loops"}
BELOW_STUDIES = BELOW_TRAINING | {"training"}

# Allowed imports of each part, besides itself and the package root, from the lowest layer up.
MAY_IMPORT: dict[str, set[str]] = {
    **{name: {"errors"} if name != "errors" else set() for name in LEAVES},
    "config": {"errors", "resources", "input_file", "yaml_text"},
    "yaml_text": {"errors", "input_file"},
    "array_file": {"errors", "input_file"},
    "addresses": {"compiled"},
    "compiled": {"compilation", "resources"},
    **dict.fromkeys(DATA, LEAVES | DATA),
    "envs": LEAVES,
    "evolution": LEAVES | DATA,
    "supervision": LEAVES,
    **dict.fromkeys(MACHINES, LEAVES | DATA | MACHINES),
    "controllers": LEAVES | DATA | MACHINES,
    "loops": BELOW_LOOPS | {"supervision"},
    "training": BELOW_TRAINING,
    "studies": BELOW_STUDIES,
    "checks": BELOW_STUDIES | {"studies"},
    "bench": BELOW_STUDIES,
    "ros": BELOW_STUDIES,
    "cli": BELOW_STUDIES | {"studies", "checks", "bench", "ros"},
    "__main__": {"cli"},
    "__init__": {"lazy"},
}
SYSTEMS = run_path(str(ROOT / "snn_control" / "ros" / "nodes.py"))["SYSTEMS"]
STEMS = {"route", "corridor"} | {system.name for system in SYSTEMS if system.name}
"""Names of the folders of systems in all layers."""
REEXPORTED = {"Altitude", "PID", "PIDConfig", "Swimmer"}
"""Classes of systems that `snn_control.controllers` exports."""
HEAVY = {"numba", "torch", "mujoco", "matplotlib", "plotly", "rclpy", "norse"}


def sources() -> dict[Path, tuple[str, ...]]:
    """Return every source file with the parts of its module name below snn_control."""
    names = {}
    for base, prefix in ((ROOT / "snn_control", ()), (ROOT / "envs", ("envs",))):
        for path in base.rglob("*.py"):
            names[path] = (*prefix, *path.relative_to(base).with_suffix("").parts)
    return names


def imported(path: Path, name: tuple[str, ...]) -> set[str]:
    """Return the parts of snn_control that a file imports anywhere."""
    targets = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            targets |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            package = ("snn_control", *name)[: len(name) + 1 - node.level]
            base = ".".join(package) if node.level else ""
            module = ".".join(filter(None, (base, node.module)))
            if module == "snn_control":
                targets |= {f"{module}.{alias.name}" for alias in node.names}
            else:
                targets.add(module)
    parts = [target.split(".") for target in targets]
    assert not [p for p in parts if p[0] == "envs"], f"{path}: import snn_control.envs, not envs"
    return {p[1] for p in parts if p[0] == "snn_control" and len(p) > 1 and p[1] != "__version__"}


@pytest.mark.parametrize(("path", "name"), sources().items(), ids=lambda v: str(v)[-40:])
def test_imports_follow_the_layers(path, name):
    part = name[0]
    assert part in MAY_IMPORT, f"{part} is in no layer: add it to MAY_IMPORT"
    wrong = imported(path, name) - MAY_IMPORT[part] - {part}
    assert not wrong, f"{path.relative_to(ROOT)} must not import {', '.join(sorted(wrong))}"


def test_no_cycle_between_parts():
    graph: dict[str, set[str]] = {}
    for path, name in sources().items():
        graph.setdefault(name[0], set()).update(imported(path, name) - {name[0]})
    list(TopologicalSorter(graph).static_order())


def test_imports_inside_functions_and_relative_imports(tmp_path):
    file = tmp_path / "x.py"
    file.write_text("def f():\n    from ..envs import a\n    import snn_control.cli.main\n")
    assert imported(file, ("runs", "x")) == {"envs", "cli"}


def test_import_is_fast_and_loads_no_heavy_module():
    """Measured in processor time, which is independent of other programs."""
    program = (
        "import sys, time; start = time.process_time(); import snn_control;"
        "print(time.process_time() - start, *sys.modules)"
    )
    took = []
    for _ in range(5):
        command = [sys.executable, "-c", program]
        seconds, *modules = subprocess.run(
            command, capture_output=True, text=True, check=True, cwd=ROOT
        ).stdout.split()
        took.append(float(seconds))
        assert not HEAVY & set(modules)
    assert min(took) < 0.3


def names_of_systems(tree: ast.AST) -> set[str]:
    """Return the names that a file imports from the folders of systems."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if {*(node.module or "").split(".")} & STEMS or alias.name in REEXPORTED:
                    names.add(alias.asname or alias.name)
    return names


def matched_classes(tree: ast.AST) -> set[str]:
    """Return the classes that code tests for by isinstance, issubclass or match."""
    classes = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("isinstance", "issubclass"):
            classes |= {n.id for n in ast.walk(node.args[1]) if isinstance(n, ast.Name)}
        elif isinstance(node, ast.MatchClass):
            classes.add(ast.unparse(node.cls))
    return classes


def test_classes_of_systems_are_tested_only_in_their_folders():
    for path, name in sources().items():
        if not {part.split("_")[0] for part in name} & STEMS:
            tree = ast.parse(path.read_text("utf-8"))
            classes = matched_classes(tree) & names_of_systems(tree)
            assert not classes, f"{path.relative_to(ROOT)} tests for {', '.join(sorted(classes))}"


def test_classes_of_sample_code():
    code = "if isinstance(x, A | (B, C)):\n    match y:\n        case D(): pass\n"
    assert matched_classes(ast.parse(code)) == {"A", "B", "C", "D"}
    code = "from snn_control.controllers import Swimmer as S, load\nfrom x.blimp.y import Z\n"
    assert names_of_systems(ast.parse(code)) == {"S", "Z"}
