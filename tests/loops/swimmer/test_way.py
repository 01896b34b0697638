"""The way of joint angles through the loop of the swimmer goes one way."""

from __future__ import annotations

from tests.loops.swimmer.harness import NAMES, PERIOD_NS, ScriptedSwimmer, SwimBench, angles
from tests.loops.way import CROSSINGS, FILES, Way


def test_from_joint_states_to_efforts() -> None:
    bench, way = SwimBench(ScriptedSwimmer(0.5)).arm(), Way("swimmer")
    for measured in angles(3):
        bench.measure(measured.tolist())
    now_ns = bench.now_ns + PERIOD_NS
    tick = way.follow(bench.joints, NAMES, [0.1] * len(NAMES), now_ns, now_ns, now_ns * 1e-9)
    assert tick.command is not None
    assert len(way.files) <= FILES, sorted(way.files)
    assert way.crossings == 6 <= CROSSINGS
