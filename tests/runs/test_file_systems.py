"""Runs on file systems without locks, links or the flushing of folders."""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snn_control.errors import DataWarning, RunError
from snn_control.runs import Run, checkpoints


def refuse(code: int) -> Any:
    def call(*_: Any) -> None:
        raise OSError(code, os.strerror(code))

    return call


def new_run(folder: Path) -> Run:
    return Run.create(folder, command="c", config={"name": "x"}, seed=0)


def checkpoint(run: Run, step: int, best: bool = False) -> None:
    run.checkpoint(step, {"x": np.array(step)}, {}, best=best)


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS])
def test_without_locks_a_run_is_written_with_a_warning(
    code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fcntl, "lockf", refuse(code))
    with pytest.warns(DataWarning, match="has no locks"):
        run = new_run(tmp_path / "run")
    checkpoint(run, 1)
    run.finish()
    assert Run.open(tmp_path / "run").manifest["status"] == "finished"


@pytest.mark.parametrize("code", [errno.EAGAIN, errno.EACCES])
def test_a_lock_that_is_held_is_an_error(
    code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fcntl, "lockf", refuse(code))
    with pytest.raises(RunError, match="another process is writing"):
        new_run(tmp_path / "run")


@pytest.mark.parametrize("code", [errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS])
def test_without_links_checkpoints_are_copied(
    code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "symlink", refuse(code))
    run = new_run(tmp_path / "run")
    for step in range(1, 7):
        checkpoint(run, step, best=step in (2, 5))
    run.finish("stopped")
    again, last = Run.resume(tmp_path / "run")
    assert last.step == last.arrays["x"] == 6
    assert again.restore("best").arrays["x"] == 5
    again.finish()
    folder = tmp_path / "run" / "checkpoints"
    assert not [path for path in folder.rglob("*") if path.is_symlink()]
    checkpoints.drop_after(folder, 4)
    assert checkpoints.load(folder).step == 4
    assert not (folder / "best").exists()


def test_folders_that_cannot_be_flushed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flush = os.fsync

    def flush_files(descriptor: int) -> None:
        if os.path.isdir(f"/proc/self/fd/{descriptor}"):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", flush_files)
    run = new_run(tmp_path / "run")
    checkpoint(run, 1, best=True)
    run.finish()
    assert Run.open(tmp_path / "run").restore("best").step == 1


def test_a_file_that_cannot_be_flushed_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", refuse(errno.EIO))
    with pytest.raises(RunError, match="cannot write"):
        new_run(tmp_path / "run")


def test_copied_checkpoints_become_links_on_another_file_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as without_links:
        without_links.setattr(os, "symlink", refuse(errno.EPERM))
        run = new_run(tmp_path / "run")
        checkpoint(run, 1, best=True)
        run.finish("stopped")
    folder = tmp_path / "run" / "checkpoints"
    assert not (folder / "best").is_symlink()
    again, _ = Run.resume(tmp_path / "run")
    checkpoint(again, 2, best=True)
    again.finish()
    assert os.readlink(folder / "best") == os.readlink(folder / "last") == "2"
    assert {path.name for path in folder.iterdir()} == {"1", "2", "best", "last"}
