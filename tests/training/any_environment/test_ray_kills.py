"""Evolution on a Ray cluster whose processes are killed: the result is that of a serial run."""

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

from snn_control.runs import Run
from tests.paths import ROOT
from tests.training.any_environment.test_task import FAULTY, ONE_GAIN, config, evolved, state

NEEDS_RAY = [
    pytest.mark.slow,
    pytest.mark.skipif(
        find_spec("ray") is None, reason='needs Ray: pip install "snn_control[cluster]"'
    ),
    pytest.mark.skipif(
        not Path("/proc/self/stat").exists(), reason="needs /proc to list processes"
    ),
]
"""Marks of the tests of whole clusters."""
pytestmark = NEEDS_RAY
HEALTH = {
    "RAY_health_check_period_ms": "300",
    "RAY_health_check_timeout_ms": "500",
    "RAY_health_check_failure_threshold": "3",
}
"""Settings of the guide on clusters, with which a lost node is detected within 2 s."""
GENERATIONS = 16
TASK = {"controller": ONE_GAIN, "options": {"pause_s": 0.04}}
VALUES = {"generations": GENERATIONS, "strategy_config.population": 24}


class Nodes:
    """Nodes of a cluster, as a context manager."""

    def __enter__(self) -> "Nodes":
        token = secrets.token_hex(32)
        self.environment = os.environ | {
            "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": token, "PYTHONPATH": str(ROOT),
            **HEALTH,
        }  # fmt: skip
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.training.any_environment.ray_nodes"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            cwd=ROOT, env=self.environment,
        )  # fmt: skip
        self.address, gcs, *nodes = self._line("nodes")
        self.gcs, self.nodes = int(gcs), [int(pid) for pid in nodes]
        return self

    def add(self) -> None:
        """Add a node of one core."""
        assert self._process.stdin
        self._process.stdin.write("add\n")
        self._process.stdin.flush()
        self._line("added")

    def _line(self, head: str) -> list[str]:
        assert self._process.stdout
        for line in self._process.stdout:
            if line.startswith(head):
                return line.split()[1:]
        raise AssertionError("the cluster did not start")

    def __exit__(self, *_: object) -> None:
        for pid in descendants(self._process.pid):
            kill(pid)
        self._process.kill()
        self._process.wait()


def kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def parents() -> Iterator[tuple[int, int, str]]:
    """Yield process, parent and command line of all processes."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except (OSError, ValueError):
            continue
        yield int(folder.name), parent, command


def descendants(pid: int) -> list[int]:
    children = [child for child, parent, _ in parents() if parent == pid]
    return [*children, *(each for child in children for each in descendants(child))]


def drive(nodes: Nodes, folder: Path, *words: str) -> subprocess.Popen:
    """Start the verb on the cluster."""
    return subprocess.Popen(
        [sys.executable, "-m", "snn_control", "evolve", *words, "--executor", "ray",
         "--address", nodes.address, "--no-report"],
        env=nodes.environment, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True,
    )  # fmt: skip


def generations(run: Path, n: int) -> float:
    """Wait for the record of generation `n`; return its time since the start of the run, s."""
    deadline = time.monotonic() + 90.0
    while time.monotonic() < deadline:
        path = run / "metrics.jsonl"
        records = (
            [json.loads(text) for text in path.open() if text.endswith("\n")]
            if (path.exists())
            else []
        )
        if len(records) >= n:
            return float(records[n - 1]["elapsed_s"])
        time.sleep(0.05)
    raise AssertionError(f"no generation {n} within 90 s")


@pytest.fixture
def expected(tmp_path):
    made = config(FAULTY, VALUES | {"executor": "serial"}, **TASK)
    return state(evolved(tmp_path / "serial", made)[0])


def write(folder: Path) -> None:
    content = {
        "method": "evolve", "name": "own", "strategy_config": {"population": 24},
        "generations": GENERATIONS,
        "task": {"environment": FAULTY, "parameters": {"*.weights": [-1, 1]}} | TASK,
    }  # fmt: skip
    (folder / "own.yaml").write_text(yaml.safe_dump(content))


def test_killed_workers_nodes_and_drivers_leave_no_trace(tmp_path, expected, record_property):
    write(tmp_path)
    run = tmp_path / "run"
    with Nodes() as nodes:
        first = drive(nodes, tmp_path, "own.yaml", "--seed", "2", "--out", str(run))
        usual_s = generations(run, 4) - generations(run, 3)
        workers = [
            pid for pid, _, command in parents() if command.startswith(("ray::_eval", "ray::IDLE"))
        ]
        kill(workers[0])
        worker_s = generations(run, 5) - generations(run, 4)
        kill(nodes.nodes[0])
        node_s = generations(run, 6) - generations(run, 5)
        nodes.add()
        generations(run, 8)
        first.kill()
        first.wait()
        second = drive(nodes, tmp_path, "--resume", str(run))
        output, _ = second.communicate(timeout=120.0)
        assert second.returncode == 0, output
    for name, seconds in (("worker", worker_s), ("node", node_s)):
        record_property(f"{name}_beyond_s", round(seconds - usual_s, 2))
        print(f"lost {name}: {seconds - usual_s:.2f} s beyond a generation")
        assert seconds - usual_s < 5.0
    assert state(Run.open(run)) == expected


def test_a_lost_head_node_is_an_error_and_the_run_resumes(tmp_path, expected):
    write(tmp_path)
    run = tmp_path / "run"
    with Nodes() as nodes:
        driver = drive(nodes, tmp_path, "own.yaml", "--seed", "2", "--out", str(run))
        generations(run, 3)
        kill(nodes.gcs)
        output, _ = driver.communicate(timeout=60.0)
        assert driver.returncode == 1
        assert "is lost; start the cluster again and continue the run with --resume" in output
        assert "Traceback" not in output
    done = subprocess.run(
        [sys.executable, "-m", "snn_control", "evolve", "--resume", str(run), "--executor",
         "serial", "--no-report"],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert state(Run.open(run)) == expected
