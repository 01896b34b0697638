"""`snn-control train CONFIG`: train a controller by gradients, evaluate it, make its page."""

from __future__ import annotations

from dataclasses import dataclass

from snn_control.cli.optimise import OptimiseOptions, budget_of, finish, open_run, show
from snn_control.cli.progress import Progress
from snn_control.cli.result import Result
from snn_control.training.gradient import train
from snn_control.training.train_config import TrainConfig

__all__ = ["Args", "run", "show"]


@dataclass(frozen=True, kw_only=True)
class Args(OptimiseOptions):
    """Train a network from a random start into a run folder; the last line is its report page.

    Example: snn-control train blimp-free --budget 60s --seed 1
    """


def run(args: Args) -> Result:
    """Train, evaluate, report."""
    opened = open_run(args, TrainConfig)
    config = opened.config
    with Progress(quiet=args.json, unit="step") as progress:
        model = train(
            config,
            opened.run,
            seed=opened.seed,
            budget=budget_of(args, opened.run, config.steps),
            on_step=progress.update,
            resume_from=opened.arrays,
        )
    return finish(args, opened, model, verb="train", flights=config.flights, data=config.data)
