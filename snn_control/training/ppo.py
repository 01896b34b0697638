"""Train a swimmer's circuit by proximal policy optimisation, of stable-baselines3.

In a round each body swims an episode, with updates on the way. Every draw of round k follows from
the seed and k alone, so that a training that was interrupted goes on to the same result.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from snn_control.controllers import save
from snn_control.controllers.swimmer_plan import SwimmerPlan
from snn_control.engines.layout import lay_out
from snn_control.envs.swimmer.batch import SwimmerPool
from snn_control.envs.swimmer.start import draw_start
from snn_control.errors import ConfigError, NotFiniteError, require
from snn_control.runs import Run
from snn_control.training.budget import Budget
from snn_control.training.ppo_config import PpoConfig
from snn_control.training.swimmer_rollout import swim
from snn_control.training.swimmer_task import EPISODE_TICKS, FIRST_TRAINING_SEED

if TYPE_CHECKING:
    from stable_baselines3 import PPO

CHECKPOINT_PERIOD_S = 2.0
MOMENTS = ("step", "exp_avg", "exp_avg_sq")
"""What Adam keeps for each parameter."""

OnProgress = Callable[[int, float, float, float], None]


def train_ppo(
    config: PpoConfig,
    run: Run,
    *,
    seed: int,
    budget: Budget,
    on_progress: OnProgress | None = None,
    resume_from: dict[str, np.ndarray] | None = None,
) -> Path:
    """Train until the budget is spent; the run holds checkpoints and the best model.

    With a budget in environment steps or rounds (`Budget.generations`) a training goes on after an
    interruption to the same result, bit for bit, on the same machine.

    Args:
        config: what to train.
        run: where to write.
        seed: of the critic's first weights, starts and exploration.
        budget: when to stop.
        on_progress: called with round, best and last validation cost, and spent share.
        resume_from: arrays of the checkpoint to go on from.

    Returns:
        The document of the best model.

    Raises:
        MissingExtraError: stable-baselines3 is not installed.
        NotFiniteError: a parameter is NaN; the parameters are kept in the run's `crash/`.
    """
    require("stable_baselines3", "rl")
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # small steps: more threads only wait for each other
    try:
        return _train(config, run, seed, budget, on_progress, resume_from)
    finally:
        torch.set_num_threads(threads)


def _train(
    config: PpoConfig,
    run: Run,
    seed: int,
    budget: Budget,
    on_progress: OnProgress | None,
    resume_from: dict[str, np.ndarray] | None,
) -> Path:
    training = PpoTraining(config, seed)
    if resume_from is not None:
        training.restore(resume_from)
    started, saved_at = time.monotonic(), -np.inf

    def spent() -> float:
        return budget.spent(training.round, time.monotonic() - started, training.environment_steps)

    while spent() < 1.0:
        try:
            explored = training.advance()
        except NotFiniteError as exc:
            run.crash(training.state(), str(exc))
            raise
        if training.round > 1 and training.round % config.validate_every and spent() < 1.0:
            continue
        cost, elapsed_s, share = training.validate(), time.monotonic() - started, spent()
        run.log(
            {
                "step": training.round,
                "evaluations": training.round * config.bodies,
                "environment_steps": training.environment_steps,
                "best": training.best_cost,
                "validation": cost,
                "explored": 1.0 - explored / EPISODE_TICKS,
                "elapsed_s": round(elapsed_s, 3),
            }
        )
        if elapsed_s - saved_at >= CHECKPOINT_PERIOD_S or share >= 1.0:
            run.checkpoint(training.round, training.state(), {}, best=True, extra=training.write)
            saved_at = time.monotonic() - started
        if on_progress:
            on_progress(training.round, training.best_cost, cost, share)
    return run.folder / "checkpoints" / "best" / "model.json"


class PpoTraining:
    """Circuit, critic, optimiser and bodies; everything that changes can be taken out as arrays."""

    def __init__(self, config: PpoConfig, seed: int) -> None:
        from snn_control.training.ppo_parts import SwimmerVecEnv

        self.config, self.seed, self.round = config, seed, 0
        starts_seed, validation_seed = np.random.SeedSequence(seed).generate_state(2)
        graded = replace(config.swimmer, cells="graded", sub_ticks=1)
        self._env = SwimmerVecEnv(
            graded, config.bodies, int(starts_seed), reward_scale=1.0 - config.discount
        )
        with _drawing(seed, 0):
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
        """Control periods that were trained on."""
        return self.round * self.config.steps_per_round

    def strengths(self) -> dict[str, float]:
        """Return the strengths as they are now."""
        actor: Any = self._ppo.policy.action_net
        found: dict[str, float] = actor.circuit.strengths()
        return found

    def advance(self) -> float:
        """Swim an episode with each body and learn from them; return their mean return.

        Raises:
            NotFiniteError: an update made a parameter NaN.
        """
        self.round += 1
        try:
            with _drawing(self.seed, self.round):
                self._ppo.learn(self.config.steps_per_round, reset_num_timesteps=False)
        except ValueError:  # how stable-baselines3 ends where actions are NaN
            self._check_finite()
            raise
        self._check_finite()
        return float(self._env.last_returns.mean())

    def _check_finite(self) -> None:
        for name, parameter in self._named.items():
            if not parameter.isfinite().all():
                raise NotFiniteError(
                    f"round {self.round} made {name} NaN; lower largest_gradient or learning_rate"
                )

    def validate(self) -> float:
        """Return the cost without exploration; keep the strengths if it is the best."""
        strengths = self.strengths()
        found = swim(
            self._layout,
            *self._layout.rows([self._with(strengths).network()]),
            self._pool,
            self._starts,
            period_ticks=self.config.swimmer.period_ticks,
            posture_start=self.config.swimmer.posture_start,
        )
        cost = 1.0 - float(found.returns.mean()) / EPISODE_TICKS
        if cost < self.best_cost:
            self.best_cost, self._best = cost, strengths
        return cost

    def best(self) -> SwimmerPlan:
        """Return the plan with the best strengths that were validated."""
        return self._with(self._best)

    def _with(self, strengths: dict[str, float]) -> SwimmerPlan:
        plan = self.config.swimmer
        return replace(plan, strengths={**plan.strengths, **strengths})

    def write(self, folder: Path) -> None:
        """Write the best model as `folder/model`."""
        save(
            self.best().swimmer(), folder / "model", {"name": self.config.name, "step": self.round}
        )

    def state(self) -> dict[str, np.ndarray]:
        """Everything that changes, as plain arrays."""
        found = {"round": np.array(self.round), "best_cost": np.array(self.best_cost)}
        found |= {f"best/{name}": np.array(value) for name, value in self._best.items()}
        for name, parameter in self._named.items():
            found[f"value/{name}"] = parameter.detach().numpy().copy()
            for key, moment in self._ppo.policy.optimizer.state.get(parameter, {}).items():
                found[f"{key}/{name}"] = moment.numpy().copy()
        return found

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Go on from what `state` returned in a training of the same configuration."""
        import torch

        trained = [name for name, p in self._named.items() if p.requires_grad]
        needed = [*self.state(), *(f"{key}/{name}" for key in MOMENTS for name in trained)]
        if missing := [name for name in needed if name not in state]:
            raise ConfigError(f"this is no checkpoint of such a training: no {missing[0]!r} in it")
        self.round, self.best_cost = int(state["round"]), float(state["best_cost"])
        self._best = {name: float(state[f"best/{name}"]) for name in self._best}
        self._env.round = self.round
        self._ppo.num_timesteps = self.environment_steps
        with torch.no_grad():
            for name, parameter in self._named.items():
                parameter.copy_(torch.from_numpy(state[f"value/{name}"]))
                if name in trained:
                    self._ppo.policy.optimizer.state[parameter] = {
                        key: torch.from_numpy(np.array(state[f"{key}/{name}"])) for key in MOMENTS
                    }


def _make_ppo(config: PpoConfig, env: Any) -> PPO:
    from stable_baselines3 import PPO
    from stable_baselines3.common.logger import Logger

    from snn_control.training.ppo_parts import CircuitPolicy

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
            "plan": replace(config.swimmer, cells="graded", sub_ticks=1),
            "trained": config.trained,
            "critic": config.critic,
            "action_std": config.action_std,
        },
        device="cpu",
    )
    ppo.set_logger(Logger(None, []))
    return ppo


@contextmanager
def _drawing(seed: int, round_: int) -> Iterator[None]:
    """Let the global generators, which stable-baselines3 draws from, follow from the round."""
    import torch

    before = np.random.get_state()  # noqa: NPY002
    with torch.random.fork_rng(devices=[]):
        drawn = np.random.SeedSequence([seed, round_]).generate_state(2)
        torch.manual_seed(int(drawn[0]))
        np.random.seed(int(drawn[1]))  # noqa: NPY002
        try:
            yield
        finally:
            np.random.set_state(before)  # noqa: NPY002
