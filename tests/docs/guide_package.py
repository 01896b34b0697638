"""Package `my_robot` of the tutorials, installed into a separate folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import blocks
from tests.paths import ROOT

TUTORIALS = ROOT / "docs" / "tutorials"
FILES = (".py", ".toml", ".yaml")


def write_files(page: Path, folder: Path) -> None:
    """Write or append the blocks of a page whose first line names a file."""
    for language in ("python", "toml", "yaml"):
        for text in blocks(page, language):
            head = text.split("\n", 1)[0].removeprefix("# ")
            path = folder / head.removeprefix("append to ")
            if not head.endswith(FILES):
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            before = path.read_text("utf-8") if head.startswith("append to ") else ""
            path.write_text(before + text, encoding="utf-8")


def install(source: Path, site: Path) -> None:
    """Install a package without network."""
    options = ["--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--target", str(site)]
    command = [sys.executable, "-m", "pip", "install", *options, str(source)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def installed(tmp_path_factory: pytest.TempPathFactory, *pages: str) -> Path:
    """Write and install the package of some pages; return the folder to put on the path."""
    pytest.importorskip("setuptools", reason="setuptools builds the package of the guide")
    source, site = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("site")
    (source / "my_robot").mkdir()
    (source / "my_robot" / "__init__.py").touch()
    for page in pages:
        write_files(TUTORIALS / page, source)
    install(source, site)
    for path in source.glob("*.yaml"):
        (site / path.name).write_text(path.read_text("utf-8"), encoding="utf-8")
    return site


def run_python(package: Path, code: str) -> subprocess.CompletedProcess[str]:
    """Run code in the folder of the package, with it and the checkout on the path."""
    return subprocess.run(
        [sys.executable, "-W", "error::RuntimeWarning", "-c", code],
        capture_output=True,
        text=True,
        cwd=package,
        env=environment(package),
    )


def environment(package: Path) -> dict[str, str]:
    """Return the environment with package and checkout on the path."""
    return os.environ | {"PYTHONPATH": os.pathsep.join([str(package), str(ROOT)])}


def run_commands(package: Path, page: str, index: int = 0) -> dict[str, str]:
    """Run the commands of a block of a page one by one; return the output of each."""
    outputs = {}
    for line in blocks(TUTORIALS / page, "sh")[index].splitlines():
        words = line.split()[1:]
        done = run_python(
            package, f"import sys; from snn_control.cli.main import main; sys.exit(main({words}))"
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        outputs[line] = done.stdout
    return outputs
