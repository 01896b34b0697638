"""Configuration of training a swimmer by PPO."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from snn_control.controllers.swimmer.circuit import CONTROL_PERIOD_S
from snn_control.controllers.swimmer.plan import SwimmerPlan
from snn_control.envs.swimmer.swim import EPISODE_TICKS
from snn_control.errors import ConfigError, UnknownNameError
from snn_control.evolution.ranges import check_between, check_positive
from snn_control.training.method import MethodConfig, check_controller_name
from snn_control.training.swimmer.system import Swimmer
from snn_control.training.swimmer.task import SwimmerTask

__all__ = ["PpoConfig"]


@dataclass(frozen=True)
class PpoConfig(MethodConfig):
    """Configuration of training by proximal policy optimisation.

    J. Schulman et al. (2017), arXiv:1707.06347. Graded cells are trained; spiking ones fire their
    rates, so that the same strengths serve both.
    """

    method: Literal["ppo"]
    name: str
    """Name of the controller that comes out."""
    swimmer: SwimmerPlan = field(default_factory=lambda: SwimmerPlan(posture_start=True))
    """The controller before it is trained; with a clock."""
    system: Literal["swimmer"] = "swimmer"
    """System of the controller."""
    trained: tuple[str, ...] = ("proprioception", "oscillator", "ipsilateral", "contralateral")
    """Strengths of its circuit that are trained; signs stay."""
    environment_steps: int = 180_000
    """Control periods to train for where no budget is given."""
    bodies: int = 4
    """That swim side by side, through rounds of an episode of `EPISODE_TICKS` each."""
    updates_per_round: int = 4
    """After equal parts of the episodes."""
    action_std: float = 0.2
    """Of the exploration, in efforts; fixed."""
    learning_rate: float = 0.01
    """Of Adam."""
    epochs: int = 10
    """Passes over the episodes of an update, at most."""
    batch: int = 250
    """Control periods a step of Adam."""
    discount: float = 0.97
    gae_lambda: float = 0.95
    """Of generalised advantage estimation, arXiv:1506.02438."""
    clip_range: float = 0.4
    """Of the ratio of new and old probability."""
    target_kl: float | None = None
    """Divergence of new and old policy that ends an update; None: any."""
    largest_gradient: float = 0.5
    """Norm that gradients are clipped to: without it ratios explode at a small `action_std`."""
    critic: tuple[int, ...] = (64, 64)
    """Hidden layers of the critic, which alone sees the velocities."""
    validate_every: int = 3
    """Rounds between validations."""
    validation_starts: int = 5
    """Episodes of a validation, without exploration; they are no part of the budget."""

    def __post_init__(self) -> None:
        check_controller_name(self.name, Swimmer())
        for name in ("bodies", "epochs", "batch", "validate_every", "validation_starts"):
            check_between(name, getattr(self, name), 1)
        for name in ("action_std", "learning_rate", "clip_range", "largest_gradient"):
            check_positive(name, getattr(self, name))
        if self.target_kl is not None:
            check_positive("target_kl", self.target_kl)
        for name in ("discount", "gae_lambda"):
            check_between(name, getattr(self, name), 0.0, 1.0)
        check_between("environment_steps", self.environment_steps, self.steps_per_round)
        check_between("updates_per_round", self.updates_per_round, 1)
        if EPISODE_TICKS % self.updates_per_round:
            raise ConfigError(
                f"updates_per_round: {self.updates_per_round}; expected a divisor of "
                f"{EPISODE_TICKS}"
            )
        collected = self.steps_per_round // self.updates_per_round
        if self.batch < 2 or collected % self.batch:
            raise ConfigError(f"batch: {self.batch}; expected a divisor of {collected}, 2 or more")
        if self.discount >= 1.0:
            raise ConfigError(f"discount: {self.discount:g}; expected less than 1")
        if self.swimmer.control_period_s != CONTROL_PERIOD_S:
            raise ConfigError(f"swimmer: its bodies have a period of {CONTROL_PERIOD_S:g} s")
        if self.swimmer.clock_free:
            raise ConfigError(
                "swimmer: a half-centre has a memory; PPO trains circuits with a clock"
            )
        strengths = self.swimmer.circuit().strengths
        for name in self.trained:
            if name not in strengths:
                raise UnknownNameError("strength", name, strengths)
        if not self.trained or len(set(self.trained)) < len(self.trained):
            raise ConfigError(f"trained: {self.trained}; name at least one, none of them twice")

    @property
    def steps_per_round(self) -> int:
        """Control periods of a round, of all bodies."""
        return self.bodies * EPISODE_TICKS

    @property
    def data(self) -> str:
        """Origin of the data."""
        return SwimmerTask.data

    @property
    def in_environment(self) -> bool:
        """Return True: swimmers swim."""
        return True

    @property
    def default_budget(self) -> str:
        """Control periods of the configuration."""
        return f"{self.environment_steps}steps"
