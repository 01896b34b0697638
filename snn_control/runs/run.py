"""Run folder: create, open, log, checkpoint, resume and finish a run."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from snn_control.copies import Copied
from snn_control.errors import DataWarning, ParameterError, RunError
from snn_control.runs import atomic, checkpoints, config_file, manifest, metrics_file
from snn_control.runs.checkpoints import Checkpoint
from snn_control.runs.checksums import pack_arrays, to_json
from snn_control.runs.lock import WriterLock

LOCK = ".lock"
INITIAL_FILES = {"manifest.json", "config.yaml", "metrics.jsonl"}
"""Files of a run before its first record."""


class Run(Copied):
    """Run folder. `Run.create` and `Run.resume` open it for writing, `Run.open` for reading."""

    def __init__(self, folder: Path, *, lock: WriterLock | None = None) -> None:
        self.folder = folder
        self._lock = lock
        self._metrics = metrics_file.MetricsFile(folder / "metrics.jsonl") if lock else None

    @classmethod
    def create(
        cls, folder: str | Path, *, command: str, config: Any, seed: int, budget: str = ""
    ) -> Run:
        """Start a run in a new or empty folder, or in that of a run without records.

        `config` is the resolved configuration: a dataclass or a mapping. `budget` is the budget of
        the run, stored for `resume`; empty: the budget of the configuration.

        Raises:
            RunError: the folder is not empty or cannot be written.
        """
        folder = Path(folder)
        with atomic.writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
            if not _has_no_records(folder):
                raise RunError(f"{folder} is not empty; choose another --out")
        lock = WriterLock(folder / LOCK)
        packed = config_file.pack(config)
        head = manifest.make(command, seed, budget)
        head["config_sha256"] = hashlib.sha256(packed).hexdigest()
        manifest.write(folder / "manifest.json", head)
        atomic.write_bytes(folder / "config.yaml", packed)
        return cls(folder, lock=lock)

    @classmethod
    def open(cls, folder: str | Path) -> Run:
        """Open a run for reading.

        Raises:
            RunError: the folder is not a run folder.
        """
        folder = Path(folder)
        manifest.read(folder / "manifest.json")
        return cls(folder)

    @classmethod
    def resume(cls, folder: str | Path, which: str | int = "last") -> tuple[Run, Checkpoint]:
        """Open a run for writing and return it with the checkpoint to resume from.

        Metrics lines and checkpoints after that checkpoint are removed, so that the resumed run
        writes the same files as an uninterrupted one. If metrics lines before the newest checkpoint
        are lost or damaged, the run resumes from the newest one before the fault.

        Raises:
            RunError: the folder is not a run folder, has no complete checkpoint without such a
                fault before it, or another process is writing to it.

        Warns:
            DataWarning: metrics lines were lost; has the step that the run resumes from.
        """
        reader = cls.open(folder)
        _ = reader.config  # checked before anything is changed
        checkpoint = _undamaged(reader, which)
        lock = WriterLock(reader.folder / LOCK)
        checkpoints.drop_after(reader.folder / "checkpoints", checkpoint.step)
        metrics_file.truncate(reader.folder / "metrics.jsonl", checkpoint.metrics_bytes)
        run = cls(reader.folder, lock=lock)
        run._set_manifest(status="running", ended=None, metrics_sha256="")
        return run, checkpoint

    @property
    def manifest(self) -> dict[str, Any]:
        """Content of manifest.json."""
        return manifest.read(self.folder / "manifest.json")

    @property
    def config(self) -> dict[str, Any]:
        """Content of config.yaml."""
        digest = str(self.manifest.get("config_sha256", ""))
        return config_file.read(self.folder / "config.yaml", digest)

    def log(self, record: Mapping[str, Any]) -> None:
        """Append one record to metrics.jsonl."""
        self._writer().append(record)

    def metrics(self) -> list[dict[str, Any]]:
        """Return all complete records of metrics.jsonl.

        Raises:
            RunError: a line is damaged, or lines are lost before the end of the run or, if it has
                not ended, before its newest checkpoint.
        """
        return read_metrics(self.folder)

    def checkpoint(
        self,
        step: int,
        arrays: Mapping[str, np.ndarray],
        meta: Mapping[str, Any],
        *,
        best: bool = False,
        extra: Callable[[Path], None] | None = None,
    ) -> None:
        """Save the state after `step` steps.

        `meta` is JSON (non-finite numbers are allowed). `extra(folder)` writes further files into
        the checkpoint, for example the best network. The last three checkpoints and the best one
        are kept.

        Raises:
            RunError: the disk is full or cannot be written; earlier checkpoints are intact.
        """
        length, digest = self._writer().sync()
        checkpoints.save(
            self.folder / "checkpoints",
            step,
            arrays,
            meta,
            metrics_bytes=length,
            metrics_sha256=digest,
            best=best,
            extra=extra,
        )

    def restore(self, which: str | int = "last") -> Checkpoint:
        """Read the checkpoint `last`, `best` or of a step without changes on the disk."""
        return checkpoints.load(self.folder / "checkpoints", which)

    def finish(self, status: str = "finished") -> None:
        """Write the final status and close the run.

        Raises:
            ParameterError: `status` is not one of `finished`, `stopped`, `crashed`.
        """
        if status not in manifest.STATUSES[1:]:
            raise ParameterError(f"status is {status!r}; expected one of {manifest.STATUSES[1:]}")
        length, digest = self._writer().sync()
        self._set_manifest(
            status=status, ended=manifest.now(), metrics_bytes=length, metrics_sha256=digest
        )
        self.close()

    def crash(self, arrays: Mapping[str, np.ndarray], message: str) -> Path:
        """Save the state of a fatal error in crash/, close the run, return the folder."""
        packed = pack_arrays(arrays)
        text = to_json({"message": message, "time": manifest.now()})

        def fill(partial: Path) -> None:
            (partial / checkpoints.ARRAYS).write_bytes(packed)
            (partial / "message.json").write_bytes(text)

        atomic.write_folder(self.folder / "crash", fill)
        self.finish("crashed")
        return self.folder / "crash"

    def close(self) -> None:
        """Close the run without a final status; it can be resumed."""
        if self._metrics is not None and self._lock is not None:
            self._metrics.close()
            self._lock.release()
        self._metrics = self._lock = None

    def _writer(self) -> metrics_file.MetricsFile:
        if self._metrics is None:
            raise RunError(
                f"{self.folder} is open for reading; use Run.create or Run.resume to write"
            )
        return self._metrics

    def _set_manifest(self, **changes: Any) -> None:
        manifest.write(self.folder / "manifest.json", {**self.manifest, **changes})


def read_metrics(folder: Path) -> list[dict[str, Any]]:
    """Return all complete records in a folder with metrics.jsonl, see `Run.metrics`."""
    head = manifest.read(folder / "manifest.json") if (folder / "manifest.json").exists() else {}
    if head.get("metrics_sha256"):
        length, digest = head["metrics_bytes"], head["metrics_sha256"]
    else:
        length, digest = checkpoints.metrics_of(folder / "checkpoints")
    return metrics_file.read(folder / "metrics.jsonl", length, digest)


def _undamaged(run: Run, which: str | int) -> Checkpoint:
    """Return the chosen checkpoint, or the newest before it whose metrics lines are whole."""
    chosen = run.restore(which)
    path = run.folder / "metrics.jsonl"
    earlier = [step for step in checkpoints.steps(run.folder / "checkpoints") if step < chosen.step]
    fault = ""
    for step in (None, *reversed(earlier)):
        try:
            checkpoint = chosen if step is None else run.restore(step)
            metrics_file.require_prefix(path, checkpoint.metrics_bytes, checkpoint.metrics_sha256)
        except RunError as exc:
            fault = fault or str(exc)
            continue
        if fault:
            warnings.warn(
                f"{fault}; the run resumes from step {checkpoint.step} in place of {chosen.step}",
                DataWarning,
                stacklevel=3,
            )
        return checkpoint
    raise RunError(
        f"{fault}; no earlier checkpoint lies before the fault; restore the file from a copy, or "
        "start a new run"
    )


def _has_no_records(folder: Path) -> bool:
    """Return True if a folder is empty or contains only the files of `Run.create`."""
    names = {entry.name for entry in folder.iterdir()} - {LOCK}
    if not names:
        return True
    records = folder / "metrics.jsonl"
    if not names <= INITIAL_FILES or (records.exists() and records.stat().st_size):
        return False
    try:
        manifest.read(folder / "manifest.json")
    except RunError:
        return False
    return True
