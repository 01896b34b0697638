"""`snn-control train CONFIG`: make a controller by gradients or by evolution, and its page."""

from __future__ import annotations

from dataclasses import dataclass

from snn_control.cli.optimise import OptimiseOptions, optimise_as, show
from snn_control.cli.result import Result

__all__ = ["Args", "run", "show"]


@dataclass(frozen=True, kw_only=True)
class Args(OptimiseOptions):
    """Make a controller as its configuration says; the last line is the path of its report page.

    By surrogate gradients (blimp-free), by proximal policy optimisation (swimmer), or by evolution,
    as `evolve` does.

    Example: snn-control train swimmer --budget 60s --seed 1
    """


def run(args: Args) -> Result:
    """Train, evaluate, report."""
    return optimise_as(args, "train")
