"""`snn-control warm`: compilation of all kernels, at install or build time."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from snn_control.cli.options import JsonOption
from snn_control.cli.result import Result
from snn_control.compilation import on_compilation
from snn_control.controllers import load
from snn_control.engines.default import default_engine
from snn_control.resources import models_folder


@dataclass(frozen=True, kw_only=True)
class Args(JsonOption):
    """Compile the kernels of controllers, simulators, places and evolution into the cache.

    The first run after an installation or an update then starts as fast as every other one. Kernels
    that are in the cache already are loaded.

    Example: snn-control warm
    """


def run(args: Args) -> Result:
    """Compile each part."""
    parts: dict[str, dict[str, Any]] = {}
    for name, compile_part in PARTS.items():
        if not args.json:
            print(f"compiling {name}", file=sys.stderr, flush=True)
        kernels: list[str] = []
        started_s = time.monotonic()
        with on_compilation(kernels.append):
            compile_part()
        parts[name] = {"compiled": len(kernels), "seconds": time.monotonic() - started_s}
    lines = [
        f"{name}: {part['compiled']} kernels compiled, {part['seconds']:.1f} s"
        for name, part in parts.items()
    ]
    return Result({"parts": parts, "cache": _cache()}, lines=[*lines, f"cache: {_cache()}"])


def show(result: Result, console: Console) -> None:
    """Print one line for each part, then the folder of the cache."""
    for line in result.lines:
        console.print(line, markup=False, soft_wrap=True)


def _controllers() -> None:
    for path in sorted(models_folder().glob("*.json")):
        controller = load(path.stem)
        controller.step(np.zeros(len(controller.observation_names)))
        for network in controller.networks:
            default_engine(network).run(np.zeros((2, len(network.inputs))))


def _simulators() -> None:
    import gymnasium

    from snn_control.envs import VECTORS

    for name in VECTORS:
        for env in (gymnasium.make(name), gymnasium.make_vec(name, 2)):
            env.reset(seed=0)
            env.step(np.zeros(env.action_space.shape))
            env.close()


def _places() -> None:
    from snn_control.controllers.place import PlaceRecognizer

    images = np.random.default_rng(0).integers(0, 255, (24, 48, 64), np.uint8)
    recognizer = PlaceRecognizer().fit(images, calibration=(images, range(24)))
    for step, image in enumerate(images):
        recognizer.match(image, sequence=4, step=step)


def _evolution() -> None:
    from snn_control.evolution import STRATEGIES, make_strategy
    from snn_control.runs import Run
    from snn_control.training.optimisation import optimise, read_optimisation

    for name in STRATEGIES:
        strategy = make_strategy(name, 2, 0)
        for _ in range(2):
            strategy.tell(np.zeros((len(strategy.ask()), strategy.n_objectives)))

    for name in ("blimp-demo", "swimmer-spiking"):
        config = read_optimisation(name)
        with tempfile.TemporaryDirectory() as folder:
            run = Run.create(Path(folder) / name, command="warm", config=config, seed=0)
            optimise(config, run, seed=0, budget="1gen")
            run.finish()


PARTS: dict[str, Callable[[], None]] = {
    "controllers": _controllers,
    "simulators": _simulators,
    "places": _places,
    "evolution": _evolution,
}


def _cache() -> str:
    from snn_control.compiled import cache_folder, source_hash

    return str(cache_folder(source_hash()) or "none can be written")
