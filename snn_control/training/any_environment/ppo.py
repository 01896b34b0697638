"""Train the free parameters of a network in any environment by PPO, of sb3-contrib.

In each round all environments advance by some control periods, then the parameters are updated.
The draws of a round depend only on seed and round, and checkpoints hold the unfinished episodes, so
an interrupted training resumes to the same result.
"""

from __future__ import annotations

import math
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.controllers import save
from snn_control.errors import require
from snn_control.runs import Run
from snn_control.threads import one_blas_thread
from snn_control.training.any_environment.genome import ParameterGenome
from snn_control.training.any_environment.ppo_config import EnvironmentPpoConfig
from snn_control.training.budget import Budget, OnProgress
from snn_control.training.interface import Interface
from snn_control.training.rollout import match
from snn_control.training.train_loop import (
    adam_arrays,
    one_torch_thread,
    require_arrays,
    require_finite,
    restore_adam,
    seeded_generators,
    train_until_spent,
)

Arrays = dict[str, npt.NDArray[Any]]


def train_in_environment(
    config: EnvironmentPpoConfig,
    run: Run,
    *,
    seed: int,
    budget: Budget,
    on_progress: OnProgress | None = None,
    resume_from: Arrays | None = None,
) -> Path:
    """Train until the budget is used up; checkpoints and the best model are written to the run.

    With a budget in environment steps or rounds (`Budget.generations`) an interrupted training
    resumes to the bit-identical result on the same machine, if episodes with equal seeds are equal.

    Args:
        config: configuration of the training.
        run: run to write to.
        seed: seed of the critic's initial weights, episodes and exploration.
        budget: stopping criterion.
        on_progress: called with round, best and last validation cost, and fraction of budget used.
        resume_from: arrays of the checkpoint to resume from.

    Returns:
        Path of the document of the best model.

    Raises:
        MissingExtraError: sb3-contrib is not installed.
        ConfigError: see `EnvironmentTask`, or two equal episodes differ.
        FitnessError: the environment raised; the state is written to the run's `crash/`.
        NotFiniteError: an observation, a reward or a parameter is NaN; as above.
    """
    require("sb3_contrib", "rl")
    with one_torch_thread(), one_blas_thread():
        training = EnvironmentTraining(config, seed)
        with closing(training):
            if resume_from is not None:
                training.restore(resume_from)
            return train_until_spent(training, run, budget, config.validate_every, on_progress)


