"""A disk that is really full: a small file system of memory, mounted for one process."""

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
    """Run a Python program that finds `disk` to be a file system of 1 MiB; return its output."""
    own = [] if os.geteuid() == 0 else ["-Ur"]
    unshare = ["unshare", "-m", *own, "sh", "-c"]
    mount = f'mount -t tmpfs -o size={LIMIT} tmpfs "$0"'
    if not shutil.which("unshare") or (
        subprocess.run([*unshare, mount, str(disk)], capture_output=True).returncode
    ):
        pytest.skip("no file system can be mounted here (needs root or user namespaces)")
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
said = []
for attempt in range(3):
    try:
        run.checkpoint(1, {"x": np.ones(3000)}, {})
    except RunError as error:
        said.append(str(error))
kept = Run.open(disk / "run").restore()
partial = [path.name for path in (disk / "run" / "checkpoints").glob(".partial-*")]
free()
run.log({"generation": 1})
run.checkpoint(1, {"x": np.ones(3000)}, {})
after = Run.open(disk / "run").restore()
print(json.dumps({
    "said": said, "kept": [kept.step, kept.arrays["x"].sum()], "partial": partial,
    "after": [after.step, after.arrays["x"].sum()],
    "generations": [record["generation"] for record in run.metrics()],
}))
"""
)


def test_a_checkpoint_on_a_full_disk_leaves_the_one_before(tmp_path: Path) -> None:
    found = json.loads(on_a_small_disk(tmp_path, CHECKPOINT))
    assert len(found["said"]) == 3
    for message in found["said"]:
        assert "No space left on device" in message
        assert "disk is full; free some space" in message
    assert found["kept"] == [0, 0]
    assert found["partial"] == []
    assert found["after"] == [1, 3000]
    assert found["generations"] == [0, 1]


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
said = ""
try:
    save(small("blimp-altitude-delay"), disk / "model")
except RunError as error:
    said = str(error)
same = before == [path.read_bytes(), path.with_suffix(".safetensors").read_bytes()]
load(path, engine=ReferenceEngine)
print(json.dumps({"said": said, "same": same, "files": sorted(p.name for p in disk.iterdir())}))
"""
)


def test_a_model_saved_over_another_on_a_full_disk_leaves_the_other(tmp_path: Path) -> None:
    found = json.loads(on_a_small_disk(tmp_path, MODEL))
    assert "disk is full; free some space" in found["said"]
    assert found["same"]
    assert found["files"] == ["filler", "model.json", "model.safetensors"]


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
    "codes": codes, "said": errors.getvalue(), "digest": digest.hexdigest(),
    "curve": [[line["generation"], line["best"]] for line in lines],
}))
"""
)


@pytest.mark.slow
def test_an_evolution_on_a_full_disk_goes_on_where_it_was(tmp_path: Path) -> None:
    """It ends with a message; with space again it resumes to the result of an undisturbed run."""
    config = tmp_path / "tiny.yaml"
    config.write_text(CONFIG)
    (disk := tmp_path / "disk").mkdir()
    whole = json.loads(on_a_small_disk(disk, EVOLVE, str(config), "free"))
    assert whole["codes"] == [0]
    found = json.loads(on_a_small_disk(disk, EVOLVE, str(config), "full"))
    assert found["codes"] == [1, 0]
    assert "disk is full; free some space" in found["said"]
    assert "Traceback" not in found["said"]
    assert found["curve"] == whole["curve"]
    assert found["digest"] == whole["digest"]
