"""Commands of an altitude controller in C, in a process without compilers of Python."""

from __future__ import annotations

import sys

import numpy as np

BLOCKED = ("numba", "llvmlite", "scipy", "torch")


def commands(engine: str) -> list[float]:
    """Return the commands for 200 height errors."""
    from snn_control.training.model_name import load_named

    controller = load_named("blimp-altitude", options={"engine": engine})
    return [controller.step(np.array([0.3 * np.sin(0.1 * k)])).item() for k in range(200)]


if __name__ == "__main__":
    sys.modules.update(dict.fromkeys(BLOCKED))  # type: ignore[arg-type]
    print(*(value.hex() for value in commands("c")))
