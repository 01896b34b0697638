"""Checkpoints of a run: numbered folders, with `last` and `best` as links to two of them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from snn_control.errors import ParameterError, RunError
from snn_control.runs import atomic
from snn_control.runs.checksums import pack_arrays, read_arrays, read_json, to_json

ARRAYS = "arrays.npz"
META = "meta.json"


@dataclass(frozen=True)
class Checkpoint:
    """State of an optimisation after `step` steps."""

    step: int
    arrays: dict[str, np.ndarray]
    meta: dict[str, Any]
    folder: Path
    metrics_bytes: int
    """Length of metrics.jsonl at the checkpoint, bytes; a resumed run truncates the file to it."""
    metrics_sha256: str = ""
    """SHA-256 of metrics.jsonl at the checkpoint; empty if the checkpoint has none."""


def save(
    folder: Path,
    step: int,
    arrays: Mapping[str, np.ndarray],
    meta: Mapping[str, Any],
    *,
    metrics_bytes: int = 0,
    metrics_sha256: str = "",
    best: bool = False,
    keep: int = 3,
    extra: Callable[[Path], None] | None = None,
) -> None:
    """Write `folder/step`, point `last` (and `best`) to it, keep the newest `keep` checkpoints.

    The folders that `last` and `best` point to are always kept.
    """
    if step < 0:
        raise ParameterError(f"step is {step}; expected at least 0")
    packed = pack_arrays(arrays)
    head = {
        "step": step,
        "metrics_bytes": metrics_bytes,
        "metrics_sha256": metrics_sha256,
        "meta": dict(meta),
    }
    text = to_json(head)

    def fill(partial: Path) -> None:
        (partial / ARRAYS).write_bytes(packed)
        (partial / META).write_bytes(text)
        if extra is not None:
            extra(partial)

    atomic.write_folder(folder / str(step), fill)
    atomic.point(folder / "last", str(step))
    if best:
        atomic.point(folder / "best", str(step))
    _prune(folder, keep)


def load(folder: Path, which: str | int = "last") -> Checkpoint:
    """Read the checkpoint `last`, `best` or of a step.

    If the link `last` is missing, the newest numbered checkpoint is used.

    Raises:
        RunError: the checkpoint does not exist or cannot be read; the message lists the others.
    """
    place = _locate(folder, str(which))
    try:
        head, arrays = read_json(place / META), read_arrays(place / ARRAYS)
        lines = int(head["metrics_bytes"]), str(head.get("metrics_sha256", ""))
        return Checkpoint(int(head["step"]), arrays, dict(head["meta"]), place, *lines)
    except (RunError, ValueError, KeyError, TypeError) as exc:
        others = ", ".join(str(step) for step in steps(folder)) or "none"
        raise RunError(
            f"checkpoint {place} is damaged ({exc}); available checkpoints: {others}; "
            "remove the damaged one to use the previous one"
        ) from exc


def metrics_of(folder: Path) -> tuple[int, str]:
    """Return length and SHA-256 of metrics.jsonl at the newest checkpoint; (0, "") without any."""
    try:
        head = read_json(_locate(folder, "last") / META)
        return int(head["metrics_bytes"]), str(head.get("metrics_sha256", ""))
    except (RunError, ValueError, KeyError, TypeError):  # `load` reports a damaged one
        return 0, ""


def steps(folder: Path) -> list[int]:
    """Return the steps of the numbered checkpoints in ascending order."""
    if not folder.is_dir():
        return []
    names = (entry.name.removesuffix("~") for entry in folder.iterdir())
    return sorted({int(name) for name in names if name.isdigit()})


def drop_after(folder: Path, step: int) -> None:
    """Remove the checkpoints after `step` and point `last` to it."""
    for later in (s for s in steps(folder) if s > step):
        _remove(folder, later)
    if (folder / str(step)).is_dir():
        atomic.point(folder / "last", str(step))
        best = folder / "best"
        if best.is_symlink():
            if not best.exists():
                best.unlink()
        elif best.is_dir() and int(read_json(best / META)["step"]) > step:  # a copy
            shutil.rmtree(best)


def _locate(folder: Path, which: str) -> Path:
    place = folder / which
    if place.is_dir():
        return place
    known = steps(folder)
    if which == "last" and known:
        which = str(known[-1])
    for name in (which, which + "~"):
        if (folder / name).is_dir():
            return folder / name
    raise RunError(
        f"no checkpoint {which!r} in {folder}; available checkpoints: "
        f"{', '.join(map(str, known)) or 'none, start a new run'}"
    )


def _prune(folder: Path, keep: int) -> None:
    atomic.remove_partials(folder)
    linked = {os.readlink(folder / n) for n in ("last", "best") if (folder / n).is_symlink()}
    for step in steps(folder)[:-keep]:
        if str(step) not in linked:
            _remove(folder, step)
    for aside in folder.glob("*~"):
        if aside.with_name(aside.name[:-1]).is_dir():
            shutil.rmtree(aside, ignore_errors=True)


def _remove(folder: Path, step: int) -> None:
    """Remove a checkpoint; rename it first, so that a partial folder is never read."""
    for place in (folder / str(step), folder / f"{step}~"):
        if place.is_dir():
            partial = folder / f"{atomic.PARTIAL}{os.getpid()}-old-{place.name}"
            os.rename(place, partial)
            shutil.rmtree(partial, ignore_errors=True)
