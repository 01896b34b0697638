"""Run folder: create, open, log, checkpoint, resume and finish a run."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from snn_control.copies import Independent
from snn_control.errors import ParameterError, RunError
from snn_control.runs import atomic, checkpoints, config_file, manifest, metrics_file
from snn_control.runs.checkpoints import Checkpoint
from snn_control.runs.lock import WriterLock

LOCK = ".lock"
INITIAL_FILES = {"manifest.json", "config.yaml", "metrics.jsonl"}
"""Files of a run before its first record."""


class Run(Independent):
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
                raise RunError(
                    f"{folder} is not empty; choose another --out, or use --resume {folder}"
                )
        lock = WriterLock(folder / LOCK)
        manifest.write(folder / "manifest.json", manifest.make(command, seed, budget))
        config_file.write(folder / "config.yaml", config)
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
        writes the same files as an uninterrupted one.

        Raises:
            RunError: the folder is not a run folder, has no complete checkpoint, or another process
                is writing to it.
        """
        reader = cls.open(folder)
        checkpoint = reader.restore(which)
        lock = WriterLock(reader.folder / LOCK)
        metrics_file.truncate(reader.folder / "metrics.jsonl", checkpoint.metrics_bytes)
        checkpoints.drop_after(reader.folder / "checkpoints", checkpoint.step)
        run = cls(reader.folder, lock=lock)
        run._set_manifest(status="running", ended=None)
        return run, checkpoint

    @property
    def manifest(self) -> dict[str, Any]:
        """Content of manifest.json."""
        return manifest.read(self.folder / "manifest.json")

    @property
    def config(self) -> dict[str, Any]:
        """Content of config.yaml."""
        return config_file.read(self.folder / "config.yaml")

    def log(self, record: Mapping[str, Any]) -> None:
        """Append one record to metrics.jsonl."""
        self._writer().append(record)

    def metrics(self) -> list[dict[str, Any]]:
        """Return all complete records of metrics.jsonl."""
        return metrics_file.read(self.folder / "metrics.jsonl")

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
        checkpoints.save(
            self.folder / "checkpoints",
            step,
            arrays,
            meta,
            metrics_bytes=self._writer().sync(),
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
        self._writer().sync()
        self._set_manifest(status=status, ended=manifest.now())
        self.close()

    def crash(self, arrays: Mapping[str, np.ndarray], message: str) -> Path:
        """Save the state of a fatal error in crash/, close the run, return the folder."""
        packed = checkpoints.pack(arrays)
        text = json.dumps({"message": message, "time": manifest.now()})

        def fill(partial: Path) -> None:
            (partial / checkpoints.ARRAYS).write_bytes(packed)
            (partial / "message.json").write_text(text + "\n", "utf-8")

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
