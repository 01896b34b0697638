"""`snn-control evolve CONFIG`: evolution of a controller, with a report page."""

from __future__ import annotations

from dataclasses import dataclass

from snn_control.cli.optimise import OptimiseOptions, optimise_as, show
from snn_control.cli.options import OptionalNumber, OptionalText
from snn_control.cli.result import Result

__all__ = ["Args", "run", "show"]


@dataclass(frozen=True, kw_only=True)
class Args(OptimiseOptions):
    """Evolve a controller in a run folder; the last line is the path of its report page.

    Example: snn-control evolve blimp-altitude --budget 60s --seed 1
    """

    executor: OptionalText = None
    """Executor of the evaluations: auto, serial, threads, processes or ray; default: that of the
    configuration."""
    address: OptionalText = None
    """Ray cluster: local, auto or HOST:PORT; default: that of the configuration."""
    workers: OptionalNumber = None
    """Threads or processes; 0: one for each core. Default: those of the configuration. The result
    does not depend on them."""


def run(args: Args) -> Result:
    """Evolve and evaluate the controller, write its page."""
    names = ("executor", "address", "workers")
    chosen = {name: getattr(args, name) for name in names}
    return optimise_as(args, "evolve", {k: v for k, v in chosen.items() if v is not None})
