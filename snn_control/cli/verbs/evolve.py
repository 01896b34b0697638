"""`snn-control evolve CONFIG`: evolve a controller, evaluate it beside the PID, make its page."""

from __future__ import annotations

from dataclasses import dataclass

from snn_control.cli.optimise import OptimiseOptions, budget_of, finish, open_run, show
from snn_control.cli.progress import Progress
from snn_control.cli.result import Result
from snn_control.training.evolve import EvolveConfig, evolve

__all__ = ["Args", "run", "show"]


@dataclass(frozen=True, kw_only=True)
class Args(OptimiseOptions):
    """Evolve a controller into a run folder; the last line is the path of its report page.

    Example: snn-control evolve blimp-altitude --budget 60s --seed 1
    """

    workers: int = 0
    """Threads; 0: all cores. The result does not depend on it."""


def run(args: Args) -> Result:
    """Evolve, evaluate, report."""
    _use_threads(args.workers)
    opened = open_run(args, EvolveConfig)
    config = opened.config
    with Progress(quiet=args.json) as progress:
        model = evolve(
            config,
            opened.run,
            seed=opened.seed,
            budget=budget_of(args, opened.run, config.generations),
            on_generation=progress.update,
            resume_from=opened.arrays,
        )
    task = config.task
    return finish(args, opened, model, verb="evolve", flights=task.flights, data=task.data)


def _use_threads(workers: int) -> None:
    import numba

    if workers:
        numba.set_num_threads(min(workers, numba.get_num_threads()))
