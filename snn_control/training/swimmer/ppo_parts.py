"""Parts for stable-baselines3: swimmers as a vector environment, the circuit as the actor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np
import torch
from stable_baselines3.common.policies import ActorCriticPolicy

from snn_control.controllers.swimmer.plan import SwimmerPlan
from snn_control.engines.torch_circuit import TorchCircuit
from snn_control.envs.swimmer.batch import SwimmerBatch
from snn_control.envs.swimmer.start import Start, draw_start
from snn_control.envs.swimmer.swim import EPISODE_TICKS, swim_reward
from snn_control.training.any_environment.plain_vec_env import PlainVecEnv
from snn_control.training.swimmer.task import FIRST_TRAINING_SEED


class SwimmerVecEnv(PlainVecEnv):
    """Vector environment of swimmers; an observation is the circuit's input, then link velocities.

    A round ends after 1000 control periods for all bodies at once; the starts of round k depend
    only on `seed` and k. Rewards are scaled to keep the critic's values near 1.

    Args:
        plan: plan of the controller, with a clock.
        n_bodies: number of bodies, at least 1.
        seed: seed of the starts.
        reward_scale: factor of the task's rewards.
    """

    def __init__(self, plan: SwimmerPlan, n_bodies: int, seed: int, reward_scale: float) -> None:
        self._plan, self._seed, self._scale = plan, seed, reward_scale
        self._batch = SwimmerBatch(plan.n_links, n_bodies)
        self.round, self._tick = 0, 0
        self._effort = np.zeros((n_bodies, plan.n_links - 1))
        self._first_ticks = np.zeros(n_bodies, np.int64)
        self._returns = np.zeros(n_bodies)
        self.last_returns = np.zeros(n_bodies)
        """Returns of the last complete round, in the task's rewards."""
        n_observed = len(plan.circuit().inputs) + 3 * plan.n_links
        super().__init__(
            n_bodies,
            gymnasium.spaces.Box(-np.inf, np.inf, (n_observed,), np.float64),
            gymnasium.spaces.Box(-1.0, 1.0, (plan.n_links - 1,), np.float64),
        )

    def starts(self) -> list[Start]:
        """Return the `Start` of each body in the current round."""
        drawn = np.random.default_rng([self._seed, self.round]).integers(
            FIRST_TRAINING_SEED, 2**31, self.num_envs
        )
        return [draw_start(self._plan.n_links, int(s), EPISODE_TICKS) for s in drawn]

    def reset(self) -> np.ndarray:
        """Begin the current round."""
        self._batch.reset(self.starts())
        self._tick = 0
        self._returns[:] = 0.0
        against = self._plan.posture_start & (self._batch.joint_rad.sum(axis=1) > 0.0)
        self._first_ticks = np.where(against, self._plan.period_ticks // 2, 0)
        return self._observe()

    def step_async(self, actions: np.ndarray) -> None:
        """Store the efforts of the next control period."""
        self._effort = actions

    def step_wait(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[dict[str, Any]]]:
        """Apply the efforts for a control period; after a round begin the next one."""
        self._batch.step(self._effort)
        self._tick += 1
        rewards = swim_reward(self._batch.forward_speed_m_s)
        self._returns += rewards
        observations, done = self._observe(), self._tick == EPISODE_TICKS
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        if done:
            infos = [{"terminal_observation": s, "TimeLimit.truncated": True} for s in observations]
            self.last_returns = self._returns.copy()
            self.round += 1
            observations = self.reset()
        return observations, self._scale * rewards, np.full(self.num_envs, done), infos

    def _observe(self) -> np.ndarray:
        period = self._plan.period_ticks
        dorsal = (self._first_ticks + self._tick) % period < period // 2
        commands = np.zeros((self.num_envs, 3))
        return np.column_stack(
            [self._batch.joint_rad, dorsal, ~dorsal, commands, self._batch.link_velocities]
        )


class CircuitActor(torch.nn.Module):
    """Mean efforts of a graded circuit for the observations of a `SwimmerVecEnv`."""

    def __init__(self, plan: SwimmerPlan, trained: Sequence[str]) -> None:
        super().__init__()
        self.circuit = TorchCircuit(plan.circuit(), trained, torch.float32)
        self._n_inputs = len(self.circuit.circuit.inputs)

    def forward(self, observed: torch.Tensor) -> torch.Tensor:
        """Return efforts, shape (batch, n_joints)."""
        muscles = self.circuit(observed[None, :, : self._n_inputs])[0][0]
        dorsal, ventral = muscles.chunk(2, dim=1)
        return dorsal - ventral


class CircuitPolicy(ActorCriticPolicy):
    """Policy with a circuit as actor, a perceptron as critic and constant exploration noise.

    Args:
        args: arguments of `ActorCriticPolicy`, passed by stable-baselines3.
        plan: plan of the circuit, graded.
        trained: names of the trained strengths.
        critic: sizes of the critic's hidden layers.
        action_std: standard deviation of the exploration noise.
    """

    def __init__(
        self,
        *args: Any,
        plan: SwimmerPlan,
        trained: Sequence[str],
        critic: Sequence[int],
        action_std: float,
        **kwargs: Any,
    ) -> None:
        self._plan_and_trained = plan, trained
        kwargs["net_arch"] = {"pi": [], "vf": list(critic)}
        kwargs["log_std_init"] = float(np.log(action_std))
        super().__init__(*args, **kwargs)

    def _build(self, lr_schedule: Any) -> None:
        super()._build(lr_schedule)
        self.action_net = CircuitActor(*self._plan_and_trained)
        self.log_std.requires_grad_(False)
        trainable = [p for p in self.parameters() if p.requires_grad]
        self.optimizer = torch.optim.Adam(trainable, lr=lr_schedule(1), eps=1e-5)
