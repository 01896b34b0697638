"""Time of `Controller.step` with engine `c` beside the native engine, in one process.

    python benchmarks/onboard/step.py --models blimp-altitude swimmer-spiking

Each figure is the best of many short stretches, in turn for both engines: other programs only add.
"""

from __future__ import annotations

import argparse
import timeit

import numpy as np

from snn_control.controllers import Controller, load

STRETCH = 2000
ENGINES = ("c", "native")


def stretch_us(controller: Controller) -> float:
    """Return the mean time of a step in one stretch, us."""
    row = np.full(len(controller.observation_names), 0.1)
    return timeit.timeit(lambda: controller.step(row), number=STRETCH) / STRETCH * 1e6


def main() -> None:
    """Measure all models."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--models", nargs="+", default=["blimp-altitude", "swimmer-spiking",
                        "swimmer-graded", "corridor-spiking"])  # fmt: skip
    parser.add_argument("--repeats", type=int, default=100)
    args = parser.parse_args()
    print("| model | engine c, us | native, us | ratio |")
    print("|---|---|---|---|")
    for name in args.models:
        controllers = [load(name, engine=engine) for engine in ENGINES]
        best = np.full(len(ENGINES), np.inf)
        for _ in range(args.repeats):
            best = np.minimum(best, [stretch_us(each) for each in controllers])
        print(f"| {name} | {best[0]:.2f} | {best[1]:.2f} | {best[1] / best[0]:.1f} |", flush=True)


if __name__ == "__main__":
    main()
