"""Call path of a height error through the loop of the blimp: short and in one direction."""

from __future__ import annotations

import pytest

from snn_control.controllers import load
from snn_control.supervision.modes import Mode
from tests.loops.blimp.harness import PERIOD_NS, Bench
from tests.loops.call_path import CROSSINGS, FILES, MODEL, CallPath


@pytest.mark.parametrize("range_gate_m", [0.0, 0.25])
@pytest.mark.parametrize("height_m", [1.0, 5.0])
@pytest.mark.parametrize(("model", "files"), [("pid", 7), ("blimp-altitude", 8)])
def test_path_from_range_to_command(
    model: str, files: int, height_m: float, range_gate_m: float
) -> None:
    """With a PID as the fallback, below and above the ceiling, without and with a model."""
    bench = Bench(load(model), range_gate_m=range_gate_m).arm(1.2)
    path = CallPath("blimp")
    for _ in range(3):
        bench.measure(height_m)
    bench.now_ns += PERIOD_NS
    result = path.follow(bench.at, height_m, bench.now_ns, bench.now_ns)
    assert result.mode is Mode.AUTO
    assert result.command is not None
    assert len(path.files - MODEL) == files <= FILES, sorted(path.files)
    assert bool(path.files & MODEL) == bool(range_gate_m)
    assert {"loops/control_loop.py", "loops/blimp/adapter.py"} < path.files
    assert path.crossings == 6 <= CROSSINGS
