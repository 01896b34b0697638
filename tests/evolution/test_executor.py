from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from snn_control.errors import ConfigError, ParameterError, SnnControlError
from snn_control.evolution import EXECUTORS, Executor, Fitness, individual_seeds, make_executor
from snn_control.evolution.executor import chunks
from tests.evolution import problems
from tests.paths import ROOT

GENOMES = np.random.default_rng(1).random((23, 5))
SEEDS = individual_seeds(7, 3, 23)


@pytest.fixture(params=sorted(EXECUTORS))
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def expected() -> np.ndarray:
    return np.array([problems.noisy_sphere(g, int(s)) for g, s in zip(GENOMES, SEEDS, strict=True)])


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_results_are_independent_of_the_workers(
    name: str, workers: int, expected: np.ndarray
) -> None:
    with make_executor(name, problems.noisy_sphere, workers) as executor:
        for _ in range(2):
            assert np.array_equal(executor.evaluate(GENOMES, SEEDS), expected)
        assert np.array_equal(executor.evaluate(GENOMES[:1], SEEDS[:1]), expected[:1])


def test_several_objectives_give_a_matrix(name: str) -> None:
    with make_executor(name, problems.two_objectives, 2) as executor:
        fitness = executor.evaluate(GENOMES, SEEDS)
    assert np.array_equal(fitness, np.stack((GENOMES[:, 0], SEEDS % 1000), axis=1))


def test_a_failing_fitness_names_the_individual(name: str) -> None:
    genomes = np.zeros((9, 2))
    genomes[6] = 0.9
    with (
        make_executor(name, problems.raises_on_large, 2) as executor,
        pytest.raises(SnnControlError, match=r"individual 6 .* raised ValueError: too large"),
    ):
        executor.evaluate(genomes, SEEDS[:9])


def test_wrong_shapes_are_refused() -> None:
    with make_executor("serial", problems.noisy_sphere) as executor:
        with pytest.raises(ParameterError, match="genomes of shape"):
            executor.evaluate(GENOMES, SEEDS[:3])
        with pytest.raises(ParameterError, match="genomes of shape"):
            executor.evaluate(GENOMES[0], SEEDS[:5])
    with pytest.raises(ParameterError, match="workers"):
        make_executor("serial", problems.noisy_sphere, 0)


def test_seeds_differ_and_are_independent_of_the_population() -> None:
    seeds = np.concatenate([individual_seeds(s, g, 100) for s in range(5) for g in range(5)])
    assert len(np.unique(seeds)) == len(seeds)
    assert np.array_equal(individual_seeds(1, 2, 10), individual_seeds(1, 2, 50)[:10])


@pytest.mark.parametrize(("population", "workers"), [(1, 4), (7, 2), (256, 3), (5, 1)])
def test_chunks_cover_the_population_in_order(population: int, workers: int) -> None:
    covered = [i for p in chunks(population, workers) for i in range(p.start, p.stop)]
    assert covered == list(range(population))


@pytest.fixture
def no_remaining_processes() -> Iterator[None]:
    yield
    assert not [p for p in multiprocessing.active_children() if p.name == "fitness"]


@pytest.mark.usefixtures("no_remaining_processes")
class TestProcesses:
    def executor(self, fitness: Fitness) -> Executor:
        return make_executor("processes", fitness, 2)

    def test_workers_have_one_blas_thread_and_the_parent_is_unchanged(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("OPENBLAS_NUM_THREADS", "5")
        monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
        with self.executor(problems.blas_thread_count) as executor:
            assert executor.evaluate(GENOMES, SEEDS).tolist() == [1.0] * 23
        assert os.environ["OPENBLAS_NUM_THREADS"] == "5"
        assert "MKL_NUM_THREADS" not in os.environ

    def test_both_workers_are_other_processes(self) -> None:
        with self.executor(problems.process_id) as executor:
            pids = set(executor.evaluate(GENOMES, SEEDS).tolist())
        assert len(pids) == 2
        assert os.getpid() not in pids

    def test_a_dead_worker_is_an_error(self) -> None:
        executor = self.executor(problems.exits_abruptly)
        with pytest.raises(SnnControlError, match=r"worker process died \(exit status 3\)"):
            executor.evaluate(GENOMES, SEEDS)
        with pytest.raises(SnnControlError, match="closed"):
            executor.evaluate(GENOMES, SEEDS)

    def test_a_function_that_cannot_be_sent_is_an_error(self) -> None:
        with pytest.raises(ConfigError, match="top level of a module"):
            self.executor(lambda genome, seed: 0.0)


SCRIPT = """
import numpy as np
from snn_control.evolution import individual_seeds, make_executor
from tests.evolution.problems import never_ends

if __name__ == "__main__":
    executor = make_executor("processes", never_ends, 2)
    print(*(process.pid for process in executor._workers.values()), flush=True)
    executor.evaluate(np.zeros((4, 2)), individual_seeds(1, 1, 4))
"""


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to list processes")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_workers_exit_with_the_parent(tmp_path: Path, number: signal.Signals) -> None:
    """Send SIGINT to the process group, like Ctrl-C in a terminal, other signals to the parent."""
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)

    parent = subprocess.Popen(
        [sys.executable, str(script)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert parent.stdout is not None
    workers = [int(pid) for pid in parent.stdout.readline().split()]
    assert len(workers) == 2
    time.sleep(1.0)
    if number == signal.SIGINT:
        os.killpg(parent.pid, number)
    else:
        parent.send_signal(number)
    _, errors = parent.communicate(timeout=30)
    assert parent.returncode != 0
    assert ("KeyboardInterrupt" in errors) == (number == signal.SIGINT)
    deadline_s = time.monotonic() + 5
    while any(map(alive, workers)) and time.monotonic() < deadline_s:
        time.sleep(0.05)
    assert not [pid for pid in workers if alive(pid)]
