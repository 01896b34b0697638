"""Configuration of PPO training in any environment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from snn_control.errors import ConfigError
from snn_control.evolution.ranges import check_between, check_positive
from snn_control.training.any_environment.system import EnvironmentSystem
from snn_control.training.any_environment.task import EnvironmentTask
from snn_control.training.evolution.objective import REWARD, Objective
from snn_control.training.method import MethodConfig, check_controller_name
from snn_control.training.system import System

__all__ = ["EnvironmentPpoConfig"]


@dataclass(frozen=True)
class EnvironmentPpoConfig(MethodConfig):
    """Configuration of training by proximal policy optimisation in any environment.

    J. Schulman et al. (2017), arXiv:1707.06347. The `parameters` of the task are trained, with the
    surrogate gradients of the spikes, and stay in their ranges. Their read-outs are the means of
    normally distributed actions, or the logits of choices; the resulting controller acts without
    exploration.
    """

    method: Literal["ppo"]
    """Name of the method."""
    name: str
    """Name of the resulting controller."""
    task: EnvironmentTask
    """Environment, network and trained `parameters`; its `episodes` are those of a validation."""
    system: Literal["environment"] = "environment"
    """System of the controller."""
    start: dict[str, float] = field(default_factory=dict)
    """Start values by parameter; the network provides the others."""
    environment_steps: int = 100_000
    """Control periods, of training and validation, if no budget is passed."""
    environments: int = 16
    """Environments in parallel, in one process."""
    ticks: int = 64
    """Control periods of each environment in a round; gradients reach back as far at most."""
    learning_rate: float = 0.003
    """Learning rate of Adam; that of a parameter is relative to its range."""
    epochs: int = 10
    """Maximum passes over the data of a round."""
    batch: int = 256
    """Control periods in a step of Adam."""
    discount: float = 0.99
    """Discount factor of the return, below 1."""
    gae_lambda: float = 0.95
    """Lambda of generalised advantage estimation, arXiv:1506.02438."""
    clip_range: float = 0.2
    """Clipping range of the ratio of new to old probability."""
    target_kl: float | None = None
    """KL divergence of new and old policy that ends the passes of a round; None: no limit."""
    entropy: float = 0.0
    """Weight of the entropy of the actions in the loss."""
    largest_gradient: float = 0.5
    """Maximum norm of gradients."""
    action_std: float = 0.3
    """Standard deviation of the exploration noise on the actions of a Box, relative to half the
    range of each; absolute without bounds."""
    learned_std: bool = True
    """Train the standard deviation, which starts at `action_std`."""
    critic: tuple[int, ...] = (64, 64)
    """Sizes of the hidden layers of the critic, which observes all entries, normalised."""
    normalised_rewards: bool = True
    """Divide the rewards by the running standard deviation of the discounted return."""
    surrogate_alpha: float = 3.0
    """Steepness of the surrogate gradient (SuperSpike)."""
    validate_every: int = 10
    """Rounds between validations."""

    def __post_init__(self) -> None:
        check_controller_name(self.name, self.own_system)
        self._check_task()
        for name in ("environments", "ticks", "epochs", "validate_every"):
            check_between(name, getattr(self, name), 1)
        for name in (
            "learning_rate", "clip_range", "largest_gradient", "action_std", "surrogate_alpha",
        ):  # fmt: skip
            check_positive(name, getattr(self, name))
        if self.target_kl is not None:
            check_positive("target_kl", self.target_kl)
        check_between("entropy", self.entropy, 0.0)
        for name in ("discount", "gae_lambda"):
            check_between(name, getattr(self, name), 0.0, 1.0)
        if self.discount >= 1.0:
            raise ConfigError(f"discount: {self.discount:g}; expected less than 1")
        check_between("environment_steps", self.environment_steps, self.steps_per_round)
        if self.batch < 2 or self.steps_per_round % self.batch:
            raise ConfigError(
                f"batch: {self.batch}; expected a divisor of environments * ticks, "
                f"{self.steps_per_round}, 2 or more"
            )
        for size in self.critic:
            check_between("critic", size, 1)

    def _check_task(self) -> None:
        if self.task.genes:
            raise ConfigError(
                "task: genes: arguments of a function have no gradient; name `parameters` of the "
                "network, or use `method: evolve`"
            )
        if self.task.parsed_objectives != (Objective(REWARD, True),):
            raise ConfigError(
                f"task: objectives: {list(self.task.objectives)}; PPO maximises the reward alone; "
                "leave out `objectives`, or use `method: evolve`"
            )

    @property
    def own_system(self) -> System:
        """System of the controllers."""
        return EnvironmentSystem(self.task.environment, self.task.options)

    @property
    def steps_per_round(self) -> int:
        """Control periods of a round, of all environments."""
        return self.environments * self.ticks

    @property
    def data(self) -> str:
        """Origin of the data."""
        return self.task.data

    @property
    def in_environment(self) -> bool:
        """Return True: the controllers act in the environment."""
        return True

    @property
    def default_budget(self) -> str:
        """Control periods of the configuration."""
        return f"{self.environment_steps}steps"
