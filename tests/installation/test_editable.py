"""Editable install: scripts anywhere, also beside a clone that has the name of the package."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.installation.venvs import install, variables

SCRIPT = """
import snn_control
import snn_control.envs
print(snn_control.__file__, snn_control.envs.__file__, sep="\\n")
print(snn_control.load("pid").control_period_s)
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with a clone named like the package, and a virtual environment."""
    folder = tmp_path_factory.mktemp("home")
    install(folder / "venv", folder / "snn_control", "-e")
    return folder


def run(home: Path, cwd: Path, *words: str, **more: str) -> list[str]:
    done = subprocess.run(
        [home / "venv" / "bin" / "python", *words],
        env=variables(home / "venv") | more, capture_output=True, text=True, cwd=cwd,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("place", [".", "elsewhere", "snn_control", "snn_control/docs"])
def test_a_script_imports_the_package(place: str, home: Path) -> None:
    (home / place).mkdir(exist_ok=True)
    script = home / place / "script.py"
    script.write_text(SCRIPT, "utf-8")
    package, envs, period_s = run(home, script.parent, script.name)
    assert Path(package).resolve() == home / "snn_control" / "snn_control" / "__init__.py"
    assert Path(envs) == home / "snn_control" / "envs" / "__init__.py"
    assert period_s == "0.1"


def test_other_folders_of_the_checkout_cannot_be_imported(home: Path) -> None:
    names = ("configs", "envs", "models", "scripts")
    assert all((home / "snn_control" / name).is_dir() for name in names)
    code = f"from importlib.util import find_spec; print([n for n in {names} if find_spec(n)])"
    assert run(home, home / "venv", "-c", code) == ["[]"]


def test_another_package_on_the_path_comes_first(home: Path, tmp_path: Path) -> None:
    other = tmp_path / "snn_control" / "__init__.py"
    other.parent.mkdir()
    other.touch()
    code = "import snn_control; print(snn_control.__file__)"
    assert run(home, home, "-c", code, PYTHONPATH=str(tmp_path)) == [str(other)]


def test_an_installation_leaves_no_files_in_the_checkout(home: Path) -> None:
    assert not [*(home / "snn_control").rglob("*.egg-info")]


def test_kernels_are_cached_once_for_all_paths_to_the_clone(home: Path, tmp_path: Path) -> None:
    """Import by the link of the installation, then from the clone itself."""
    code = (
        "import numpy; from snn_control.compilation import on_compilation; names = []\n"
        "with on_compilation(names.append):\n"
        "    from snn_control.envs.blimp import plant\n"
        "    plant.signed_duty(1.0, 0.1, 1.0)\n"
        "print(names)"
    )
    cache = str(tmp_path / "cache")
    assert run(home, tmp_path, "-c", code, NUMBA_CACHE_DIR=cache) == ["['signed_duty']"]
    assert run(home, home / "snn_control", "-c", code, NUMBA_CACHE_DIR=cache) == ["[]"]
