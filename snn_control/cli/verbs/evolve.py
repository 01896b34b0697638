"""`snn-control evolve CONFIG`: evolution of a controller, with a report page."""

from __future__ import annotations

from dataclasses import dataclass

from snn_control.cli.optimise import OptimiseOptions, optimise_as, show
from snn_control.cli.result import Result, WrongUseError

__all__ = ["Args", "run", "show"]


@dataclass(frozen=True, kw_only=True)
class Args(OptimiseOptions):
    """Evolve a controller in a run folder; the last line is the path of its report page.

    Example: snn-control evolve blimp-altitude --budget 60s --seed 1
    """

    workers: int = 0
    """Number of threads; 0: all cores. The result does not depend on it."""


def run(args: Args) -> Result:
    """Evolve and evaluate the controller, write its page."""
    _use_threads(args.workers)
    return optimise_as(args, "evolve")


def _use_threads(workers: int) -> None:
    import numba

    if workers < 0:
        raise WrongUseError(f"--workers is {workers}; expected at least 0")
    if workers:
        numba.set_num_threads(min(workers, numba.get_num_threads()))
