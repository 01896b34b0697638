"""Size and speed of exported controllers on emulated cores and on this machine.

    python benchmarks/onboard/cores.py [--cores CORE ...]

Rows of JSON. Cores: instructions of a tick over the 400 ticks of the replay, flash, state and
stack. This machine: time of a tick in a loop of C, best of 40 stretches of 2000 ticks, beside the
native engine in the same process. The place module has 2 x 128 cells, 25 places and 32 sub-ticks;
one tick is one image.
"""

from __future__ import annotations

import argparse
import ctypes
import dataclasses
import json
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

from snn_control.controllers import load
from snn_control.controllers.place import PlaceConfig, PlaceRecognizer
from snn_control.controllers.place.network import place_network
from snn_control.engines.integer.formats import InputFormat
from snn_control.engines.native import NativeEngine
from snn_control.export.c.build import find_compiler, write_source
from snn_control.export.c.files import export_c
from snn_control.export.c.literals import number_types
from snn_control.export.c.source import c_source
from snn_control.export.cores.core import CORES
from snn_control.export.cores.replay import replay_on_cores
from snn_control.network.program import Program

CONTROLLERS = ("blimp-altitude", "blimp-altitude-delay", "blimp-published-lif", "swimmer-spiking",
               "corridor-spiking")  # fmt: skip
PRECISIONS = ("float32", "int16", "int8", "int4")
TICKS, STRETCHES = 2000, 40
LOOP = """#include "net.h"
void run(net_state *s, const net_input *x, net_output *y, uint32_t n);
void run(net_state *s, const net_input *x, net_output *y, uint32_t n)
{
    for (uint32_t k = 0; k < n; ++k) (void)net_step(s, x + k * NET_N_IN, y);
}
"""


def place_module() -> tuple[Program, list[InputFormat]]:
    """Return a module of 25 places on images of 8 x 16 pixels; inputs are spike counts."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (25, 80, 160)).astype(np.uint8)
    config = PlaceConfig(height=8, width=16, window=5, module_places=25)
    program = Program.of_network(place_network(PlaceRecognizer(seed=0, config=config).fit(images)))
    return program, [InputFormat(1.0, 32)] * len(program.observation_names)


def core_rows(
    name: str, program: Program, precision: str, cores: list[str],
    inputs: list[InputFormat] | None = None,
) -> None:  # fmt: skip
    """Print a row for each core."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "out"
        export_c(program, folder, "net", precision, inputs=inputs)
        for result in replay_on_cores(folder, cores):
            row = {"controller": name, "precision": precision, **dataclasses.asdict(result)}
            print(json.dumps(row), flush=True)


def best_ns(run: object, n: int) -> float:
    """Return the shortest time of a tick, ns."""
    times = []
    for _ in range(STRETCHES):
        started = time.perf_counter()
        run()  # type: ignore[operator]
        times.append(time.perf_counter() - started)
    return min(times) / n * 1e9


def host_row(name: str, program: Program, precision: str, level: str) -> None:
    """Print the time of a tick on this machine."""
    taken, returned = number_types(program, precision)
    rng = np.random.default_rng(0)
    real = rng.normal(0.0, 0.3, (TICKS, len(program.observation_names)))
    inputs = (real * 4096 if np.issubdtype(taken, np.integer) else real).astype(taken)
    outputs, state = np.zeros(len(program.action_names), returned), np.zeros(1 << 20)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        _, code = write_source(c_source(program, "net", precision), folder)
        (folder / "loop.c").write_text(LOOP, "utf-8")
        flags = ["-std=c99", level, "-ffp-contract=off", "-shared", "-fPIC", "-o"]
        path = folder / "loop.so"
        subprocess.run(
            [*find_compiler(), *flags, str(path), str(folder / "loop.c"), str(code)], check=True
        )
        library = ctypes.CDLL(str(path))
        arguments = [ctypes.c_void_p(each.ctypes.data) for each in (state, inputs, outputs)]
        library.net_init(arguments[0])
        c_ns = best_ns(lambda: library.run(*arguments, TICKS), TICKS)
    engines = [NativeEngine(network) for network in program.networks]

    def native() -> None:
        for engine, feed in zip(engines, program.feeds, strict=True):
            engine.run(real[:, list(feed)])

    row = {"controller": name, "precision": precision, "level": level, "c_ns": c_ns}
    if program.shell is None:
        row["native_loop_ns"] = best_ns(native, TICKS)
    print(json.dumps(row), flush=True)


def main() -> None:
    """Print all rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cores", nargs="*", default=list(CORES))
    cores = parser.parse_args().cores
    for name in CONTROLLERS:
        program = load(name).to_program()
        for precision in PRECISIONS:
            if cores:
                core_rows(name, program, precision, cores)
            for level in ("-O2", "-O3"):
                host_row(name, program, precision, level)
    program, inputs = place_module()
    if cores:
        core_rows("place module 2 x 128", program, "int8", cores, inputs)


if __name__ == "__main__":
    main()
