"""Compilation of kernels: by the verb `warm`, and its report by the other verbs and the nodes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from snn_control.compilation import NOTICE, compiling, on_compilation, on_first_compilation
from tests.paths import ROOT

CHEAP = ("eval", "pid", "--episodes", "1", "--duration-s", "80")


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "snn_control", *words], capture_output=True, text=True, cwd=folder,
        env=os.environ | {"NUMBA_CACHE_DIR": str(folder / "cache"), "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


def test_a_second_process_compiles_nothing(tmp_path: Path) -> None:
    """With the cache of this machine, which the first call completes."""
    words = [sys.executable, "-m", "snn_control", "warm", "--json"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    for _ in range(2):
        done = subprocess.run(
            words, capture_output=True, text=True, cwd=tmp_path, env=environment, check=True
        )
    parts = json.loads(done.stdout)["parts"]
    assert list(parts) == ["controllers", "simulators", "places", "evolution"]
    assert {part["compiled"] for part in parts.values()} == {0}


def test_the_first_compilation_is_reported_once(tmp_path: Path) -> None:
    first, second = run(tmp_path, *CHEAP), run(tmp_path, *CHEAP)
    assert first.returncode == second.returncode == 0
    assert first.stderr.count(f"snn-control eval: {NOTICE}") == 1
    assert NOTICE not in second.stderr
    assert first.stdout == second.stdout


@pytest.mark.slow
def test_after_warm_no_verb_compiles(tmp_path: Path) -> None:
    warm = run(tmp_path, "warm")
    assert warm.returncode == 0
    assert "evolution: 0 kernels" not in warm.stdout
    commands = (
        ("evolve", "blimp-demo", "--budget", "2gen"),
        ("compare", "blimp-altitude", "blimp-altitude-twin", "--episodes", "1"),
        ("eval", "swimmer-spiking", "--episodes", "1"),
        ("eval", "swimmer-graded", "--episodes", "1"),
    )
    for words in commands:
        done = run(tmp_path, *words)
        assert done.returncode == 0, done.stderr
        assert NOTICE not in done.stderr, words


def collect(listen: Callable[[list[str]], object]) -> list[str]:
    names: list[str] = []
    with listen(names):  # type: ignore[attr-defined]
        compiling("first")
        compiling("second")
    compiling("third")
    return names


def test_listeners_end_with_their_block() -> None:
    assert collect(lambda names: on_compilation(names.append)) == ["first", "second"]
    assert collect(lambda names: on_first_compilation(names.append)) == [NOTICE]
