"""Runs with file size limits, read-only folders, two writers and kill -9."""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time

import pytest

from snn_control.errors import RunError
from snn_control.runs import Run
from tests.other_user import unprivileged

WRITER = """
import sys, numpy as np
from snn_control.runs import Run
start = 0
if sys.argv[2] == "0":
    run = Run.create(sys.argv[1], command="x", config={}, seed=0)
else:
    run, checkpoint = Run.resume(sys.argv[1])
    start = checkpoint.step + 1
for step in range(start, 1_000_000):
    run.log({"generation": step})
    run.checkpoint(step, {"x": np.full(20_000, step)}, {"step": step}, best=step % 3 == 0)
    print(step, flush=True)
"""


def test_killed_run_is_readable_and_resumes(tmp_path):
    rng = random.Random(0)
    last = -1
    for attempt in range(8):
        command = [sys.executable, "-c", WRITER, str(tmp_path / "run"), str(attempt)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout
            reported = writer.stdout.readline()
            time.sleep(rng.uniform(0, 0.15))
            writer.send_signal(signal.SIGKILL)
            reported += writer.stdout.read()
        done = int(reported.split("\n")[-2]) if reported.endswith("\n") else last
        for which in ("last", "best"):
            checkpoint = Run.open(tmp_path / "run").restore(which)
            assert set(checkpoint.arrays["x"]) == {checkpoint.step}
            assert checkpoint.meta == {"step": checkpoint.step}
        last = Run.open(tmp_path / "run").restore().step
        assert last >= done
    resumed, checkpoint = Run.resume(tmp_path / "run")
    assert [r["generation"] for r in resumed.metrics()] == list(range(checkpoint.step + 1))
    resumed.checkpoint(checkpoint.step + 1, {}, {})
    assert not list((tmp_path / "run" / "checkpoints").glob(".partial-*"))
    resumed.close()


LIMITED = """
import resource, signal, sys, numpy as np
from snn_control.errors import RunError
from snn_control.runs import Run
run = Run.create(sys.argv[1], command="x", config={}, seed=0)
run.checkpoint(0, {"x": np.zeros(10)}, {})
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
refused = 0
try:
    run.checkpoint(1, {"x": np.zeros(10_000)}, {})
except RunError:
    refused += 1
try:
    for step in range(1000):
        run.log({"generation": step, "text": "x" * 100})
except RunError:
    refused += 1
print(refused, run.restore().step, len(run.metrics()), run.metrics()[-1]["generation"])
"""


def test_interrupted_write_leaves_complete_lines(tmp_path):
    command = [sys.executable, "-c", LIMITED, str(tmp_path / "run")]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    refused, step, lines, generation = map(int, out)
    assert (refused, step) == (2, 0)
    assert lines == generation + 1 > 10
    assert (tmp_path / "run" / "metrics.jsonl").read_bytes().endswith(b"\n")


READ_ONLY = """
import sys
from snn_control.errors import RunError
from snn_control.runs import Run
try:
    Run.create(sys.argv[1], command="x", config={}, seed=0)
except RunError as error:
    print(error)
"""


def test_error_of_a_read_only_folder_has_a_remedy():
    prefix = unprivileged("snn_control.runs")
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o555)
        command = [*prefix, sys.executable, "-c", READ_ONLY, f"{folder}/run"]
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert "cannot be written; choose another with --out" in output
        os.chmod(folder, 0o755)


def test_error_of_an_existing_file_has_a_remedy(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match="choose another with --out"):
        Run.create(tmp_path / "file", command="x", config={}, seed=0)


def test_second_writer_is_an_error(tmp_path):
    command = [sys.executable, "-c", WRITER, str(tmp_path / "run"), "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout
        writer.stdout.readline()
        with pytest.raises(RunError, match="another process is writing"):
            Run.resume(tmp_path / "run")
        writer.kill()
    Run.resume(tmp_path / "run")[0].close()
