"""All kinds of files that the package reads: flipped bits, foreign places, huge files.

A flipped bit is an error of the package or changes nothing; it never gives other content.
"""

from __future__ import annotations

import json
import os
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snn_control.checks import check
from snn_control.config import read_yaml
from snn_control.controllers import load
from snn_control.controllers.files import save
from snn_control.controllers.place import PlaceRecognizer
from snn_control.controllers.place.diehl_cook.module import DiehlCookConfig, DiehlCookModule
from snn_control.envs.blimp.flight_log import read_flight_log
from snn_control.envs.blimp.parameter_file import read_parameters
from snn_control.envs.route.sources import images_from_folder, images_from_npz
from snn_control.errors import SnnControlError
from snn_control.loops.place.posed_map import PosedMap
from snn_control.network import load_network, save_network
from snn_control.report.inputs import read as read_report
from snn_control.ros.bags.ticks import read_ticks
from snn_control.runs import Run, atomic
from snn_control.runs.checksums import read_arrays, to_json
from snn_control.training.model_name import load_named
from tests.conformance.networks import make

N_BITS = 40
"""Flipped bits per file."""


def _run(folder: Path) -> None:
    run = Run.create(folder, command="x", config={"name": "1e5", "seed": 3}, seed=3)
    for step in range(4):
        run.log({"generation": step, "best": step / 7})
        run.checkpoint(step, {"x": np.arange(30.0), "n": np.array(["a", "b"])}, {"step": step})
    run.finish()


def _read_run(folder: Path) -> Any:
    run = Run.open(folder)
    checkpoint = run.restore()
    return (
        run.manifest, run.config, run.metrics(), checkpoint.step, checkpoint.meta,
        checkpoint.metrics_bytes, {k: v.tolist() for k, v in checkpoint.arrays.items()},
    )  # fmt: skip


def _model(folder: Path) -> None:
    save(load("blimp-altitude"), folder / "m")


def _outputs(folder: Path) -> list[float]:
    controller = load(folder / "m.json")
    controller.reset(0)
    return [float(controller.step(np.array([0.3 * k]))[0]) for k in range(-3, 4)]


def _weights(folder: Path) -> list[Any]:
    network = load_network(folder / "n")
    return [repr(network)]


def _map(folder: Path) -> None:
    images = np.random.default_rng(0).integers(0, 255, (12, 28, 28), np.uint8)
    posed = PosedMap(PlaceRecognizer(0).fit(images))
    for number in range(len(images)):
        posed.place(number, (1.0 * number, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0), "map")
    posed.save(str(folder / "map.json"))


def _read_map(folder: Path) -> Any:
    posed = PosedMap.load(str(folder / "map.json"))
    if posed.note:
        raise SnnControlError(posed.note)
    image = (np.arange(784) % 251).astype(np.uint8).reshape(28, 28)
    return posed.poses, posed.frame, posed.recognizer.match(image, 5).scores.tolist()


def _module() -> DiehlCookModule:
    return DiehlCookModule(2, DiehlCookConfig(n_inputs=16, n_excitatory=4), seed=1)


def _arrays(folder: Path) -> None:
    atomic.write_arrays(folder / "x.npz", {"x": np.arange(50.0), "text": np.str_("on")})


def _report(folder: Path) -> None:
    _run(folder)
    (folder / "eval").mkdir()
    content = {
        "controller": "pid", "preset": "clean", "seeds": [1, 2], "mean": {"rmse_m": 0.1},
        "episodes": [{"rmse_m": 0.1}, {"rmse_m": 0.1}], "ci95": {"rmse_m": 0.0},
    }  # fmt: skip
    (folder / "eval" / "pid-clean.json").write_bytes(to_json(content))
    study = {"study": "x", "question": "?", "summary": "", "rows": [{"a": 1.5}], "figures": []}
    (folder / "study.json").write_bytes(to_json(study))


def _read_report(folder: Path) -> Any:
    inputs = read_report(folder)
    return inputs.evaluations, inputs.study, inputs.curves


@dataclass(frozen=True)
class Kind:
    """Kind of file: how it is written to a folder, and the content that is read from it."""

    write: Callable[[Path], Any]
    read: Callable[[Path], Any]
    files: tuple[str, ...]


