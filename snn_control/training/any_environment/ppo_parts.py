"""Parts for sb3-contrib: a spiking network as the recurrent actor of PPO."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from sb3_contrib import RecurrentPPO
from sb3_contrib.common.recurrent.policies import RecurrentActorCriticPolicy
from sb3_contrib.common.recurrent.type_aliases import RNNStates
from torch import Tensor

from snn_control.engines.torch import TorchEngine
from snn_control.evolution.parameter_codec import (
    ParameterCodec,
    ParameterRange,
    filled,
    with_parameters,
)

Arrays = dict[str, npt.NDArray[Any]]

LEAST_DECAY = 1e-6
"""Distance of a trained decay to 0 and 1, where its logarithm has no gradient."""
LARGEST_INPUT = 10.0
"""Bound of a normalised observation of the critic."""


class _Advance(torch.nn.Module):
    """Call of `TorchEngine.advance` as a module, whose parameters can be replaced."""

    def __init__(self, engine: TorchEngine) -> None:
        super().__init__()
        self.engine = engine

    def forward(self, inputs: Tensor, state: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return self.engine.advance(inputs, state)


class SpikingActor(torch.nn.Module):
    """Network with the interface of a recurrent layer, whose trained parameters are a genome.

    Args:
        codec: mapping of a genome to the trained parameters.
        genome: start genome, shape (n_genes,).
        picked: indices of the observations that the network takes.
        n_observed: number of observations.
        alpha: steepness of the surrogate gradient.
    """

    num_layers = 1

    def __init__(
        self,
        codec: ParameterCodec,
        genome: npt.NDArray[np.float64],
        picked: Sequence[int],
        n_observed: int,
        alpha: float,
    ) -> None:
        super().__init__()
        dt_s, middle = codec.template.dt_s, np.array(0.5)
        # The engine stores finite, positive values as parameters; they are replaced in each call.
        numbers = {
            r.parameter: dt_s if r.parameter.endswith("_s") else float(r.decode(middle))
            for r in codec.ranges
        }
        network = with_parameters(codec.template, filled(codec.template, numbers))
        engine = TorchEngine(network, torch.float32, alpha=alpha)
        engine.requires_grad_(False)
        self._advance = _Advance(engine)
        self.genome = torch.nn.Parameter(torch.tensor(genome, dtype=torch.float32))
        labels = {c.label: k for k, c in enumerate(network.connections)}
        self._trained = []
        for r in codec.ranges:
            owner, _, field = r.parameter.rpartition(".")
            key = f"connection{labels[owner]}" if owner in labels else f"{owner}__{field}"
            self._trained.append((r, codec.genes_of[r.parameter], key, engine.raw[key].shape))
        self.register_buffer("_picked", torch.tensor(picked))
        self.input_size, self.hidden_size = n_observed, engine.state_size
        self.n_readouts = len(network.readouts)
        self._dt_s = dt_s

    def forward(
        self, features: Tensor, states: tuple[Tensor, Tensor]
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Run over observations of shape (n_ticks, batch, n_observed).

        Args:
            features: observations.
            states: state of the network, shape (1, batch, hidden_size), and a tensor that a
                recurrent layer of sb3-contrib has and a network does not use.

        Returns:
            Read-outs, shape (n_ticks, batch, n_readouts), and the states after the last tick.
        """
        changed = {
            f"engine.raw.{key}": self._raw(r, self.genome[genes]).reshape(shape)
            for r, genes, key, shape in self._trained
        }
        inputs = features[..., self.get_buffer("_picked")]
        readouts, _, state = torch.func.functional_call(
            self._advance, changed, (inputs, states[0][0])
        )
        return readouts, (state[None], states[1])

    def _raw(self, r: ParameterRange, genes: Tensor) -> Tensor:
        """Return the raw values of the engine for genes: logarithms for time constants."""
        values = r.low * (r.high / r.low) ** genes if r.log else r.low + genes * (r.high - r.low)
        if not r.parameter.endswith("_s"):
            return values
        if not r.is_decay:
            return values.log()
        decays = LEAST_DECAY + (1.0 - 2.0 * LEAST_DECAY) * values
        return (-self._dt_s / decays.log()).log()

    @torch.no_grad()
    def keep_in_range(self) -> None:
        """Move the genes to their bounds, 0 and 1, where they are outside."""
        self.genome.clamp_(0.0, 1.0)


