"""Documentation site: a strict build, complete and small, without requests to other servers."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zlib
from importlib.util import find_spec
from pathlib import Path

import pytest

import snn_control
from docs.hooks.public_modules import public_modules
from tests.paths import ROOT

BYTES = 20e6
pytestmark = pytest.mark.skipif(
    not all(map(find_spec, ("material", "mkdocstrings", "mkdocstrings_handlers"))),
    reason="the site is built by the extra [docs]: pip install -e '.[docs]'",
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site; warnings, dead links and pages outside of the navigation are errors."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_every_public_name_has_an_entry(site: Path) -> None:
    inventory = zlib.decompress(site.joinpath("objects.inv").read_bytes().split(b"\n", 4)[4])
    entries = {line.split()[0] for line in inventory.decode("utf-8").splitlines()}
    lazy = {f"snn_control.{name}": f"{source}.{name}" for name, source in snn_control._LAZY.items()}
    named = [f"{module}.{name}" for module, names in public_modules().items() for name in names]
    missing = [
        name
        for name in named
        if not {name, f"{name}.{name.rpartition('.')[2]}", lazy.get(name)} & entries
    ]
    assert not missing


def test_it_is_small(site: Path) -> None:
    assert sum(path.stat().st_size for path in site.rglob("*") if path.is_file()) <= BYTES


def test_it_requests_nothing_from_other_servers(site: Path) -> None:
    for page in site.rglob("*.html"):
        requested = re.findall(
            r"<(?:script|img|link|iframe)[^>]+(?:src|href)=\"(https?:[^\"]+)",
            page.read_text("utf-8"),
        )
        assert not [url for url in requested if "canonical" not in url], page


def test_internal_links_lead_to_pages_and_anchors(site: Path) -> None:
    anchors: dict[Path, set[str]] = {}
    for page in site.rglob("*.html"):
        anchors[page.resolve()] = set(re.findall(r"\bid=\"([^\"]+)\"", page.read_text("utf-8")))
    for page in anchors:
        for link in re.findall(r"<a[^>]+href=\"([^\"]+)\"", page.read_text("utf-8")):
            target, _, anchor = link.partition("#")
            if "://" in target or target.startswith(("mailto:", "/")):
                continue
            file = (page.parent / target).resolve() if target else page
            assert file.exists(), f"{page.name}: {link}"
            if anchor and file in anchors:
                assert anchor in anchors[file] or anchor.startswith("__"), f"{page.name}: {link}"
