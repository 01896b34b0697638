"""Executor `auto`: this process for short runs, processes for long ones, with equal results."""

from __future__ import annotations

import math

import numpy as np
import pytest

from snn_control.training.any_environment.task import EnvironmentTask
from snn_control.training.evolution import workers
from snn_control.training.evolution.workers import AUTO, LateProcesses, open_executor

TASK = EnvironmentTask(
    "CartPole-v1", arguments={"hidden": [4]}, parameters={"*.weights": [-1.0, 1.0]}
)


def test_short_runs_start_no_processes() -> None:
    fitness = TASK.fitness(1)
    genomes, seeds = np.full((6, fitness.n_genes), 0.5), np.full(6, 3, np.uint64)
    with open_executor(AUTO, 2, "local", TASK, 1, fitness, each_s=0.01) as executor:
        assert isinstance(executor, LateProcesses)
        for _ in range(3):
            executor.evaluate(genomes, seeds)
        assert not executor.in_processes


@pytest.mark.parametrize("each_s", [0.0, math.inf])
def test_processes_start_when_the_run_is_long(
    each_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    fitness = TASK.fitness(1)
    genomes = np.random.default_rng(2).random((6, fitness.n_genes))
    seeds = np.full(6, 3, np.uint64)
    expected = [*fitness.rows(genomes, seeds)]
    monkeypatch.setattr(workers, "SERIAL_S", 1e-3)
    with open_executor(AUTO, 2, "local", TASK, 1, fitness, each_s=each_s) as executor:
        assert isinstance(executor, LateProcesses)
        for generation in range(2):
            np.testing.assert_array_equal(executor.evaluate(genomes, seeds), expected)
            assert executor.in_processes is (generation == 1 or math.isinf(each_s))
