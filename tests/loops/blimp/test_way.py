"""The way of a height error through the loop of the blimp is short, and goes one way."""

from __future__ import annotations

import pytest

from snn_control.controllers import load
from snn_control.supervision.modes import Mode
from tests.loops.blimp.harness import PERIOD_NS, Bench
from tests.loops.way import CROSSINGS, FILES, Way


@pytest.mark.parametrize("height_m", [1.0, 5.0])
@pytest.mark.parametrize(("model", "files"), [("pid", 7), ("blimp-altitude", 8)])
def test_from_a_range_to_its_command(model: str, files: int, height_m: float) -> None:
    """With a PID as the fallback, below the ceiling and above it."""
    bench, way = Bench(load(model)).arm(1.2), Way("blimp")
    for _ in range(3):
        bench.measure(height_m)
    bench.now_ns += PERIOD_NS
    flown = way.follow(bench.at, height_m, bench.now_ns, bench.now_ns)
    assert flown.mode is Mode.AUTO
    assert flown.command is not None
    assert len(way.files) == files <= FILES, sorted(way.files)
    assert {"loops/control_loop.py", "loops/blimp/adapter.py"} < way.files
    assert way.crossings == 4 <= CROSSINGS