class Critic(torch.nn.Module):
    """Perceptron of the observations, which it normalises."""

    def __init__(self, n_observed: int, sizes: Sequence[int]) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_observed))
        self.register_buffer("std", torch.ones(n_observed))
        layers: list[torch.nn.Module] = []
        for n_in, n_out in zip([n_observed, *sizes], sizes, strict=False):
            layer = torch.nn.Linear(n_in, n_out)
            torch.nn.init.orthogonal_(layer.weight, np.sqrt(2.0))
            torch.nn.init.zeros_(layer.bias)
            layers += [layer, torch.nn.Tanh()]
        self.layers = torch.nn.Sequential(*layers)

    def forward(self, observed: Tensor) -> Tensor:
        """Return the outputs of the last hidden layer, shape (batch, size)."""
        normalised = (observed - self.get_buffer("mean")) / self.get_buffer("std")
        hidden: Tensor = self.layers(normalised.clamp(-LARGEST_INPUT, LARGEST_INPUT))
        return hidden

    def normalise_by(self, mean: npt.NDArray[Any], std: npt.NDArray[Any]) -> None:
        """Set mean and standard deviation of the observations."""
        self.get_buffer("mean").copy_(torch.as_tensor(mean))
        self.get_buffer("std").copy_(torch.as_tensor(std))


class SpikingPolicy(RecurrentActorCriticPolicy):
    """Policy with a spiking network as actor and a perceptron as critic.

    Args:
        args: arguments of `RecurrentActorCriticPolicy`, passed by sb3-contrib.
        actor: network.
        critic: sizes of the critic's hidden layers.
        action_std: standard deviation of each action of a Box; empty for choices.
        learned_std: True to train it.
        kwargs: further arguments of `RecurrentActorCriticPolicy`.
    """

    lstm_actor: SpikingActor  # type: ignore[assignment]
    critic: Critic  # type: ignore[assignment]
    optimizer: torch.optim.Optimizer

    def __init__(
        self,
        *args: Any,
        actor: SpikingActor,
        critic: Sequence[int],
        action_std: npt.NDArray[np.float64],
        learned_std: bool,
        **kwargs: Any,
    ) -> None:
        kwargs["net_arch"] = {"pi": [], "vf": []}
        kwargs["lstm_hidden_size"], kwargs["enable_critic_lstm"] = actor.n_readouts, False
        super().__init__(*args, **kwargs)
        self.lstm_actor = actor
        self.lstm_hidden_state_shape = (1, 1, actor.hidden_size)
        self.action_net = torch.nn.Identity()
        self.critic = Critic(actor.input_size, critic)
        self.value_net = torch.nn.Linear([actor.input_size, *critic][-1], 1)
        torch.nn.init.orthogonal_(self.value_net.weight)
        torch.nn.init.zeros_(self.value_net.bias)
        if action_std.size:
            self.log_std = torch.nn.Parameter(
                torch.tensor(np.log(action_std), dtype=torch.float32), requires_grad=learned_std
            )
        trained = [p for p in self.parameters() if p.requires_grad]
        learning_rate = self.optimizer.param_groups[0]["lr"]
        self.optimizer = torch.optim.Adam(trained, lr=learning_rate, eps=1e-5)
        self.optimizer.register_step_post_hook(lambda *_: actor.keep_in_range())

    @staticmethod
    def _process_sequence(  # type: ignore[override]  # annotated as one tensor by sb3-contrib
        features: Tensor,
        lstm_states: tuple[Tensor, Tensor],
        episode_starts: Tensor,
        lstm: Any,
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Run over sequences; where an episode starts at the first tick, from the state 0.

        sb3-contrib begins a sequence at each start, but would then call the network tick by tick.
        """
        starts = episode_starts.reshape(lstm_states[0].shape[1], -1)
        if not starts[:, 1:].any():
            kept = (1.0 - starts[:, 0])[None, :, None]
            lstm_states = kept * lstm_states[0], lstm_states[1]
            episode_starts = torch.zeros_like(episode_starts)
        process = RecurrentActorCriticPolicy._process_sequence
        output, states = process(features, lstm_states, episode_starts, lstm)
        return output, states  # type: ignore[return-value]


class ResumablePpo(RecurrentPPO):
    """PPO that can be resumed between rollouts, in the middle of episodes."""

    policy: SpikingPolicy

    def carried(self) -> Arrays:
        """Return the arrays that a rollout takes over from the one before."""
        state, starts = self._last_lstm_states, self._last_episode_starts
        assert state is not None
        fresh = np.ones(self.n_envs, bool)
        return {
            "network_state": state.pi[0].numpy().copy(),
            "episode_starts": fresh if starts is None else np.array(starts),
        }

    def take_over(self, arrays: Arrays, observations: npt.NDArray[Any], steps: int) -> None:
        """Continue from `carried` of another object.

        Args:
            arrays: result of `carried`.
            observations: last observation of each environment.
            steps: control periods in training so far.
        """
        state = torch.from_numpy(np.array(arrays["network_state"]))
        unused = torch.zeros_like(state)
        carried: Any = RNNStates((state, unused), (state, unused))
        self._last_lstm_states = carried
        self._last_episode_starts = np.array(arrays["episode_starts"])
        self._last_obs = observations
        self.num_timesteps = steps
