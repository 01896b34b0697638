"""Fingerprints of behaviour: hashes that are equal before and after a change without effect on it.

    python benchmarks/fingerprint.py                     # compare with benchmarks/fingerprint.txt
    python benchmarks/fingerprint.py --only loop/        # a selection
    python benchmarks/fingerprint.py --record            # write a new table

The table covers every shipped model (an episode in its environment, its files, the loop of its
node on scripted events, a bag and its replay), every shipped configuration (a short optimisation),
presets and worlds, few lidar rays, studies of adaptation, and place recognisers. Numbers are hashed
bit for bit; times, paths, versions and the words of reasons are omitted.

Exit codes: 0 all equal, 1 some differ, 2 wrong use. Rounding can differ between processors and
between releases of NumPy, Numba or torch: compare on the machine that recorded the table.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import hashlib
import io
import json
import platform
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from scripted_loops import ticks_of, write_bag

TABLE = Path(__file__).with_suffix(".txt")
SHORT = {"blimp-free": "3gen", "swimmer": "4000steps"}
"""Budgets of some configurations; the others run for 2 generations."""
SEED = 3
ADAPTATION: dict[str, dict[str, Any]] = {
    "leak-and-sag": {
        "controllers": ["frozen", "snn-pes", "snn-predicted", "pd-predicted", "adaptive-needs"],
        "conditions": ["all", "wide"], "duration_s": 100.0,
    },
    "gain-flips": {"tuning_seeds": 1, "periods_s": [30.0], "duration_s": 150.0},
    "frozen-sensor": {"controllers": ["adaptive"], "cases": ["climb"]},
    "regimes": {"features": ["tiles"], "regime_s": 40.0},
    "concept-shift": {"samples": 3000, "swap_every": [500], "tuning_seeds": 1},
    "swimmer-adaptation": {
        "damages": ["0.1 Pa s"], "grid_periods": [1.0], "grid_gains": [1.0],
        "grid_starts": 1,
    },
    "place-recalibration": {"conditions": ["night"], "length_m": 400.0, "stretch": 50},
}  # fmt: skip
"""Studies of adaptation, with settings for one seed."""
OMITTED = ("elapsed_s", "box", "hypervolume", "objectives")
"""Entries of records: times, and figures derived from the front."""


class Hash:
    """Hash of numbers, texts and files, in order."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def add(self, value: Any) -> None:
        """Add a number, text, array or file, or a list or mapping of these."""
        if isinstance(value, dict):
            for name in sorted(value):
                self.add(name)
                self.add(value[name])
        elif isinstance(value, list | tuple):
            self.add(len(value))
            for item in value:
                self.add(item)
        elif isinstance(value, Path):
            self._hash.update(content_of(value))
        elif value is None or isinstance(value, str):
            self._hash.update(repr(value).encode() + b"\0")
        else:
            array = np.asarray(value)
            kind = np.float64 if array.dtype.kind == "f" else array.dtype
            self._hash.update(f"{array.shape}{array.dtype.kind}".encode())
            self._hash.update(np.ascontiguousarray(array, kind).tobytes())

    def text(self) -> str:
        """Return the first 16 digits."""
        return self._hash.hexdigest()[:16]


def content_of(path: Path) -> bytes:
    """Return the bytes of a file; of a model's document, those without its own checksum."""
    content = path.read_bytes()
    document = json.loads(content) if path.suffix == ".json" else None
    if isinstance(document, dict) and document.pop("sha256", None):
        content = (json.dumps(document, indent=1, sort_keys=True) + "\n").encode()
    return content


def digest(*values: Any) -> str:
    """Return the hash of values."""
    hashed = Hash()
    for value in values:
        hashed.add(value)
    return hashed.text()


def model_names() -> list[str]:
    """Return the names of the shipped models."""
    from snn_control.resources import models_folder

    return sorted(path.stem for path in models_folder().glob("*.json"))


def episode(name: str, preset: str = "default") -> str:
    """Return the fingerprint of one seeded episode of a model or its twin."""
    from snn_control.training.comparison import load_all
    from snn_control.training.evaluate import evaluate
    from snn_control.training.systems import system_of

    ((label, controller),) = load_all([name]).items()
    options = {"duration_s": 90.0} if system_of(controller).name.startswith("blimp") else {}
    evaluation = evaluate(controller, label, seeds=[SEED], preset=preset, **options)
    result = evaluation.episodes[0]
    return digest(result.metrics, {name: row for name, row in result.trace.items() if len(row)})


