"""Cost of the adaptation in one control tick: kernels alone, whole step, multiplications.

    python benchmarks/adaptation.py

Five hypotheses, nominal blimp. The kernels are timed in a compiled loop, the step from Python.
Multiplications and divisions are counted in plain Python, with numbers that count.
"""

from __future__ import annotations

import math
import os
import subprocess
import sys
import time

import numpy as np

from snn_control.compiled import kernel
from snn_control.controllers import load
from snn_control.controllers.adapting import Adapting
from snn_control.controllers.blimp import forward_kernels as model
from snn_control.controllers.blimp import forward_layout as layout
from snn_control.controllers.blimp.forward_config import (
    DELAYS,
    BlimpForwardConfig,
    kernel_constants,
)

N_TICKS = 20_000
RANGES_M = 1.0 + 0.2 * np.sin(0.05 * np.arange(N_TICKS))


@kernel()
def _ticks(rows, bank, weights, line, status, numbers, ranges_m, n):
    command = 3.1
    for k in range(ranges_m.size):
        model.tick(
            rows,
            bank,
            weights,
            line,
            status,
            numbers,
            command,
            10,
            1.2,
            ranges_m[k],
            True,
            0.08,
            1.0,
            n,
        )
        command = model.command_for(rows, status, numbers, 5.0 * (1.2 - ranges_m[k]))


def kernels_us(n: int) -> float:
    """Return the time of a tick of `n` hypotheses in a compiled loop, us."""
    bank, numbers = kernel_constants(BlimpForwardConfig(hypotheses=DELAYS[:n]))
    rows, weights = np.zeros((n + 1) * layout.ROW), np.zeros(3 * n)
    line, status = np.zeros(layout.SLOTS), np.zeros(layout.STATUS)
    times = []
    for _ in range(8):
        model.begin(rows, bank, weights, line, status, numbers, 1.0, 3.1, n)
        started = time.perf_counter()
        _ticks(rows, bank, weights, line, status, numbers, RANGES_M, n)
        times.append((time.perf_counter() - started) / N_TICKS * 1e6)
    return min(times)


def step_us(name: str) -> tuple[float, float]:
    """Return p50 and p99 of the time of a step of a controller, us."""
    controller = load(name)
    names = controller.observation_names
    values = {"height_ref_m": 1.2, "dt_s": 0.1}
    times = []
    for range_m in RANGES_M.tolist():
        values |= {"range_m": range_m, "height_error_m": 1.2 - range_m}
        observation = np.array([values[each] for each in names])
        started = time.perf_counter()
        controller.step(observation)
        times.append((time.perf_counter() - started) * 1e6)
    return float(np.quantile(times, 0.5)), float(np.quantile(times, 0.99))


class Counted(float):
    """Number that counts its multiplications and divisions."""

    total = 0

    def __mul__(self, other: float) -> Counted:
        Counted.total += 1
        return Counted(float(self) * float(other))

    def __truediv__(self, other: float) -> Counted:
        Counted.total += 1
        return Counted(float(self) / float(other))

    def __rtruediv__(self, other: float) -> Counted:
        Counted.total += 1
        return Counted(float(other) / float(self))

    def __add__(self, other: float) -> Counted:
        return Counted(float(self) + float(other))

    def __sub__(self, other: float) -> Counted:
        return Counted(float(self) - float(other))

    def __rsub__(self, other: float) -> Counted:
        return Counted(float(other) - float(self))

    def __neg__(self) -> Counted:
        return Counted(-float(self))

    def __abs__(self) -> Counted:
        return Counted(abs(float(self)))

    __rmul__, __radd__ = __mul__, __add__


def multiplications() -> float:
    """Return the mean number in a tick of the kernels; needs NUMBA_DISABLE_JIT=1."""
    n, ticks = len(DELAYS), 200
    bank, numbers = (list(map(Counted, each)) for each in kernel_constants(BlimpForwardConfig()))
    rows, weights = [Counted()] * ((n + 1) * layout.ROW), [Counted()] * (3 * n)
    line, status = [Counted()] * layout.SLOTS, [Counted()] * layout.STATUS
    model.begin(rows, bank, weights, line, status, numbers, Counted(1.0), 3.1, n)
    Counted.total, command = 0, Counted(3.1)
    for range_m in RANGES_M[:ticks].tolist():
        model.tick(
            rows, bank, weights, line, status, numbers, command, 10, 1.2, Counted(range_m), True,
            0.08, 1.0, n,
        )  # fmt: skip
        command = model.command_for(rows, status, numbers, Counted(5.0 * (1.2 - range_m)))
    return Counted.total / ticks


def main() -> None:
    """Print the table."""
    if "--count" in sys.argv:
        print(f"{multiplications():.0f}")
        return
    print("| part of a tick | us |\n|---|---|")
    print(f"| kernels, one hypothesis | {kernels_us(1):.2f} |")
    print(f"| kernels, {len(DELAYS)} hypotheses | {kernels_us(len(DELAYS)):.2f} |")
    for name in ("blimp-altitude", "blimp-adaptive"):
        p50, p99 = step_us(name)
        print(f"| step of `{name}`, p50 / p99 | {p50:.1f} / {p99:.1f} |")
    adaptive = load("blimp-adaptive")
    assert isinstance(adaptive, Adapting)
    (network,) = adaptive.networks
    inputs, outputs = (math.prod(each.weights.shape) for each in network.connections)
    thresholds = network.populations[0].size
    command = [sys.executable, __file__, "--count"]
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1"}
    counted = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    print(f"| multiplications of the model, {len(DELAYS)} hypotheses | {counted.stdout.strip()} |")
    print(f"| multiplications of the network | {inputs} |")
    print(f"\n{inputs + outputs + thresholds} parameters of the network")
    print(f"{len(adaptive.model.parameters) - 1} learned numbers of the model")


if __name__ == "__main__":
    main()
