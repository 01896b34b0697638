"""Call path of joint angles through the loop of the swimmer: short and in one direction."""

from __future__ import annotations

from tests.loops.call_path import CROSSINGS, FILES, CallPath
from tests.loops.swimmer.harness import NAMES, PERIOD_NS, ScriptedSwimmer, SwimBench, angles


def test_path_from_joint_states_to_efforts() -> None:
    bench, path = SwimBench(ScriptedSwimmer(0.5)).arm(), CallPath("swimmer")
    for measured in angles(3):
        bench.measure(measured.tolist())
    now_ns = bench.now_ns + PERIOD_NS
    tick = path.follow(bench.joints, NAMES, [0.1] * len(NAMES), now_ns, now_ns, now_ns * 1e-9)
    assert tick.command is not None
    assert len(path.files) <= FILES, sorted(path.files)
    assert path.crossings == 6 <= CROSSINGS
