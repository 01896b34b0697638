"""Pages of the documentation and their fenced blocks."""

from __future__ import annotations

import re
from pathlib import Path

from tests.paths import ROOT

DOCS = ROOT / "docs"
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "QUALITY_DECLARATION.md")),
    *sorted(DOCS.rglob("*.md")),
]


def page_id(page: Path) -> str:
    """Return the path of a page in the checkout, for the name of a test."""
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path, language: str) -> list[str]:
    """Return the fenced blocks of one language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text("utf-8"), re.M | re.S)


def commands(page: Path) -> list[str]:
    """Return the `snn-control` lines of the shell blocks of a page, without comments."""
    lines = "\n".join(blocks(page, "sh")).splitlines()
    return [line.split("#")[0].strip() for line in lines if line.startswith("snn-control ")]


def without_blocks(text: str) -> str:
    """Return a text without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)
