"""`snn-control train CONFIG`: training of a controller, with a report page."""

from __future__ import annotations

from dataclasses import dataclass

from snn_control.cli.optimise import OptimiseOptions, optimise_as, show
from snn_control.cli.result import Result

__all__ = ["Args", "run", "show"]


@dataclass(frozen=True, kw_only=True)
class Args(OptimiseOptions):
    """Train a controller in a run folder; the last line is the path of its report page.

    The configuration selects the method: surrogate gradients (blimp-free), proximal policy
    optimisation (swimmer, or cartpole for any environment), or evolution, as in `evolve`.

    Example: snn-control train swimmer --budget 60s --seed 1
    """


def run(args: Args) -> Result:
    """Train and evaluate the controller, write its page."""
    return optimise_as(args, "train")
