"""Print forty random docstrings for a second reader.

Usage: `python -m tests.docs.sample_docstrings [REVISION]`.

The commit is the seed. A reader who did not write them restates each in other words; each that is
misread is rewritten.
"""

from __future__ import annotations

import ast
import random
import subprocess
import sys
from collections.abc import Iterator

from tests.docs.language import docstrings
from tests.paths import ROOT

N = 40
FOLDERS = ("snn_control", "envs", "launch", "benchmarks")


def documented() -> Iterator[tuple[str, str]]:
    """Yield place and docstring of everything that has one."""
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node, text in docstrings(ast.parse(path.read_text("utf-8"))):
                yield f"{path.relative_to(ROOT)}: {getattr(node, 'name', 'module')}", text


def main(revision: str = "HEAD") -> None:
    """Print the docstrings that a commit selects."""
    command = ["git", "rev-parse", revision]
    commit = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True).stdout
    for place, text in random.Random(commit.strip()).sample(list(documented()), N):
        print(f"== {place}\n{text}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
