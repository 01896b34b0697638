"""Episodes that no optimisation used, as evidence of a study."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from snn_control.controllers import Controller
from snn_control.errors import ParameterError, UnknownNameError
from snn_control.studies.study import StudyConfig
from snn_control.training.evaluate import evaluate
from snn_control.training.system import System


@dataclass(frozen=True, kw_only=True)
class HeldOutConfig(StudyConfig):
    """Settings of a study with held-out episodes.

    Raises:
        ParameterError: `episodes` below 1 or `first_episode` below 0.
    """

    episodes: int = 5
    """Held-out episodes of each controller, equal for all."""
    first_episode: int = 10_000
    """Seed of the first of these episodes; training does not use the default seeds."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.episodes < 1:
            raise ParameterError(f"episodes is {self.episodes}; expected at least 1")
        if self.first_episode < 0:
            raise ParameterError(f"first_episode is {self.first_episode}; expected at least 0")

    @property
    def episode_seeds(self) -> range:
        """Seeds of the episodes."""
        return range(self.first_episode, self.first_episode + self.episodes)

    @property
    def episodes_text(self) -> str:
        """Number and seeds of the episodes, for a summary."""
        seeds = self.episode_seeds
        if len(seeds) == 1:
            return f"1 held-out episode, seed {seeds[0]}"
        return f"{len(seeds)} held-out episodes, seeds {seeds[0]} to {seeds[-1]}"


def held_out_means(
    controller: Controller, name: str, system: System, seeds: Sequence[int]
) -> dict[str, float]:
    """Return the means over episodes of `total_reward` and of the headline metric of the system.

    Args:
        controller: controller to run in the environment of its system.
        name: its name.
        system: its system.
        seeds: seeds of the episodes.

    Raises:
        UnknownNameError: an episode lacks the headline metric.
        InterfaceMismatchError, ControlPeriodError: see `rollout`.
    """
    evaluation = evaluate(controller, name, seeds=seeds, system=system)
    present = evaluation.episodes[0].metrics
    metrics = dict.fromkeys(("total_reward", system.headline.metric))
    for metric in metrics:
        if metric not in present:
            raise UnknownNameError("metric", metric, present)
    return {metric: float(evaluation.values(metric).mean()) for metric in metrics}
