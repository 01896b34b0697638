"""Networks in C beside the population engine, as a back end of evolutions.

    PYTHONPATH=. python benchmarks/onboard/population.py

Time of a network tick in float64, one thread: the population engine on 64 copies, and exported C at
-O3 -march=native with the weights as constants. C with constants is the best case: each candidate
would be compiled, which takes the last column. Shipped and random networks.
"""

from __future__ import annotations

import ctypes
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.onboard.cores import LOOP
from snn_control.controllers import load
from snn_control.engines.layout import lay_out
from snn_control.engines.native import NativePopulation
from snn_control.export.c.build import find_compiler, write_source
from snn_control.export.c.source import c_source
from snn_control.network import Network
from snn_control.network.program import Program
from tests.engines.test_random_networks import random_network

SHIPPED = ("blimp-altitude", "blimp-altitude-delay", "blimp-published-lif", "swimmer-spiking",
           "swimmer-graded")  # fmt: skip
RANDOM = range(20)
TICKS, COPIES, ROUNDS = 400, 64, 5


def best_ns(run: Callable[[], object], n: int) -> float:
    """Return the shortest time of `n` ticks, ns a tick."""
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        run()
        times.append(time.perf_counter() - started)
    return min(times) / n * 1e9


def row(network: Network) -> tuple[float, float, float]:
    """Return the times of the engine and of C, ns a tick, and of the compiler, s."""
    x = np.random.default_rng(0).normal(0.0, 0.3, (TICKS, len(network.inputs)))
    layout = lay_out(network)
    population = NativePopulation(layout, *layout.rows([network] * COPIES))
    population.run(x, 1)
    engine_ns = best_ns(lambda: population.run(x, 1), TICKS * COPIES)
    with tempfile.TemporaryDirectory() as scratch:
        folder, y = Path(scratch), np.zeros(len(network.readouts))
        _, code = write_source(c_source(Program.of_network(network), "net", "float64"), folder)
        (folder / "loop.c").write_text(LOOP, "utf-8")
        flags = ["-std=c99", "-O3", "-march=native", "-ffp-contract=off", "-shared", "-fPIC"]
        command = [*find_compiler(), *flags, "-o", str(folder / "net.so"),
                   str(folder / "loop.c"), str(code)]  # fmt: skip
        started = time.perf_counter()
        subprocess.run(command, check=True)
        compiler_s = time.perf_counter() - started
        library = ctypes.CDLL(str(folder / "net.so"))
        state = np.zeros(library.net_state_bytes() // 8 + 1)
        arguments = [ctypes.c_void_p(each.ctypes.data) for each in (state, x, y)]
        library.net_init(arguments[0])
        c_ns = best_ns(lambda: [library.run(*arguments, TICKS) for _ in range(COPIES)],
                       TICKS * COPIES)  # fmt: skip
    return engine_ns, c_ns, compiler_s


def main() -> None:
    """Print a table and the medians of the ratios."""
    networks = [(f"{name} {n.name}", n) for name in SHIPPED for n in load(name).networks]
    networks += [(f"random {seed}", random_network(seed)) for seed in RANDOM]
    print("| network | engine, ns | C, ns | ratio | compiler, s |\n|---|---|---|---|---|")
    ratios: dict[bool, list[float]] = {True: [], False: []}
    for name, network in networks:
        engine_ns, c_ns, compiler_s = row(network)
        ratios[name.startswith("random")].append(engine_ns / c_ns)
        ratio = engine_ns / c_ns
        print(f"| {name} | {engine_ns:.0f} | {c_ns:.0f} | {ratio:.2f} | {compiler_s:.2f} |")
    for kind, label in ((False, "shipped"), (True, "random")):
        low, middle, high = np.percentile(ratios[kind], [0, 50, 100])
        print(f"{label}: median {middle:.2f}, {low:.2f} to {high:.2f}")


if __name__ == "__main__":
    main()