def supervised_episode(alone: bool) -> str:
    """Return the fingerprint of a supervised episode with faults: heights, estimate and modes.

    Args:
        alone: True for a lidar without further sensors.
    """
    from snn_control.supervision.faults import Fault, FaultKind
    from snn_control.training.blimp.supervised.flight import FlightSettings, fly

    faults = [
        Fault("lidar", FaultKind.GARBAGE, 20.0, 30.0, seed=SEED),
        Fault("lidar", FaultKind.STUCK, 45.0, 60.0),
        Fault("lidar", FaultKind.DELAYED, 75.0, 85.0),
        Fault("motor", FaultKind.WRONG, 100.0, 110.0, offset=2.0),
    ]
    for name in ("barometer", "accelerometer"):
        end_s = 150.0 if alone else 70.0
        faults.append(Fault(name, FaultKind.OFF, 0.0 if alone else 62.0, end_s))
    result = fly(SEED, faults, FlightSettings(150.0, changes={"random_reference": True}))
    modes = [[at_s, mode] for at_s, mode, _ in result.modes]
    return digest(result.height_m, result.command, result.supervised, modes)


def few_rays() -> str:
    """Return the fingerprint of an episode with 14 chosen rays: fired and estimated ranges."""
    from snn_control.controllers import load
    from snn_control.envs.corridor.navigation import CorridorNav
    from snn_control.loops.corridor.completion import Remembered
    from snn_control.loops.corridor.ray_choice import ExpectedInformation
    from snn_control.loops.corridor.sensing import RaySensing
    from snn_control.training.corridor.sparse_episode import scans

    env = CorridorNav("moving", ray_choice=True)
    sensing = RaySensing(Remembered(), ExpectedInformation(14))
    seen = list(scans(env, load("corridor-spiking"), sensing, SEED))
    return digest(env.metrics(), [[scan.range_m, scan.estimated_m] for scan in seen])


def adaptation(study: str) -> str:
    """Return the fingerprint of the table of a study of adaptation."""
    from snn_control.studies.registry import study_module, study_settings

    _, config = study_settings(study, {"seeds": 1, **ADAPTATION[study]})
    return digest(study_module(study).run(config).rows)


def model_files(name: str) -> str:
    """Return one fingerprint of a shipped model's files and those of its re-saved copy."""
    from snn_control.controllers import load, save
    from snn_control.resources import models_folder

    shipped = models_folder() / f"{name}.json"
    with tempfile.TemporaryDirectory() as folder:
        again = save(load(name), Path(folder) / "again", {"name": name})
        return digest(
            shipped, shipped.with_suffix(".safetensors"), again, again.with_suffix(".safetensors")
        )


def optimisation(name: str) -> str:
    """Return the fingerprint of a short optimisation: metrics without times, and the best model."""
    from snn_control.runs import Run
    from snn_control.training.optimisation import optimise, read_optimisation

    config = read_optimisation(name)
    with tempfile.TemporaryDirectory() as folder:
        run = Run.create(Path(folder) / "run", command="", config=config, seed=SEED, budget="")
        model = optimise(config, run, seed=SEED, budget=SHORT.get(name, "2gen"))
        rows = [{k: v for k, v in row.items() if k not in OMITTED} for row in run.metrics()]
        front = run.folder / "exports" / "front"
        files = sorted(front.rglob("*.*")) if front.is_dir() else []
        return digest(
            json.dumps(rows, sort_keys=True), model, model.with_suffix(".safetensors"), files
        )


def loop(name: str) -> str:
    """Return the fingerprint of the loop around a model."""
    return digest(*ticks_of(name)(name, SEED))


