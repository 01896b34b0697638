"""Configuration of PPO training of a swimmer."""

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

    J. Schulman et al. (2017), arXiv:1707.06347. Graded cells are trained; the firing rates of
    spiking cells equal their outputs, so the same strengths apply to both.
    """

    method: Literal["ppo"]
    """Name of the method."""
    name: str
    """Name of the resulting controller."""
    swimmer: SwimmerPlan = field(default_factory=lambda: SwimmerPlan(posture_start=True))
    """Controller before training; must have a clock."""
    system: Literal["swimmer"] = "swimmer"
    """System of the controller."""
    trained: tuple[str, ...] = ("proprioception", "oscillator", "ipsilateral", "contralateral")
    """Trained strengths of the circuit; their signs stay."""
    environment_steps: int = 180_000
    """Control periods of the training if no budget is passed."""
    bodies: int = 4
    """Number of bodies in parallel; in a round each swims an episode of `EPISODE_TICKS`."""
    updates_per_round: int = 4
    """Updates in a round, after equal parts of the episodes."""
    action_std: float = 0.2
    """Constant standard deviation of the exploration noise on the efforts."""
    learning_rate: float = 0.01
    """Learning rate of Adam."""
    epochs: int = 10
    """Maximum passes over the data of an update."""
    batch: int = 250
    """Control periods in a step of Adam."""
    discount: float = 0.97
    """Discount factor of the return, below 1."""
    gae_lambda: float = 0.95
    """Lambda of generalised advantage estimation, arXiv:1506.02438."""
    clip_range: float = 0.4
    """Clipping range of the ratio of new to old probability."""
    target_kl: float | None = None
    """KL divergence of new and old policy that ends an update; None: no limit."""
    largest_gradient: float = 0.5
    """Maximum norm of gradients; unclipped, the ratios explode at a small `action_std`."""
    critic: tuple[int, ...] = (64, 64)
    """Sizes of the hidden layers of the critic, which alone observes the velocities."""
    validate_every: int = 3
    """Rounds between validations."""
    validation_starts: int = 5
    """Episodes of a validation, without exploration and not counted in the budget."""

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
            raise ConfigError(f"swimmer: expected a control_period_s of {CONTROL_PERIOD_S:g} s")
        if self.swimmer.clock_free:
            raise ConfigError("swimmer: clock_free: PPO needs a clock, as a half-centre has memory")
        strengths = self.swimmer.circuit().strengths
        for name in self.trained:
            if name not in strengths:
                raise UnknownNameError("strength", name, strengths)
        if not self.trained or len(set(self.trained)) < len(self.trained):
            raise ConfigError(f"trained: {self.trained}; name at least one, each once")

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
        """Return True: bodies are simulated."""
        return True

    @property
    def default_budget(self) -> str:
        """Control periods of the configuration."""
        return f"{self.environment_steps}steps"
