"""Cache of compiled kernels, in separate processes and installs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.other_user import unprivileged
from tests.paths import ROOT

MODULES = {
    "extra_numbers.py": "GAIN = 2.0\nOFFSET = 0.25\nTABLE = (1.0, 2.0)\n",
    "extra_callee.py": (
        "from snn_control import extra_numbers\n"
        "from snn_control.compiled import kernel\n"
        "@kernel()\ndef callee(x, k):\n    return x * 3 + extra_numbers.OFFSET + 0 * k\n"
    ),
    "extra_part.py": (
        "from numba import types\nfrom numba.core.extending import intrinsic\n"
        "@intrinsic\ndef plus_one(context, x):\n"
        "    def generate(context, builder, signature, arguments):\n"
        "        value = context.cast(builder, arguments[0], signature.args[0], types.float64)\n"
        "        one = context.get_constant(types.float64, 1.0)\n"
        "        return builder.fadd(value, one)\n"
        "    return types.float64(x), generate\n"
    ),
    "extra.py": (
        "from snn_control.compiled import kernel\n"
        "from snn_control.extra_callee import callee\n"
        "from snn_control.extra_numbers import GAIN, TABLE\n"
        "from snn_control.extra_part import plus_one\n"
        "@kernel()\ndef result(x):\n"
        "    return plus_one(callee(x, 0)) * GAIN + TABLE[1] + 0 * callee(x, int(x))\n"
    ),
}
PROGRAM = """
import json, sys
from snn_control import compiled
from snn_control.compilation import on_compilation
from snn_control.extra import result
names = []
with on_compilation(names.append):
    values = [result(float(v) if "." in v else int(v)) for v in sys.argv[1:]]
print(json.dumps({
    "compiled": names,
    "values": values,
    "hits": sum(result.stats.cache_hits.values()),
    "misses": sum(result.stats.cache_misses.values()),
    "package": compiled.__file__,
    "folder": str(compiled.cache_folder(compiled.source_hash())),
}))
"""
EXPECTED = (5.0 * 3 + 0.25 + 1.0) * 2.0 + 2.0


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Temporary folder that other users can read."""
    folder = Path(tempfile.mkdtemp(prefix="snn_control-test-"))
    folder.chmod(0o755)
    yield folder
    subprocess.run(["chmod", "-R", "u+w", str(folder)], check=False)
    shutil.rmtree(folder)


