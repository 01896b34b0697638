"""Train a swimmer's circuit by proximal policy optimisation (PPO), of stable-baselines3.

In each round every body swims one episode, with several updates on the way. The draws of round k
depend only on the seed and k, so an interrupted training resumes to the same result.
"""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from snn_control.controllers import Swimmer, save
from snn_control.controllers.swimmer.plan import SwimmerPlan
from snn_control.engines.layout import lay_out
from snn_control.envs.swimmer.batch import SwimmerPool
from snn_control.envs.swimmer.start import draw_start
from snn_control.envs.swimmer.swim import EPISODE_TICKS
from snn_control.errors import require
from snn_control.runs import Run
from snn_control.training.budget import Budget, OnProgress
from snn_control.training.swimmer.closed_loop import swim
from snn_control.training.swimmer.ppo_config import PpoConfig
from snn_control.training.swimmer.task import FIRST_TRAINING_SEED
from snn_control.training.train_loop import (
    adam_arrays,
    one_torch_thread,
    require_arrays,
    require_finite,
    restore_adam,
    seeded_generators,
    train_until_spent,
)

if TYPE_CHECKING:
    from stable_baselines3 import PPO


def train_ppo(
    config: PpoConfig,
    run: Run,
    *,
    seed: int,
    budget: Budget,
    on_progress: OnProgress | None = None,
    resume_from: dict[str, np.ndarray] | None = None,
) -> Path:
    """Train until the budget is used up; checkpoints and the best model are written to the run.

    With a budget in environment steps or rounds (`Budget.generations`) an interrupted training
    resumes to the bit-identical result on the same machine.

    Args:
        config: configuration of the training.
        run: run to write to.
        seed: seed of the critic's initial weights, starts and exploration.
        budget: stopping criterion.
        on_progress: called with round, best and last validation cost, and fraction of budget used.
        resume_from: arrays of the checkpoint to resume from.

    Returns:
        Path of the document of the best model.

    Raises:
        MissingExtraError: stable-baselines3 is not installed.
        NotFiniteError: a parameter is NaN; the parameters are written to the run's `crash/`.
    """
    require("stable_baselines3", "rl")
    with one_torch_thread():
        training = PpoTraining(config, seed)
        if resume_from is not None:
            training.restore(resume_from)
        return train_until_spent(training, run, budget, config.validate_every, on_progress)


class PpoTraining:
    """Circuit, critic, optimiser and bodies; the state can be exported as arrays."""

    def __init__(self, config: PpoConfig, seed: int) -> None:
        from snn_control.training.swimmer.ppo_parts import SwimmerVecEnv

        self.config, self.seed, self.step = config, seed, 0
        starts_seed, validation_seed = np.random.SeedSequence(seed).generate_state(2)
        self._env = SwimmerVecEnv(
            config.swimmer.graded(),
            config.bodies,
            int(starts_seed),
            reward_scale=1.0 - config.discount,
        )
        with seeded_generators(seed, 0):
            self._ppo = _make_ppo(config, self._env)
        self._named = dict(self._ppo.policy.named_parameters())
        self._layout = lay_out(config.swimmer.network())
        self._pool = SwimmerPool(config.swimmer.n_links)
        drawn = np.random.default_rng(int(validation_seed)).integers(
            FIRST_TRAINING_SEED, 2**31, config.validation_starts
        )
        self._starts = [draw_start(config.swimmer.n_links, int(s), EPISODE_TICKS) for s in drawn]
        self.best_cost, self._best = math.inf, self.strengths()

    @property
    def environment_steps(self) -> int:
        """Control periods in training so far."""
        return self.step * self.config.steps_per_round

    def strengths(self) -> dict[str, float]:
        """Return the current strengths."""
        actor: Any = self._ppo.policy.action_net
        strengths: dict[str, float] = actor.circuit.strengths()
        return strengths

    def advance(self, spent: float = 0.0) -> dict[str, Any]:
        """Run one round of episodes and updates; return the mean cost of the episodes.

        Raises:
            NotFiniteError: an update made a parameter NaN.
        """
        self.step += 1
        try:
            with seeded_generators(self.seed, self.step):
                self._ppo.learn(self.config.steps_per_round, reset_num_timesteps=False)
        except ValueError:  # raised by stable-baselines3 on NaN actions
            require_finite(self.step, self._named)
            raise
        require_finite(self.step, self._named)
        return {
            "evaluations": self.step * self.config.bodies,
            "exploring_cost": 1.0 - float(self._env.last_returns.mean()) / EPISODE_TICKS,
        }

    def validate(self) -> float:
        """Return the cost without exploration; keep the strengths if they are the best so far."""
        strengths = self.strengths()
        swims = swim(
            self._layout,
            *self._layout.rows([self._with(strengths).network()]),
            self._pool,
            self._starts,
            period_ticks=self.config.swimmer.period_ticks,
            posture_start=self.config.swimmer.posture_start,
        )
        cost = 1.0 - float(swims.returns.mean()) / EPISODE_TICKS
        if cost < self.best_cost:
            self.best_cost, self._best = cost, strengths
        return cost

    def best(self) -> SwimmerPlan:
        """Return the plan with the best validated strengths."""
        return self._with(self._best)

    def _with(self, strengths: dict[str, float]) -> SwimmerPlan:
        plan = self.config.swimmer
        return replace(plan, strengths={**plan.strengths, **strengths})

    def write(self, folder: Path) -> None:
        """Write the best model as `folder/model`."""
        save(
            Swimmer.planned(self.best()),
            folder / "model",
            {"name": self.config.name, "step": self.step},
        )

    def state(self) -> dict[str, np.ndarray]:
        """Return the state as plain arrays."""
        arrays = {"step": np.array(self.step), "best_cost": np.array(self.best_cost)}
        arrays |= {f"best/{name}": np.array(value) for name, value in self._best.items()}
        return arrays | adam_arrays(self._ppo.policy.optimizer, self._named)

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Restore the arrays of `state` of a training with the same configuration."""
        best = [f"best/{name}" for name in self._best]
        require_arrays(state, ["step", "best_cost", *best], self._named)
        self.step, self.best_cost = int(state["step"]), float(state["best_cost"])
        self._best = {name: float(state[f"best/{name}"]) for name in self._best}
        self._env.round = self.step
        self._ppo.num_timesteps = self.environment_steps
        restore_adam(self._ppo.policy.optimizer, self._named, state)


def _make_ppo(config: PpoConfig, env: Any) -> PPO:
    from stable_baselines3 import PPO
    from stable_baselines3.common.logger import Logger

    from snn_control.training.swimmer.ppo_parts import CircuitPolicy

    ppo = PPO(
        CircuitPolicy,
        env,
        learning_rate=config.learning_rate,
        n_steps=EPISODE_TICKS // config.updates_per_round,
        batch_size=config.batch,
        n_epochs=config.epochs,
        gamma=config.discount,
        gae_lambda=config.gae_lambda,
        clip_range=config.clip_range,
        max_grad_norm=config.largest_gradient,
        target_kl=config.target_kl,
        policy_kwargs={
            "plan": config.swimmer.graded(),
            "trained": config.trained,
            "critic": config.critic,
            "action_std": config.action_std,
        },
        device="cpu",
    )
    ppo.set_logger(Logger(None, []))
    return ppo
