"""Time of the adaptation in one control tick: kernels alone, and the whole step.

    python benchmarks/adaptation.py

Five hypotheses, nominal blimp. The kernels are timed in a compiled loop, the step from Python.
"""

from __future__ import annotations

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


def main() -> None:
    """Print the table."""
    print("| part of a tick | us |\n|---|---|")
    print(f"| kernels, one hypothesis | {kernels_us(1):.2f} |")
    print(f"| kernels, {len(DELAYS)} hypotheses | {kernels_us(len(DELAYS)):.2f} |")
    for name in ("blimp-altitude", "blimp-adaptive"):
        p50, p99 = step_us(name)
        print(f"| step of `{name}`, p50 / p99 | {p50:.1f} / {p99:.1f} |")
    adaptive = load("blimp-adaptive")
    assert isinstance(adaptive, Adapting)
    print(f"\n{len(adaptive.model.parameters) - 1} learned numbers")


if __name__ == "__main__":
    main()