KINDS = {
    "run": Kind(
        _run,
        _read_run,
        (
            "manifest.json", "config.yaml", "metrics.jsonl", "checkpoints/3/arrays.npz",
            "checkpoints/3/meta.json",
        ),
    ),
    "controller": Kind(_model, _outputs, ("m.json", "m.safetensors")),
    "network": Kind(
        lambda folder: save_network(make("iwta-own", "sparse"), folder / "n"),
        _weights,
        ("n.json", "n.safetensors"),
    ),
    "map": Kind(_map, _read_map, ("map.json", "map.safetensors", "map.poses.npz")),
    "module": Kind(
        lambda folder: _module().save(folder / "d"),
        lambda folder: DiehlCookModule.load(folder / "d").weights.tolist(),
        ("d.json", "d.safetensors"),
    ),
    "arrays": Kind(
        _arrays,
        lambda folder: {k: v.tolist() for k, v in read_arrays(folder / "x.npz").items()},
        ("x.npz",),
    ),
    "report": Kind(_report, _read_report, ("eval/pid-clean.json", "study.json")),
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind, entry in KINDS.items() for name in entry.files]
)
def test_a_flipped_bit_never_gives_other_content(kind: str, name: str, tmp_path: Path) -> None:
    entry = KINDS[kind]
    entry.write(tmp_path)
    expected = repr(entry.read(tmp_path))
    file = tmp_path / name
    data = file.read_bytes()
    n_refused = 0
    for bit in np.random.default_rng(8).integers(0, 8 * len(data), N_BITS):
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        file.write_bytes(damaged)
        try:
            assert repr(entry.read(tmp_path)) == expected, f"bit {bit}"
        except SnnControlError:
            n_refused += 1
    assert n_refused > 0.8 * N_BITS


def _remove_checksums(file: Path) -> None:
    """Remove the checksums that earlier versions did not write."""
    if file.suffix == ".json":
        document = json.loads(file.read_text())
        for key in ("sha256", "config_sha256", "metrics_sha256", "metrics_bytes"):
            if not (key == "metrics_bytes" and file.name == "meta.json"):
                document.pop(key, None)
        file.write_text(json.dumps(document))
    elif file.suffix == ".npz":
        with zipfile.ZipFile(file, "a") as archive:
            archive.comment = b""


@pytest.mark.parametrize("kind", ["controller", "network", "arrays", "report"])
def test_files_without_checksums_are_read(kind: str, tmp_path: Path) -> None:
    entry = KINDS[kind]
    entry.write(tmp_path)
    expected = repr(entry.read(tmp_path))
    for name in entry.files:
        _remove_checksums(tmp_path / name)
    assert repr(entry.read(tmp_path)) == expected


def test_a_run_without_checksums_is_resumed(tmp_path: Path) -> None:
    _run(tmp_path)
    for name in KINDS["run"].files:
        _remove_checksums(tmp_path / name)
    run, checkpoint = Run.resume(tmp_path)
    run.close()
    assert (checkpoint.step, len(run.metrics())) == (3, 4)


KINDS_OF_PIPES = ("json", "safetensors", "mcap", "yaml", "csv", "npz")
READERS: dict[str, Callable[[str], Any]] = {
    "load": load,
    "load_named": load_named,
    "load_network": load_network,
    "place map": PlaceRecognizer.load,
    "posed map": PosedMap.load,
    "run": Run.open,
    "resume": Run.resume,
    "configuration": read_yaml,
    "parameters": read_parameters,
    "flight log": read_flight_log,
    "images": images_from_folder,
    "npz": lambda name: images_from_npz(name, "x"),
    "arrays": lambda name: read_arrays(Path(name)),
    "check": check,
    "bag": lambda name: read_ticks(Path(name)),
}
"""Functions that read a file or folder by its name."""
NAMES = ["", ".", "a" * 5000, "a/" * 3000, "a\0b", "/dev/null", "/proc", "pipe", "pipe.json", "dir"]
NAMES += ["pipe.mcap", "pipe.yaml", "pipe.csv", "pipe.npz"]


@pytest.mark.parametrize("reader", READERS)
def test_names_without_a_file_are_refused_at_once(
    reader: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if reader == "bag":
        pytest.importorskip("rosbags", reason='needs rosbags: pip install "snn_control[logs]"')
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dir").mkdir()
    for name in ("pipe", *(f"pipe.{kind}" for kind in KINDS_OF_PIPES), "dir/manifest.json"):
        os.mkfifo(tmp_path / name)
    with suppress(SnnControlError):  # imports what the reader needs
        READERS[reader]("none")
    begin_s, messages = time.monotonic(), []
    for name in NAMES:
        try:
            result = READERS[reader](name)
        except SnnControlError as exc:
            messages.append(str(exc))
            continue
        assert reader == "check", name[:20]
        assert not all(outcome.passed for outcome in result)
    assert max(map(len, messages)) < 2000
    assert time.monotonic() - begin_s < 5


HUGE = 2_000_000_000


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("m.json", load),
        ("m.safetensors", load),
        ("log.csv", read_flight_log),
        ("blimp.yaml", read_parameters),
        ("x.npz", lambda path: read_arrays(Path(path))),
        ("x.npz", lambda path: images_from_npz(path, "x")),
    ],
)
def test_a_huge_file_is_refused_before_it_is_read(
    name: str, read: Callable[[str], Any], tmp_path: Path
) -> None:
    _model(tmp_path)
    _arrays(tmp_path)
    with (tmp_path / name).open("ab") as file:
        file.truncate(HUGE)
    place = tmp_path / ("m.json" if name.startswith("m.") else name)
    tracemalloc.start()
    try:
        with pytest.raises(SnnControlError):
            read(str(place))
        assert tracemalloc.get_traced_memory()[1] < 50e6
    finally:
        tracemalloc.stop()
