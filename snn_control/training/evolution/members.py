"""Runs of several seeds: one folder with a complete run for each seed as its members."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from snn_control.controllers.files import model_path
from snn_control.runs import Run, checkpoints
from snn_control.runs.run import read_metrics
from snn_control.training.budget import OnProgress
from snn_control.training.method import MethodConfig
from snn_control.training.optimisation import optimise

__all__ = ["FOLDER", "member_folders", "optimise_members"]

FOLDER = "seeds"
"""Folder of the members in that of the run."""


def member_folders(folder: Path) -> list[Path]:
    """Return the folders of the finished members of a run, by seed; none for a single run."""
    folders = [path.parent for path in (folder / FOLDER).glob("*/manifest.json")]
    done = [path for path in folders if Run.open(path).manifest["status"] == "finished"]
    return sorted(done, key=lambda path: int(path.name))


def optimise_members(
    config: MethodConfig,
    run: Run,
    *,
    seeds: Sequence[int],
    budget: str = "",
    on_progress: OnProgress | None = None,
) -> Path:
    """Optimise with each seed in turn; return the model of the member with the lowest cost.

    Finished members are kept, an interrupted one resumes. The model becomes that of the run.

    Args:
        config: configuration of every member.
        run: run of the members, open for writing.
        seeds: one member each.
        budget: budget of each member, see `optimise`.
        on_progress: called with the generation, costs, and the fraction of all members done.

    Raises:
        See `optimise`.
    """
    finished = member_folders(run.folder)
    for rank, seed in enumerate(seeds):
        folder = run.folder / FOLDER / str(seed)
        if folder in finished:
            continue
        member, arrays = _opened(folder, run, config, seed, budget)

        def report(
            generation: int, best: float, median: float, done: float, rank: int = rank
        ) -> None:
            if on_progress:
                on_progress(generation, best, median, (rank + done) / len(seeds))

        optimise(config, member, seed=seed, budget=budget, on_progress=report, resume_from=arrays)
        member.finish()
    costs = {path: _cost(path) for path in member_folders(run.folder)}
    best = min(costs, key=lambda path: (costs[path], int(path.name)))
    source = model_path(best)
    assert source is not None

    def copy(checkpoint: Path) -> None:
        for suffix in (".json", ".safetensors"):
            shutil.copyfile(source.with_suffix(suffix), checkpoint / f"model{suffix}")

    meta = {"members": len(seeds), "best_seed": int(best.name)}
    run.checkpoint(len(seeds), {}, meta, best=True, extra=copy)
    return run.folder / "checkpoints" / "best" / "model.json"


def _opened(
    folder: Path, run: Run, config: MethodConfig, seed: int, budget: str
) -> tuple[Run, dict[str, Any] | None]:
    if checkpoints.steps(folder / "checkpoints"):
        member, checkpoint = Run.resume(folder)
        return member, checkpoint.arrays
    command = f"{run.manifest['command']} (member of seed {seed})"
    return Run.create(folder, command=command, config=config, seed=seed, budget=budget), None


def _cost(folder: Path) -> float:
    return min(float(record["best"]) for record in read_metrics(folder) if "best" in record)
