"""metrics.jsonl with lost, torn or damaged lines: reading and resuming."""

from __future__ import annotations

import json
import tracemalloc
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snn_control.checks import check
from snn_control.errors import DataWarning, RunError
from snn_control.report.inputs import read as read_report
from snn_control.runs import Run

N_STEPS = 8


def go_through(run: Run, first: int, last: int = N_STEPS) -> None:
    for step in range(first, last):
        run.log({"generation": step, "best": 1.0 / (step + 1)})
        run.checkpoint(step, {"x": np.arange(step)}, {})


@pytest.fixture
def whole(tmp_path: Path) -> bytes:
    """Metrics of a run without interruption."""
    run = Run.create(tmp_path / "whole", command="x", config={}, seed=0)
    go_through(run, 0)
    run.finish()
    return (tmp_path / "whole" / "metrics.jsonl").read_bytes()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Folder of an interrupted run with the checkpoints 3, 4 and 5."""
    run = Run.create(tmp_path / "run", command="x", config={}, seed=0)
    go_through(run, 0, 6)
    run.log({"generation": 6, "best": 0.0})
    run.close()
    return tmp_path / "run"


def _lines(change: Callable[[list[bytes]], list[bytes]]) -> Callable[[bytes], bytes]:
    return lambda data: b"".join(change(data.splitlines(keepends=True)))


def _replaced(k: int, line: bytes) -> Callable[[bytes], bytes]:
    return _lines(lambda lines: [*lines[:k], line, *lines[k + 1 :]])


DAMAGES: dict[str, tuple[Callable[[bytes], bytes], int | None]] = {
    "torn last line": (lambda data: data + b'{"generation": 7, "be', 5),
    "last line of the checkpoint lost": (_lines(lambda lines: lines[:5]), 4),
    "a line before the newest checkpoint lost": (_lines(lambda lines: lines[:5] + lines[6:]), 4),
    "last byte lost": (lambda data: data[: data.index(b'{"generation": 5') + 20], 4),
    "garbage in line 6": (_replaced(5, b"@#!~\n"), 4),
    "NUL bytes in line 5": (_replaced(4, bytes(30) + b"\n"), 3),
    "one digit changed in line 5": (_replaced(4, b'{"generation": 4, "best": 0.3}\n'), 3),
    "first line lost": (_lines(lambda lines: lines[1:]), None),
    "all lines lost": (lambda data: b"", None),
    "binary": (lambda data: bytes(range(256)), None),
}
"""Change of metrics.jsonl, and the checkpoint that the run resumes from; None: refused."""


@pytest.mark.parametrize("name", DAMAGES)
def test_a_resumed_run_has_the_metrics_of_an_uninterrupted_one_or_is_refused(
    name: str, folder: Path, whole: bytes
) -> None:
    damage, expected = DAMAGES[name]
    path = folder / "metrics.jsonl"
    path.write_bytes(damage(path.read_bytes()))
    before = path.read_bytes()
    if expected is None:
        with pytest.raises(RunError, match=r"metrics\.jsonl.*no earlier checkpoint"):
            Run.resume(folder)
        assert path.read_bytes() == before
        return
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run, checkpoint = Run.resume(folder)
    assert checkpoint.step == expected
    assert [w.category for w in caught] == [DataWarning] * (expected != 5)
    go_through(run, checkpoint.step + 1)
    run.finish()
    assert path.read_bytes() == whole


@pytest.mark.parametrize(
    "line", [b"@#!~", b"\0\0\0", b"5", b'"x"', b"[1]", b"{]", b"NaN", b'{"a": Infinity}', b"\xff"]
)
def test_a_damaged_line_is_an_error_with_file_and_number(line: bytes, folder: Path) -> None:
    path = folder / "metrics.jsonl"
    path.write_bytes(_replaced(2, line + b"\n")(path.read_bytes()))
    for read in (Run.open(folder).metrics, lambda: read_report(folder)):
        with pytest.raises(RunError, match=r"metrics\.jsonl: line 3 is damaged"):
            read()


def test_a_torn_last_line_is_ignored(folder: Path) -> None:
    path = folder / "metrics.jsonl"
    path.write_bytes(path.read_bytes() + b"\0\0\0{garbage")
    assert [record["generation"] for record in Run.open(folder).metrics()] == list(range(7))


def test_lost_lines_of_an_ended_run_are_an_error(tmp_path: Path, whole: bytes) -> None:
    path = tmp_path / "whole" / "metrics.jsonl"
    for damaged in (whole[: whole.rindex(b"{")], whole.replace(b"0.25", b"0.26")):
        assert damaged != whole
        path.write_bytes(damaged)
        with pytest.raises(RunError, match=r"metrics\.jsonl.*(lost|checksum)"):
            Run.open(tmp_path / "whole").metrics()


LOST = ("last line of the checkpoint lost", "first line lost", "one digit changed in line 5")


@pytest.mark.parametrize("name", [*LOST, "all lines lost", "last byte lost"])
def test_lost_lines_of_an_interrupted_run_are_an_error(name: str, folder: Path) -> None:
    path = folder / "metrics.jsonl"
    path.write_bytes(DAMAGES[name][0](path.read_bytes()))
    for read in (Run.open(folder).metrics, lambda: read_report(folder)):
        with pytest.raises(RunError, match=r"metrics\.jsonl.*(lost|checksum)"):
            read()
    assert not all(outcome.passed for outcome in check(str(folder)))


class Interrupted:
    """File whose writes are followed by Ctrl-C."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def write(self, data: bytes) -> int:
        self._file.write(data)
        raise KeyboardInterrupt

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def test_an_interrupt_at_a_write_leaves_a_good_run(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", command="x", config={}, seed=0)
    go_through(run, 0, 3)
    metrics: Any = run._metrics
    plain, metrics._file = metrics._file, Interrupted(metrics._file)
    with pytest.raises(KeyboardInterrupt):
        run.log({"generation": 3})
    metrics._file = plain
    run.checkpoint(3, {"x": np.arange(3)}, {})
    run.finish("stopped")
    assert [record["generation"] for record in Run.open(run.folder).metrics()] == [0, 1, 2]
    assert Run.resume(run.folder)[1].step == 3


def test_the_checksum_is_that_of_the_bytes_in_the_file(folder: Path) -> None:
    run, _ = Run.resume(folder)
    with (folder / "metrics.jsonl").open("ab") as file:
        file.write(b'{"generation": 6}\n')  # as before an interrupt between write and checksum
    run.log({"generation": 7})
    run.finish()
    assert [record["generation"] for record in Run.open(folder).metrics()] == list(range(8))


def test_long_metrics_are_read_in_little_memory(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", command="x", config={}, seed=0)
    line = b'{"generation": 0}' + b" " * 2_000_000 + b"\n"
    with (run.folder / "metrics.jsonl").open("ab") as file:
        for _ in range(60):
            file.write(line)
    run.checkpoint(0, {"x": np.arange(3)}, {})
    run.close()
    tracemalloc.start()
    try:
        run, checkpoint = Run.resume(run.folder)
        run.finish()
        assert len(run.metrics()) == 60
        assert tracemalloc.get_traced_memory()[1] < 20e6
    finally:
        tracemalloc.stop()
    assert checkpoint.metrics_bytes == 60 * len(line)


def test_a_missing_configuration_is_an_error(folder: Path) -> None:
    (folder / "config.yaml").unlink()
    for read in (Run.resume, read_report):
        with pytest.raises(RunError, match=r"config\.yaml is missing"):
            read(folder)
    head = json.loads((folder / "manifest.json").read_text())
    for key in ("sha256", "config_sha256"):
        del head[key]
    (folder / "manifest.json").write_text(json.dumps(head))
    assert Run.open(folder).config == {}, "a run of an earlier version"


def test_an_edited_configuration_is_refused(folder: Path) -> None:
    (folder / "config.yaml").write_text("name: other\n")
    with pytest.raises(RunError, match=r"config\.yaml differs from its checksum"):
        Run.resume(folder)
