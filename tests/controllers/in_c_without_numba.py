"""Commands of an altitude loop in C, in a process without compilers of Python.

With the argument `block` they cannot be imported; without it, none may be.
"""

from __future__ import annotations

import sys

import numpy as np

BLOCKED = ("numba", "llvmlite", "scipy", "torch")


def commands(engine: str) -> list[float]:
    """Return the commands of the controller of a loop for 200 height errors."""
    from snn_control.loops.blimp.config import AltitudeNodeConfig
    from snn_control.loops.blimp.loop import altitude_loop
    from snn_control.training.model_name import load_named

    loaded = load_named("blimp-altitude", options={"engine": engine})
    controller = altitude_loop(loaded, AltitudeNodeConfig()).controller
    return [controller.step(np.array([0.3 * np.sin(0.1 * k)])).item() for k in range(200)]


if __name__ == "__main__":
    if "block" in sys.argv:
        sys.modules.update(dict.fromkeys(BLOCKED))  # type: ignore[arg-type]
    print(*(value.hex() for value in commands("c")))
    assert not any(sys.modules.get(name) for name in BLOCKED)