def bag(name: str) -> str:
    """Return the fingerprint of a bag with the ticks of the loop: its outputs and its replay."""
    from snn_control.controllers import load
    from snn_control.ros.bags.ticks import read_ticks, replay

    controller = load(name)
    ticks = [t for t in ticks_of(name)(name, SEED, full=True) if hasattr(t, "number")]
    with tempfile.TemporaryDirectory() as folder:
        write_bag(ticks, controller, Path(folder) / "bag")
        recorded = read_ticks(Path(folder) / "bag")
    again = replay(recorded, controller)
    if not np.array_equal(again, recorded.outputs, equal_nan=True):
        raise SystemExit(f"{name}: the replay of its bag differs from the recorded outputs")
    return digest(recorded.fields, again)


def route(n: int, seed: int = SEED) -> tuple[np.ndarray, np.ndarray]:
    """Return images of a reference and a query traverse, each (n, 32, 64) uint8."""
    from scipy.ndimage import gaussian_filter

    random = np.random.default_rng(seed)
    world = gaussian_filter(random.normal(size=(32, 24 * n + 64)), (2.0, 3.0))
    views = np.stack([world[:, 24 * k : 24 * k + 64] for k in range(n)])
    views /= views.std()
    other = 0.7 * views + 0.4 * random.normal(size=views.shape) + 0.3
    reference, query = (np.clip(128 + 40 * v, 0, 255).astype(np.uint8) for v in (views, other))
    return reference, query


def places(kind: str) -> str:
    """Return the fingerprint of a recogniser: matches with and without spikes, and its files."""
    from snn_control.controllers.place import PlaceConfig, PlaceEnsemble, PlaceRecognizer
    from snn_control.controllers.place.baselines import LinearRecognizer, SadRecognizer

    images, queries = route(80)
    makers: dict[str, Callable[[], Any]] = {
        "recognizer": PlaceRecognizer,
        "small": lambda: PlaceRecognizer(2, PlaceConfig(height=8, width=16, window=5)),
        "ensemble": lambda: PlaceEnsemble(range(3), PlaceConfig(input_share=0.7)),
        "sad": SadRecognizer,
        "linear": LinearRecognizer,
    }
    recognizer = makers[kind]().fit(images, (queries[:30], range(30)))
    matches = []

    def match(first: int, last: int, **options: Any) -> None:
        recognizer.reset_sequence()
        for k, image in enumerate(queries[first:last]):
            step = 1.0 if k % 9 else 0.5
            fields = dataclasses.asdict(recognizer.match(image, 5, step, **options))
            matches.append({name: value for name, value in fields.items() if name != "reason"})

    match(30, 80)
    if kind in ("recognizer", "ensemble"):
        match(30, 45, spiking=True)
        match(30, 45, early=True)
        recognizer.add(queries[79])
        recognizer.remove([3, 4])
        recognizer.fuse([10, 11])
        recognizer.calibrate((queries[30:60], range(30, 60)))
        match(40, 80)
        with tempfile.TemporaryDirectory() as folder:
            path = recognizer.save(Path(folder) / "map")
            matches += [path, path.with_suffix(".safetensors")]
            again = type(recognizer).load(path)
            matches.append(dataclasses.asdict(again.match(queries[50])))
            return digest(*matches)
    return digest(*matches)


def diehl_cook() -> str:
    """Return the fingerprint of the published modules: learning, responses and files."""
    from snn_control.controllers.place.diehl_cook.module import DiehlCookConfig, DiehlCookModule

    images = route(6)[0][:, 2:30, 4:32]
    config = DiehlCookConfig(n_excitatory=30, epochs=3, assignment_epochs=1)
    module = DiehlCookModule(6, config, seed=SEED)
    module.fit(images)
    responses = module.responses(images)
    values = [module.weights, module.theta_v, responses]
    values += [module.scores(responses), module.scores(responses, weighted=True)]
    with tempfile.TemporaryDirectory() as folder:
        path = module.save(Path(folder) / "module")
        return digest(*values, path, path.with_suffix(".safetensors"))


def place_loop() -> str:
    """Return the fingerprint of the loop of the place node: mapping, matches, loop closures."""
    import sys

    sys.path.insert(0, str(TABLE.parents[1]))
    from tests.loops.place.harness import PlaceHarness, query_traverse
    from tests.loops.place.harness import route as places_of

    images = places_of(70)
    bench = PlaceHarness(extend=True, map_loops=True).map(images, distance_m=1.0)
    matches = []
    for k, image in enumerate(query_traverse(images)[20:60]):
        answer = bench.show(image, 1.0 if k < 30 else -1.0)
        assert answer is not None
        fields = dataclasses.asdict(answer.match)
        fields.pop("reason")
        matches.append(fields)
    return digest(*matches)


