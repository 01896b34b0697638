"""Full disk: a small tmpfs mounted for one process."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

LIMIT = "1m"


def on_a_small_disk(disk: Path, program: str, *arguments: str) -> str:
    """Run a Python program with a file system of 1 MiB mounted at `disk`; return its output."""
    user_namespace = [] if os.geteuid() == 0 else ["-Ur"]
    unshare = ["unshare", "-m", *user_namespace, "sh", "-c"]
    mount = f'mount -t tmpfs -o size={LIMIT} tmpfs "$0"'
    if not shutil.which("unshare") or (
        subprocess.run([*unshare, mount, str(disk)], capture_output=True).returncode
    ):
        pytest.skip("cannot mount a file system (needs root or user namespaces)")
    command = [*unshare, f'{mount} && exec "$@"', str(disk), sys.executable, "-c", program]
    done = subprocess.run([*command, str(disk), *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


FILL = """
import sys
from pathlib import Path

disk = Path(sys.argv[1])

def fill():
    with (disk / "filler").open("wb", buffering=0) as stream:
        try:
            while stream.write(bytes(4096)):
                pass
        except OSError:
            pass

def free():
    (disk / "filler").unlink()
"""

CHECKPOINT = (
    FILL
    + """
import json
import numpy as np
from snn_control.errors import RunError
from snn_control.runs import Run

run = Run.create(disk / "run", command="x", config={}, seed=0)
run.log({"generation": 0})
run.checkpoint(0, {"x": np.zeros(3000)}, {})
fill()
errors = []
for attempt in range(3):
    try:
        run.checkpoint(1, {"x": np.ones(3000)}, {})
    except RunError as error:
        errors.append(str(error))
kept = Run.open(disk / "run").restore()
partial = [path.name for path in (disk / "run" / "checkpoints").glob(".partial-*")]
free()
run.log({"generation": 1})
run.checkpoint(1, {"x": np.ones(3000)}, {})
after = Run.open(disk / "run").restore()
print(json.dumps({
    "errors": errors, "kept": [kept.step, kept.arrays["x"].sum()], "partial": partial,
    "after": [after.step, after.arrays["x"].sum()],
    "generations": [record["generation"] for record in run.metrics()],
}))
"""
)


def test_failed_checkpoint_on_a_full_disk_keeps_the_previous(tmp_path: Path) -> None:
    result = json.loads(on_a_small_disk(tmp_path, CHECKPOINT))
    assert len(result["errors"]) == 3
    for message in result["errors"]:
        assert "No space left on device" in message
        assert "disk is full; free some space" in message
    assert result["kept"] == [0, 0]
    assert result["partial"] == []
    assert result["after"] == [1, 3000]
    assert result["generations"] == [0, 1]


MODEL = (
    FILL
    + """
import json
from snn_control.controllers import load, save
from snn_control.engines.reference import ReferenceEngine
from snn_control.errors import RunError

def small(name):
    return load(name, engine=ReferenceEngine)

path = save(small("blimp-altitude"), disk / "model")
before = [path.read_bytes(), path.with_suffix(".safetensors").read_bytes()]
fill()
message = ""
try:
    save(small("blimp-altitude-delay"), disk / "model")
except RunError as error:
    message = str(error)
same = before == [path.read_bytes(), path.with_suffix(".safetensors").read_bytes()]
load(path, engine=ReferenceEngine)
files = sorted(p.name for p in disk.iterdir())
print(json.dumps({"message": message, "same": same, "files": files}))
"""
)


def test_failed_save_on_a_full_disk_keeps_the_old_model(tmp_path: Path) -> None:
    result = json.loads(on_a_small_disk(tmp_path, MODEL))
    assert "disk is full; free some space" in result["message"]
    assert result["same"]
    assert result["files"] == ["filler", "model.json", "model.safetensors"]


CONFIG = """
method: evolve
system: blimp
name: tiny
strategy_config: {population: 6}
task: {sizes: {pairs: 6}, sequences: 2, sequence_ticks: 60, scenarios: 2, duration_s: 100.0}
"""
EVOLVE = (
    FILL
    + """
import contextlib, hashlib, io, json, threading, time
from snn_control.cli.main import main

run, budget = disk / "run", ["--budget", "400gen", "--no-report", "--json"]
out = io.StringIO()

def fill_soon():
    while not (run / "checkpoints" / "last").exists():
        time.sleep(0.001)
    fill()

if sys.argv[3] == "full":
    threading.Thread(target=fill_soon, daemon=True).start()
errors = io.StringIO()
with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
    codes = [main(["evolve", sys.argv[2], "--seed", "5", "--out", str(run), *budget])]
    if sys.argv[3] == "full":
        free()
        codes.append(main(["evolve", "--resume", str(run), *budget]))
best = run / "checkpoints" / "best"
digest = hashlib.sha256()
for name in ("model.json", "model.safetensors"):
    digest.update((best / name).read_bytes())
lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
print(json.dumps({
    "codes": codes, "errors": errors.getvalue(), "digest": digest.hexdigest(),
    "curve": [[line["generation"], line["best"]] for line in lines],
}))
"""
)


@pytest.mark.slow
def test_evolution_resumes_after_a_full_disk(tmp_path: Path) -> None:
    """The run stops with a message; with free space it resumes to the result of a normal run."""
    config = tmp_path / "tiny.yaml"
    config.write_text(CONFIG)
    (disk := tmp_path / "disk").mkdir()
    normal = json.loads(on_a_small_disk(disk, EVOLVE, str(config), "free"))
    assert normal["codes"] == [0]
    result = json.loads(on_a_small_disk(disk, EVOLVE, str(config), "full"))
    assert result["codes"] == [1, 0]
    assert "disk is full; free some space" in result["errors"]
    assert "Traceback" not in result["errors"]
    assert result["curve"] == normal["curve"]
    assert result["digest"] == normal["digest"]