class EnvironmentTraining:
    """Network, critic, optimiser and environments; the state can be exported as arrays."""

    def __init__(self, config: EnvironmentPpoConfig, seed: int) -> None:
        from stable_baselines3.common.running_mean_std import RunningMeanStd
        from stable_baselines3.common.vec_env import VecNormalize

        from snn_control.training.any_environment.vec_env import EpisodeVecEnv, Exploration

        self.config, self.seed, self.step = config, seed, 0
        self._fitness = config.task.fitness(seed)
        self._start = self._fitness.start(config.start, seed)
        self._fitness.prepare(self._start)
        envs = [config.task.make_environment() for _ in range(config.environments)]
        self._env = EpisodeVecEnv(envs, seed)
        self._scaled = VecNormalize(
            self._env,
            norm_obs=False,
            norm_reward=config.normalised_rewards,
            gamma=config.discount,
        )
        with seeded_generators(seed, 0):
            action_std = config.action_std * Exploration.of(envs[0]).half_range
            self._ppo = _make_ppo(config, self._scaled, self._actor(envs[0]), action_std)
        policy = self._ppo.policy
        self._named = {n: p for n, p in policy.named_parameters() if p.requires_grad}
        self._observed = RunningMeanStd(shape=(policy.lstm_actor.input_size,))
        self._validation_steps = 0
        self.best_cost, self._best = math.inf, self.genome()

    def _actor(self, env: Any) -> Any:
        from snn_control.training.any_environment.ppo_parts import SpikingActor

        interface = Interface.of(env)
        genome = self.config.task.genome(interface)
        assert isinstance(genome, ParameterGenome)
        return SpikingActor(
            genome.codec,
            self._start,
            match(genome.controller(self._start), env),
            len(interface.observation_names),
            self.config.surrogate_alpha,
        )

    @property
    def environment_steps(self) -> int:
        """Control periods so far, of training and validation."""
        return self.step * self.config.steps_per_round + self._validation_steps

    def genome(self) -> npt.NDArray[np.float64]:
        """Return the genome of the current parameters, shape (n_genes,)."""
        genome = self._ppo.policy.lstm_actor.genome.detach().numpy()
        return genome.astype(np.float64)

    def advance(self, spent: float = 0.0) -> dict[str, Any]:
        """Run one round; return the mean total reward of the episodes that ended in it.

        Raises:
            FitnessError: the environment raised.
            NotFiniteError: an observation or a reward is NaN, or an update made a parameter NaN.
        """
        self.step += 1
        self._env.ended.clear()
        try:
            with seeded_generators(self.seed, self.step):
                self._ppo.learn(self.config.steps_per_round, reset_num_timesteps=False)
        except ValueError:  # raised by stable-baselines3 on NaN actions
            require_finite(self.step, self._named)
            raise
        require_finite(self.step, self._named)
        observed = self._ppo.rollout_buffer.observations
        self._observed.update(observed.reshape(-1, observed.shape[-1]))
        self._normalise_critic()
        record: dict[str, Any] = {"evaluations": int(self._env.episodes.sum())}
        if self._env.ended:
            record["exploring_reward"] = float(np.mean(self._env.ended))
        return record

    def close(self) -> None:
        """Close the environments."""
        self._env.close()

    def _normalise_critic(self) -> None:
        self._ppo.policy.critic.normalise_by(
            self._observed.mean, np.sqrt(self._observed.var + 1e-8)
        )

    def validate(self) -> float:
        """Return the cost without exploration; keep the genome if none before was better.

        Of equal ones the latest is kept, which was trained in most episodes. The network is run by
        the engine that runs the saved model.
        """
        from snn_control.training.any_environment.vec_env import environment_faults

        genome = self.genome()
        seed = self._fitness.generation_seed(self.seed, self.step)
        with environment_faults("validation"):
            (row,) = self._fitness.rows(genome[None], np.array([seed], np.uint64))
        self._validation_steps += int(row[1])
        cost = float(row[0])
        if cost <= self.best_cost:
            self.best_cost, self._best = cost, genome
        return cost

    def write(self, folder: Path) -> None:
        """Write the best model as `folder/model`."""
        about = {"name": self.config.name, "step": self.step} | self.config.own_system.about
        save(self._fitness.controller(self._best), folder / "model", about)

    def state(self) -> Arrays:
        """Return the state as plain arrays."""
        rewards, observed = self._scaled.ret_rms, self._observed
        arrays: Arrays = {
            "step": np.array(self.step),
            "validation_steps": np.array(self._validation_steps),
            "best_cost": np.array(self.best_cost),
            "best": self._best,
            "returns": self._scaled.returns.copy(),
            "return_moments": np.array([rewards.mean, rewards.var, rewards.count]),
            "observed_mean": observed.mean.copy(),
            "observed_var": observed.var.copy(),
            "observed_count": np.array(observed.count),
        }
        arrays |= self._env.state() | self._ppo.carried()
        return arrays | adam_arrays(self._ppo.policy.optimizer, self._named)

    def restore(self, state: Arrays) -> None:
        """Restore the arrays of `state` of a training with the same configuration."""
        own = [name for name in self.state() if not name.startswith("value/")]
        require_arrays(state, own, self._named)
        self.step = int(state["step"])
        self._validation_steps = int(state["validation_steps"])
        self.best_cost, self._best = float(state["best_cost"]), np.array(state["best"])
        restore_adam(self._ppo.policy.optimizer, self._named, state)
        if self.config.task.deterministic:
            observations = self._env.restore(state)
        else:
            observations = self._env.skip(state)
            state = state | {"episode_starts": np.ones(self.config.environments, bool)}
        steps = self.step * self.config.steps_per_round
        self._ppo.take_over(state, observations, steps)
        rewards, observed = self._scaled.ret_rms, self._observed
        rewards.mean, rewards.var, rewards.count = np.array(state["return_moments"])
        self._scaled.returns = np.array(state["returns"])
        observed.mean = np.array(state["observed_mean"])
        observed.var = np.array(state["observed_var"])
        observed.count = float(state["observed_count"])
        self._normalise_critic()


def _make_ppo(
    config: EnvironmentPpoConfig, env: Any, actor: Any, action_std: npt.NDArray[np.float64]
) -> Any:
    from stable_baselines3.common.logger import Logger

    from snn_control.training.any_environment.ppo_parts import ResumablePpo, SpikingPolicy

    ppo = ResumablePpo(
        SpikingPolicy,
        env,
        learning_rate=config.learning_rate,
        n_steps=config.ticks,
        batch_size=config.batch,
        n_epochs=config.epochs,
        gamma=config.discount,
        gae_lambda=config.gae_lambda,
        clip_range=config.clip_range,
        ent_coef=config.entropy,
        max_grad_norm=config.largest_gradient,
        target_kl=config.target_kl,
        policy_kwargs={
            "actor": actor,
            "critic": config.critic,
            "action_std": action_std,
            "learned_std": config.learned_std,
        },
        device="cpu",
    )
    ppo.set_logger(Logger(None, []))
    return ppo
