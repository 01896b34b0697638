"""All speed measurements with versions, processor and load of the machine."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

COMPARED = ("numpy", "numba", "torch", "norse", "gymnasium")


def bench(quick: bool = False, progress: Callable[[str], None] = lambda _: None) -> dict[str, Any]:
    """Measure ticks, populations and closed loops of this package and of Norse.

    Args:
        quick: use three rounds instead of seven, and fewer calls.
        progress: called with a line before each of the three parts.

    Raises:
        SnnControlError: the engines do not agree, so their times cannot be compared.
    """
    from snn_control.bench.closed_loop import closed_loop_steps_per_s
    from snn_control.bench.population import population_neuron_steps_per_s
    from snn_control.bench.tick import tick_us

    rounds, calls = (3, 1000) if quick else (7, 5000)
    before = os.getloadavg()[0]
    parts: dict[str, tuple[str, Callable[[], dict[str, Any]]]] = {
        "tick_us": ("single ticks", lambda: tick_us(rounds, calls)),
        "population_neuron_steps_per_s": (
            "populations",
            lambda: population_neuron_steps_per_s(rounds),
        ),
        "closed_loop_steps_per_s": ("closed loops", lambda: closed_loop_steps_per_s(rounds)),
    }
    measured = {}
    for name, (title, measure) in parts.items():
        progress(f"measuring {title}, {rounds} rounds")
        measured[name] = measure()
    return {
        **measured,
        "versions": {"python": platform.python_version()} | {n: _version(n) for n in COMPARED},
        "cpu": cpu_name(),
        "cores": os.cpu_count(),
        "load": {"before": before, "after": os.getloadavg()[0]},
        "rounds": rounds,
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def cpu_name() -> str:
    """Return the name of the processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
