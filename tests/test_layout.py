"""Sizes of files and folders, and tests that mirror the tree."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.paths import ROOT

PARTS = ("snn_control", "envs", "tests", "benchmarks", "launch")
MAX_LINES = 400
MAX_MODULES = 20
MODULES = {"snn_control/ros": 17}
"""Folders with a limit of their own."""
TOO_LONG = {"benchmarks/fingerprint.py"}
"""Files that are yet to be split; a file that has become short must leave this list."""
TOO_FULL = {"snn_control/controllers/place"}
"""Folders that are yet to be split; the same holds."""
WITHOUT_COUNTERPART = {
    "conformance": "registries of several layers",
    "docs": "pages of docs/",
}
"""Folders of tests that mirror no folder of the package, and their subject."""


def modules() -> list[Path]:
    """Return every Python file of the checkout, relative to it."""
    found = [path for part in PARTS for path in (ROOT / part).rglob("*.py")]
    return sorted(path.relative_to(ROOT) for path in (*found, *ROOT.glob("*.py")))


def folders_of_tests() -> list[str]:
    """Return the folders below tests that hold Python files, relative to it."""
    found = {path.parent.relative_to("tests") for path in modules() if path.parts[0] == "tests"}
    return sorted(folder.as_posix() for folder in found if folder != Path())


def test_no_file_is_too_long() -> None:
    lines = {p.as_posix(): len((ROOT / p).read_text("utf-8").splitlines()) for p in modules()}
    assert {path for path, n in lines.items() if n > MAX_LINES} == TOO_LONG


def test_no_folder_has_too_many_modules() -> None:
    counted = Counter(path.parent.as_posix() for path in modules())
    assert set(counted) >= set(MODULES)
    assert {f for f, n in counted.items() if n > MODULES.get(f, MAX_MODULES)} == TOO_FULL


@pytest.mark.parametrize("folder", folders_of_tests())
def test_a_folder_of_tests_mirrors_one_of_the_package(folder: str) -> None:
    assert (ROOT / "tests" / folder / "__init__.py").is_file()
    mirrored = (ROOT / folder) if folder.split("/")[0] == "envs" else ROOT / "snn_control" / folder
    assert mirrored.is_dir() != (folder in WITHOUT_COUNTERPART)


def test_exceptions_are_folders_of_tests() -> None:
    assert set(WITHOUT_COUNTERPART) <= set(folders_of_tests())
