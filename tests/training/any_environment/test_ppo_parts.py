"""Parts of PPO in any environment: the actor equals the saved network, episodes can be resumed."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium import spaces

from snn_control.controllers.layered import layered_network
from snn_control.engines.native import NativeEngine
from snn_control.evolution.parameter_codec import ParameterCodec
from snn_control.evolution.parameter_patterns import parameter_ranges
from snn_control.network import Network, Shared
from snn_control.training.any_environment.task import EnvironmentTask
from snn_control.training.interface import Interface
from snn_control.training.rollout import rollout
from tests.engines.test_torch_gradients import smooth
from tests.needs import NEEDS_RL

pytest.importorskip("sb3_contrib", reason=NEEDS_RL)

from snn_control.training.any_environment.ppo_parts import SpikingActor, SpikingPolicy
from snn_control.training.any_environment.vec_env import EpisodeVecEnv, Exploration

NETWORKS: dict[str, tuple[Network, dict[str, Any]]] = {
    "spiking": (
        layered_network(["a", "b"], ["y", "z"], 0.02, hidden=[12], recurrent=True, sub_ticks=2),
        {
            "*.weights": [-2, 2],
            "hidden_1.bias": [-1, 1],
            "hidden_1.tau_*_s": [0.0, 0.1],
            "output.tau_mem_s": [0.01, 0.1, "log"],
        },
    ),
    "smooth": (
        smooth("steady"),
        {
            "trace.tau_mem_s": [0.02, 0.06],
            "trace.tau_syn_s": [0.01, 0.04, "log"],
            "out.bias": [-0.5, 0.5],
            "cells.bias": [8.0, 10.0],
            "trace->cells.weights": [0.05, 0.5],
            "cells->out.weights": [0.1, 0.4, "log"],
        },
    ),
}


def codec_of(name: str) -> ParameterCodec:
    network, patterns = NETWORKS[name]
    return ParameterCodec(network, parameter_ranges(network, patterns))


def actor_of(codec: ParameterCodec, genome: np.ndarray) -> SpikingActor:
    n = len(codec.template.inputs)
    return SpikingActor(codec, genome, [k + 1 for k in range(n)], n + 1, 3.0)


def observations(n: int) -> np.ndarray:
    return np.random.default_rng(1).uniform(0.0, 1.5, (25, n)).astype(np.float32)


def run(actor: SpikingActor, values: np.ndarray) -> Any:
    """Run over observations with an entry before those of the network."""
    padded = np.column_stack([np.full(len(values), 99.0), values]).astype(np.float32)
    state = torch.zeros(1, 1, actor.hidden_size)
    return actor(torch.from_numpy(padded)[:, None], (state, state))[0][:, 0]


@pytest.mark.parametrize("name", NETWORKS)
def test_the_actor_equals_the_native_engine_of_the_decoded_network(name: str) -> None:
    codec = codec_of(name)
    genome = np.random.default_rng(0).uniform(0.1, 0.9, codec.n_genes)
    values = observations(len(codec.template.inputs))
    with torch.no_grad():
        own = run(actor_of(codec, genome), values).numpy()
    native = NativeEngine(codec.decode(genome)).run(values).readouts
    np.testing.assert_allclose(own, native, rtol=1e-3, atol=1e-4)


def test_gradients_equal_differences_of_the_native_engine() -> None:
    """Smooth network with a gene of each kind; float32 limits the precision."""
    codec = codec_of("smooth")
    genome = np.random.default_rng(3).uniform(0.2, 0.8, codec.n_genes)
    values = observations(len(codec.template.inputs))
    actor = actor_of(codec, genome)
    run(actor, values).square().sum().backward()
    assert actor.genome.grad is not None
    gradient = actor.genome.grad.numpy()

    def loss(genes: np.ndarray) -> float:
        return float((NativeEngine(codec.decode(genes)).run(values).readouts ** 2).sum())

    step = 1e-5
    differences = [
        (loss(genome + step * unit) - loss(genome - step * unit)) / (2.0 * step)
        for unit in np.eye(codec.n_genes)
    ]
    assert np.all(np.abs(gradient) > 0.0)
    np.testing.assert_allclose(gradient, differences, rtol=2e-3)


def test_shared_parameters_have_one_gene_for_each_value() -> None:
    codec = codec_of("smooth")
    weights = codec.template.connections[1].weights
    assert isinstance(weights, Shared)
    genes = codec.genes_of["trace->cells.weights"]
    assert genes.stop - genes.start == len(weights.values)


@pytest.mark.parametrize(
    ("space", "drawn", "vector", "taken"),
    [
        (spaces.Discrete(3, start=5), np.int64(2), [0, 0, 1], 7),
        (spaces.MultiDiscrete([2, 3]), np.array([1, 0]), [0, 1, 1, 0, 0], [1, 0]),
        (spaces.MultiBinary(3), np.array([1, 0, 1]), [1, -1, 1], [1, 0, 1]),
        (spaces.Box(-2.0, 4.0, (1, 2)), np.array([9.0, 0.5]), [9.0, 0.5], [[4.0, 0.5]]),
    ],
)
def test_drawn_actions_reach_the_environment(space, drawn, vector, taken) -> None:
    class Bare(gymnasium.Env):
        observation_space = spaces.Box(-1.0, 1.0, (1,))
        action_space = space

    exploration = Exploration.of(Bare())
    np.testing.assert_array_equal(exploration.vector(drawn), vector)
    np.testing.assert_array_equal(Interface.of(Bare()).act(exploration.vector(drawn)), taken)
    expected = [3.0, 3.0] if isinstance(space, spaces.Box) else []
    np.testing.assert_array_equal(exploration.half_range, expected)


def test_a_box_without_bounds_has_an_absolute_deviation() -> None:
    class Bare(gymnasium.Env):
        observation_space = spaces.Box(-1.0, 1.0, (1,))
        action_space = spaces.Box(np.array([-np.inf, -1.0]), np.array([np.inf, 0.0]), (2,), float)

    np.testing.assert_array_equal(Exploration.of(Bare()).half_range, [1.0, 0.5])


def test_episodes_equal_rollouts_and_can_be_resumed() -> None:
    task = EnvironmentTask("InvertedPendulum-v5", parameters={"*.weights": (-1, 1)})
    fitness = task.fitness(0)
    controller = fitness.controller(fitness.start({}, 0))
    env = EpisodeVecEnv([task.make_environment() for _ in range(2)], seed=4)
    observed = env.reset()
    for k in range(2):
        seed = int(np.random.SeedSequence([4, k, 0]).generate_state(1)[0])
        own = rollout(controller, task.make_environment(), seed=seed)
        controller.reset(seed)
        total = 0.0
        one = EpisodeVecEnv([task.make_environment() for _ in range(2)], seed=4)
        values = one.reset()
        while not one.episodes[k]:
            actions = np.zeros((2, 1), np.float32)
            actions[k] = controller.step(values[k].astype(float))
            one.step_async(actions)
            values, rewards, _, _ = one.step_wait()
            total += rewards[k]
        assert total == pytest.approx(own.total_reward, abs=2.0)
    rng = np.random.default_rng(0)
    for _ in range(17):
        env.step_async(rng.normal(0.0, 0.5, (2, 1)).astype(np.float32))
        observed = env.step_wait()[0]
    other = EpisodeVecEnv([task.make_environment() for _ in range(2)], seed=4)
    np.testing.assert_array_equal(other.restore(env.state()), observed)
    for _ in range(30):
        actions = rng.normal(0.0, 0.5, (2, 1)).astype(np.float32)
        both = []
        for each in (env, other):
            each.step_async(actions)
            both.append(each.step_wait())
        np.testing.assert_array_equal(both[0][0], both[1][0])
        np.testing.assert_array_equal(both[0][1], both[1][1])
        assert both[0][2].tolist() == both[1][2].tolist()
    assert env.ended[-1] == other.ended[-1]


def test_the_end_of_an_episode_states_whether_a_time_limit_was_its_cause() -> None:
    limited = EpisodeVecEnv([gymnasium.make("InvertedPendulum-v5", max_episode_steps=5)], seed=0)
    falling = EpisodeVecEnv([gymnasium.make("InvertedPendulum-v5")], seed=0)
    causes, infos = [], list[dict[str, Any]]()
    for env, action in ((limited, 0.0), (falling, 3.0)):
        env.reset()
        done = np.array([False])
        while not done[0]:
            env.step_async(np.array([[action]], np.float32))
            observed, _, done, infos = env.step_wait()
        causes.append(infos[0]["TimeLimit.truncated"])
        assert not np.array_equal(infos[0]["terminal_observation"], observed[0])
    assert causes == [True, False]


def test_a_sequence_from_the_start_of_an_episode_equals_single_ticks() -> None:
    codec = codec_of("spiking")
    actor = actor_of(codec, np.full(codec.n_genes, 0.4))
    values = torch.rand(2 * 6, 3)
    begun = torch.rand(1, 2, actor.hidden_size)
    begun[..., 0] = 1.0
    starts = torch.zeros(2, 6)
    starts[1, 0] = 1.0
    process = SpikingPolicy._process_sequence
    with torch.no_grad():
        whole, (end, _) = process(values, (begun, begun), starts.flatten(), actor)
        state, rows = (begun, begun), []
        for tick in range(6):
            each = values.reshape(2, 6, 3)[:, tick]
            row, state = process(each, state, starts[:, tick], actor)
            rows.append(row)
    assert torch.equal(whole.reshape(2, 6, -1), torch.stack(rows, 1))
    assert torch.equal(end, state[0])