def fingerprints() -> dict[str, Callable[[], str]]:
    """Return all fingerprints by name."""
    from snn_control.resources import configs_folder

    makers: dict[str, Callable[[], str]] = {}
    for name in ("pid", "gap", *model_names()):
        makers[f"episode/{name}"] = lambda name=name: episode(name)
        makers[f"loop/{name}"] = lambda name=name: loop(name)
        makers[f"bag/{name}"] = lambda name=name: bag(name)
        if name not in ("pid", "gap"):
            makers[f"files/{name}"] = lambda name=name: model_files(name)
    for preset in ("clean", "missed", "leak", "stress"):
        makers[f"episode/blimp-altitude/{preset}"] = lambda p=preset: episode("blimp-altitude", p)
    for world in ("novel", "moving", "novel-moving"):
        makers[f"episode/corridor-spiking/{world}"] = lambda w=world: episode("corridor-spiking", w)
    makers["episode/corridor-spiking/14_rays"] = few_rays
    for sensors, alone in (("three_sensors", False), ("lidar", True)):
        makers[f"supervised/{sensors}"] = lambda alone=alone: supervised_episode(alone)
    for name in ("blimp-altitude-twin", "swimmer-spiking:untrained", "swimmer-graded:3-links",
                 "swimmer-spiking:12-links"):  # fmt: skip
        makers[f"episode/{name}"] = lambda name=name: episode(name)
    for path in sorted(configs_folder().glob("*.yaml")):
        makers[f"optimisation/{path.stem}"] = lambda name=path.stem: optimisation(name)
    for study in ADAPTATION:
        makers[f"adaptation/{study}"] = lambda study=study: adaptation(study)
    for kind in ("recognizer", "small", "ensemble", "sad", "linear"):
        makers[f"places/{kind}"] = lambda kind=kind: places(kind)
    makers["places/diehl_cook"] = diehl_cook
    makers["loop/place"] = place_loop
    return makers


def head() -> str:
    """Return the versions that the numbers depend on, as the first line of the table."""
    packages = ", ".join(
        f"{name} {version(name)}" for name in ("numpy", "numba", "torch", "mujoco")
    )
    return f"# {platform.machine()}, Python {platform.python_version()}, {packages}"


def read_table() -> dict[str, str]:
    """Return the recorded fingerprints."""
    if not TABLE.is_file():
        raise SystemExit(f"{TABLE} is missing; write it with --record")
    rows = [line.split() for line in TABLE.read_text("utf-8").splitlines() if line[0] != "#"]
    return dict(rows)


def main() -> int:
    """Compute the fingerprints and compare or record them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--record", action="store_true", help="write a new table")
    parser.add_argument("--only", default="", help="only names that contain this text")
    args = parser.parse_args()
    chosen = {name: make for name, make in fingerprints().items() if args.only in name}
    if not chosen or (args.record and args.only):
        parser.error(
            f"no name contains {args.only!r}" if not chosen else "use --record without --only"
        )
    recorded = {} if args.record else read_table()
    lines, differ = [head()], 0
    for name, make in chosen.items():
        started = time.perf_counter()
        with contextlib.redirect_stdout(io.StringIO()):
            value = make()
        verdict = "" if args.record else "same" if recorded.get(name) == value else "DIFFERS"
        differ += verdict == "DIFFERS"
        lines.append(f"{name:40} {value}")
        print(f"{lines[-1]} {verdict:8} {time.perf_counter() - started:5.1f} s", flush=True)
    if args.record:
        TABLE.write_text("\n".join(lines) + "\n", "utf-8")
    missing = [name for name in recorded if args.only in name and name not in chosen]
    for name in missing:
        print(f"{name:40} is recorded but was not computed")
    if not args.record:
        print(f"{len(chosen) - differ} same, {differ} differ, {len(missing)} missing")
    return 1 if differ or missing else 0


if __name__ == "__main__":
    raise SystemExit(main())
