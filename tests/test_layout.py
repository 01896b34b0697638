"""Sizes of files and folders, and correspondence of test folders to package folders."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.paths import ROOT

PARTS = ("snn_control", "envs", "tests", "benchmarks", "launch")
MAX_LINES = 400
MAX_MODULES = 20
MODULES = {"snn_control/ros": 20}
"""Folders with a different limit."""
WITHOUT_COUNTERPART = {
    "conformance": "registries of several layers",
    "docs": "pages of docs/",
    "installation": "setup.py, package.xml, requirements/",
}
"""Folders of tests without a counterpart in the package, and their subject."""


def modules() -> list[Path]:
    """Return every Python file of the checkout, relative to it."""
    paths = [path for part in PARTS for path in (ROOT / part).rglob("*.py")]
    return sorted(path.relative_to(ROOT) for path in (*paths, *ROOT.glob("*.py")))


def folders_of_tests() -> list[str]:
    """Return the folders below tests that contain Python files, relative to it."""
    folders = {path.parent.relative_to("tests") for path in modules() if path.parts[0] == "tests"}
    return sorted(folder.as_posix() for folder in folders if folder != Path())


def test_no_file_is_too_long() -> None:
    lines = {p.as_posix(): len((ROOT / p).read_text("utf-8").splitlines()) for p in modules()}
    assert {path for path, n in lines.items() if n > MAX_LINES} == set()


def test_no_folder_has_too_many_modules() -> None:
    counted = Counter(path.parent.as_posix() for path in modules())
    assert set(counted) >= set(MODULES)
    assert {f for f, n in counted.items() if n > MODULES.get(f, MAX_MODULES)} == set()


@pytest.mark.parametrize("folder", folders_of_tests())
def test_folder_of_tests_has_a_counterpart_in_the_package(folder: str) -> None:
    assert (ROOT / "tests" / folder / "__init__.py").is_file()
    mirrored = (ROOT / folder) if folder.split("/")[0] == "envs" else ROOT / "snn_control" / folder
    assert mirrored.is_dir() != (folder in WITHOUT_COUNTERPART)


def test_exceptions_are_folders_of_tests() -> None:
    assert set(WITHOUT_COUNTERPART) <= set(folders_of_tests())
