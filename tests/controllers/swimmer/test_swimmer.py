"""Swimmer against the published equations and in simulation."""

from __future__ import annotations

import math
from typing import Any

import gymnasium
import numpy as np
import pytest

import snn_control
import snn_control.envs
from snn_control.controllers.swimmer.circuit import swimmer_circuit
from snn_control.controllers.swimmer.swimmer import Swimmer
from snn_control.engines.reference import ReferenceEngine
from snn_control.errors import ObservationError, ParameterError

LIMIT = math.pi / 3


def published(q: np.ndarray, tick: int, speed: float = 1.0, turn: float = 0.0, **s: float) -> Any:
    """Return the efforts by the equations of arXiv:2201.05242."""
    p, o, a, c = (s.get(name, default) for name, default in zip("poac", (1, 1, 1, -1), strict=True))
    bend = np.clip(q / LIMIT, -1.0, 1.0)
    clock = float(tick % 60 < 30)
    b = []
    for sign, swing, steer in ((1, clock, max(turn, 0)), (-1, 1 - clock, max(-turn, 0))):
        drive = np.concatenate([[o * swing], p * np.clip(sign * bend[:-1], 0, 1)])
        drive -= 1.0 - speed
        drive[0] += steer
        b.append(np.clip(drive, 0, 1))
    return np.clip(a * b[0] + c * b[1], 0, 1) - np.clip(a * b[1] + c * b[0], 0, 1)


@pytest.mark.parametrize("command", [(1.0, 0.0), (0.7, 0.0), (0.8, 0.5), (1.0, -1.0)])
def test_graded_efforts_equal_the_published_equations(command: tuple[float, float]) -> None:
    strengths = {"proprioception": 1.6, "oscillator": 0.4, "ipsilateral": 1.7}
    network = swimmer_circuit(5, LIMIT).network({**strengths, "contralateral": -1.2})
    swimmer, rng = Swimmer(network), np.random.default_rng(0)
    swimmer.command(*command)
    for tick in range(150):
        q = rng.uniform(-1.5, 1.5, 5)
        expected = published(q, tick, *command, p=1.6, o=0.4, a=1.7, c=-1.2)
        np.testing.assert_allclose(swimmer.step(q), expected, atol=1e-12)


def swim(swimmer: Swimmer, seeds: range) -> float:
    env = gymnasium.make("snn_control/Swim-v0", n_links=len(swimmer.action_names) + 1)
    episodes = [snn_control.rollout(swimmer, env, seed=seed) for seed in seeds]
    return float(np.mean([episode.total_reward for episode in episodes]))


def test_the_untrained_graded_circuit_swims_as_published() -> None:
    assert swim(Swimmer(swimmer_circuit(5, LIMIT).network()), range(5)) == pytest.approx(
        800.26, abs=0.5
    )


def test_spiking_cells_reach_the_graded_return_with_five_ticks() -> None:
    network = swimmer_circuit(5, LIMIT, cells="spiking", sub_ticks=5).network()
    assert swim(Swimmer(network), range(5)) >= 790.0


@pytest.mark.parametrize("cells", ["graded", "spiking"])
def test_engines_agree(cells: Any) -> None:
    network = swimmer_circuit(7, math.pi / 4, cells=cells).network()
    native, reference = Swimmer(network), Swimmer(network, engine=ReferenceEngine)
    rng = np.random.default_rng(1)
    for _ in range(300):
        q = rng.uniform(-0.8, 0.8, 7)
        np.testing.assert_array_equal(native.step(q), reference.step(q))


def test_a_reset_restores_clock_and_command() -> None:
    swimmer = Swimmer(swimmer_circuit(5, LIMIT, cells="spiking").network())
    rng = np.random.default_rng(2)
    angles = rng.uniform(-1.0, 1.0, (100, 5))
    first = [swimmer.step(q).copy() for q in angles]
    swimmer.command(0.2, 1.0)
    swimmer.reset()
    np.testing.assert_array_equal(first, [swimmer.step(q) for q in angles])


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_non_finite_inputs_are_errors(bad: float) -> None:
    swimmer = Swimmer(swimmer_circuit(5, LIMIT).network())
    with pytest.raises(ObservationError, match="joint_2_rad"):
        swimmer.step(np.array([0.0, 0.0, bad, 0.0, 0.0]))
    with pytest.raises(ParameterError, match="speed"):
        swimmer.command(bad, 0.0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_joints": 1}, "2 to 29"),
        ({"n_joints": 30}, "2 to 29"),
        ({"limit_rad": 0.0}, "limit_rad"),
        ({"sub_ticks": 5}, "graded"),
        ({"cells": "spikes"}, "'spiking'"),
    ],
)
def test_circuit_arguments_out_of_range_are_errors(arguments: dict, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        swimmer_circuit(**({"n_joints": 5, "limit_rad": LIMIT} | arguments))