@pytest.fixture
def install(open_folder: Path) -> Path:
    """Copy of the package with four additional modules around one kernel."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "snn_control", open_folder / "snn_control", ignore=ignored)
    shutil.copytree(ROOT / "envs", open_folder / "snn_control" / "envs", ignore=ignored)
    for name, text in MODULES.items():
        (open_folder / "snn_control" / name).write_text(text)
    return open_folder


def command(program: str, *arguments: str, prefix: tuple[str, ...] = ()) -> list[str]:
    return [*prefix, sys.executable, "-B", "-c", program, *arguments]


def environment(install: Path, **variables: str | Path) -> dict[str, str]:
    removed = ("NUMBA", "XDG", "PYTHON")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(removed)}
    if sys.pycache_prefix:  # read only, because of -B
        kept["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix
    return kept | {"PYTHONPATH": str(install)} | {k: str(v) for k, v in variables.items()}


def run(install: Path, *arguments: str, prefix: tuple[str, ...] = (), **variables: Any) -> Any:
    done = subprocess.run(
        command(PROGRAM, *(arguments or ("5.0",)), prefix=prefix),
        env=environment(install, **variables), cwd=install, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert Path(report["package"]).is_relative_to(install)
    return report


def files(folder: Path) -> dict[str, int]:
    kernels = [path for path in folder.rglob("*") if path.suffix in (".nbi", ".nbc")]
    return {str(path): path.stat().st_mtime_ns for path in kernels}


def test_second_process_uses_the_cache(install: Path, tmp_path: Path) -> None:
    first = run(install, NUMBA_CACHE_DIR=tmp_path)
    assert (first["values"], first["hits"], first["misses"]) == ([EXPECTED], 0, 1)
    assert first["compiled"] == ["result", "callee"]
    before = files(tmp_path)
    assert len(before) == 4, "a literal argument must not compile a variant of the callee"
    second = run(install, NUMBA_CACHE_DIR=tmp_path)
    assert (second["values"], second["hits"], second["misses"]) == ([EXPECTED], 1, 0)
    assert not second["compiled"]
    assert files(tmp_path) == before


CHANGES = [
    ("extra_callee.py", "x * 3", "x * 4", EXPECTED + 10.0),
    ("extra_part.py", "float64, 1.0", "float64, 1.5", EXPECTED + 1.0),
    ("extra_numbers.py", "GAIN = 2.0", "GAIN = 4.0", 2 * EXPECTED - 2.0),
    ("extra_numbers.py", "OFFSET = 0.25", "OFFSET = 0.5", EXPECTED + 0.5),
    ("extra_numbers.py", "(1.0, 2.0)", "(1.0, 3.0)", EXPECTED + 1.0),
]


def test_change_of_another_module_recompiles(install: Path, tmp_path: Path) -> None:
    """Change of a callee, an inlined intrinsic, a constant, a constant of a callee."""
    assert run(install, NUMBA_CACHE_DIR=tmp_path)["values"] == [EXPECTED]
    for module, old, new, expected in CHANGES:
        path = install / "snn_control" / module
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))
        assert run(install, NUMBA_CACHE_DIR=tmp_path)["values"] == [expected]
        path.write_text(text)


@pytest.mark.slow
def test_change_of_unrelated_module_keeps_the_cache(install: Path, tmp_path: Path) -> None:
    run(install, NUMBA_CACHE_DIR=tmp_path)
    path = install / "snn_control" / "errors.py"
    path.write_text(path.read_text() + "\n# comment\n")
    assert run(install, NUMBA_CACHE_DIR=tmp_path)["hits"] == 1


@pytest.mark.slow
def test_change_of_another_package_recompiles(install: Path, tmp_path: Path) -> None:
    package = install / "my_robot"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "part.py").write_text("import numba\n@numba.njit\ndef f(x):\n    return x + 1\n")
    (package / "body.py").write_text(
        "from snn_control.compiled import kernel\nfrom my_robot.part import f\n"
        "@kernel()\ndef result(x):\n    return f(x)\n"
    )
    program = "from my_robot.body import result; print(result(1.0))"

    def value() -> str:
        return subprocess.run(
            command(program), env=environment(install, NUMBA_CACHE_DIR=tmp_path),
            capture_output=True, text=True, check=True,
        ).stdout.strip()  # fmt: skip

    assert value() == "2.0"
    (package / "part.py").write_text("import numba\n@numba.njit\ndef f(x):\n    return x + 2\n")
    assert value() == "3.0"


@pytest.mark.slow
@pytest.mark.parametrize("damage", [b"", b"\x80\x04rubbish"])
def test_damaged_cache_files_are_replaced(damage: bytes, install: Path, tmp_path: Path) -> None:
    run(install, NUMBA_CACHE_DIR=tmp_path)
    for path in files(tmp_path):
        Path(path).write_bytes(damage)
    again = run(install, NUMBA_CACHE_DIR=tmp_path)
    assert (again["values"], again["misses"]) == ([EXPECTED], 1)
    assert run(install, NUMBA_CACHE_DIR=tmp_path)["hits"] == 1


def test_concurrent_processes_share_the_cache(install: Path, tmp_path: Path) -> None:
    """Each process compiles the kernel for another type and writes to the same index."""
    started = [
        subprocess.Popen(
            command(PROGRAM, argument), stdout=subprocess.PIPE, text=True,
            env=environment(install, NUMBA_CACHE_DIR=tmp_path), cwd=install,
        )
        for argument in ("5.0", "5")
    ]  # fmt: skip
    for process in started:
        assert json.loads(process.communicate()[0])["values"] == [EXPECTED]
    later = run(install, "5.0", "5", NUMBA_CACHE_DIR=tmp_path)
    assert later["values"] == [EXPECTED, EXPECTED]
    assert (later["hits"], later["misses"]) == (2, 0)


def test_cache_without_a_home_is_private(install: Path, tmp_path: Path) -> None:
    variables: dict[str, Any] = {"HOME": "/dev/null/nowhere", "TMPDIR": tmp_path}
    first = run(install, **variables)
    private = tmp_path / f"snn_control-{os.getuid()}"
    assert Path(first["folder"]).is_relative_to(private)
    assert private.stat().st_mode & 0o777 == 0o700
    assert run(install, **variables)["hits"] == 1


def make_writable(private: Path, elsewhere: Path) -> None:
    private.mkdir()
    private.chmod(0o777)


def make_link(private: Path, elsewhere: Path) -> None:
    elsewhere.mkdir()
    private.symlink_to(elsewhere)


@pytest.mark.parametrize(
    "prepare", [make_writable, pytest.param(make_link, marks=pytest.mark.slow)]
)
def test_cache_folder_writable_by_others_is_not_used(
    prepare: Callable[[Path, Path], None], install: Path, tmp_path: Path
) -> None:
    """Recompile in every process without a safe folder: cached kernels are executable code."""
    prepare(tmp_path / f"snn_control-{os.getuid()}", tmp_path / "elsewhere")
    for _ in range(2):
        report = run(install, HOME="/dev/null/nowhere", TMPDIR=tmp_path)
        assert (report["values"], report["hits"], report["folder"]) == ([EXPECTED], 0, "None")
    assert not files(tmp_path)


def test_read_only_install_uses_the_cache(install: Path, open_folder: Path) -> None:
    prefix = unprivileged("numba")
    home = open_folder / "home"
    home.mkdir()
    home.chmod(0o777)
    subprocess.run(["chmod", "-R", "a-w", str(install / "snn_control")], check=True)
    first = run(install, prefix=prefix, HOME=home)
    assert first["values"] == [EXPECTED]
    assert Path(first["folder"]).is_relative_to(home / ".cache")
    assert run(install, prefix=prefix, HOME=home)["hits"] == 1


@pytest.mark.slow
def test_read_only_install_without_a_home(install: Path, open_folder: Path) -> None:
    prefix = unprivileged("numba")
    temporary = open_folder / "tmp"
    temporary.mkdir()
    temporary.chmod(0o1777)
    subprocess.run(["chmod", "-R", "a-w", str(install / "snn_control")], check=True)
    variables: dict[str, Any] = {"HOME": "/nonexistent", "TMPDIR": temporary}
    assert run(install, prefix=prefix, **variables)["values"] == [EXPECTED]
    assert run(install, prefix=prefix, **variables)["hits"] == 1


ENGINE = """
import numpy as np
from snn_control import load
controller = load("pid")
from snn_control.engines.native import NativeEngine
from snn_control.network import Connection, Network, Population, Readout
from snn_control.network.neurons import LeakyIntegrator
network = Network("n", 0.1, ("x",), (Population("y", 1, LeakyIntegrator()),),
                  (Connection("input", "y", np.ones((1, 1))),), (Readout("y", "y"),))
print(NativeEngine(network).step([3.0]).item())
"""


@pytest.mark.slow
def test_change_of_the_flat_accessors_recompiles(install: Path, tmp_path: Path) -> None:
    """The change doubles the weight that the inlined accessor returns to a kernel."""

    def value() -> str:
        return subprocess.run(
            command(ENGINE), env=environment(install, NUMBA_CACHE_DIR=tmp_path), cwd=install,
            capture_output=True, text=True, check=True,
        ).stdout.strip()  # fmt: skip

    assert value() == "3.0"
    path = install / "snn_control" / "engines" / "flat_access.py"
    old = "            _mark(value, builder.module, scope)\n            return value\n"
    assert old in path.read_text()
    new = (
        "            _mark(value, builder.module, scope)\n"
        '            if scope == "weights":\n'
        "                value = builder.fadd(value, value)\n"
        "            return value\n"
    )
    path.write_text(path.read_text().replace(old, new))
    assert value() == "6.0"
