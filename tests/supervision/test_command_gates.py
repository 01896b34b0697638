"""Gates of several actuators, compared with one gate each."""

from __future__ import annotations

import math

import numpy as np
import pytest

from snn_control.errors import ParameterError
from snn_control.supervision.command_gate import CommandGate, CommandGates, GateFault


def test_each_actuator_has_its_own_gate() -> None:
    rng = np.random.default_rng(0)
    gates = CommandGates(3, -1.0, 2.0, slew_per_s=5.0)
    alone = [CommandGate(-1.0, 2.0, slew_per_s=5.0) for _ in range(3)]
    for k in range(200):
        command = rng.normal(0.0, 2.0, 3)
        if k % 9 == 0:
            command[k % 3] = rng.choice([math.nan, math.inf])
        sent, _ = gates.pass_on(command, 0.03 * k)
        expected = [g.pass_on(float(c), 0.03 * k)[0] for g, c in zip(alone, command, strict=True)]
        assert sent.tolist() == expected == gates.last.tolist()
    assert gates.passed == 200


def test_faults_count_once_per_command_and_the_most_severe_is_returned() -> None:
    gates = CommandGates(3, -1.0, 1.0)
    assert gates.pass_on(np.array([0.5, 0.0, -0.5]), 0.0)[1] is None
    assert gates.pass_on(np.array([5.0, 5.0, 0.0]), 0.0)[1] is GateFault.RANGE
    assert gates.pass_on(np.array([5.0, math.nan, 0.0]), 0.0)[1] is GateFault.NOT_FINITE
    assert gates.counts[GateFault.RANGE] == 2
    assert gates.counts[GateFault.NOT_FINITE] == 1
    assert gates.stop().tolist() == [0.0, 0.0, 0.0]
    gates.reset()
    assert (gates.passed, sum(gates.counts.values())) == (0, 0)


def test_after_a_reset_the_slew_rate_counts_from_motors_off() -> None:
    gates = CommandGates(2, -10.0, 10.0, slew_per_s=1.0)
    gates.pass_on(np.array([9.0, -9.0]), 0.0)
    gates.reset(now_s=5.0)
    assert gates.last.tolist() == [0.0, 0.0]
    sent, fault = gates.pass_on(np.array([9.0, -9.0]), 5.5)
    assert (sent.tolist(), fault) == ([0.5, -0.5], GateFault.SLEW)
    gates.reset()
    sent, fault = gates.pass_on(np.array([9.0, -9.0]), 6.0)
    assert (sent.tolist(), fault) == ([9.0, -9.0], None), "the time since motors off is unknown"


def test_the_returned_command_is_a_copy() -> None:
    gates = CommandGates(2, -1.0, 1.0)
    sent, _ = gates.pass_on(np.array([0.5, 0.5]), 0.0)
    sent[:] = 9.0
    assert gates.last.tolist() == [0.5, 0.5]
    with pytest.raises(ParameterError, match="motors off"):
        CommandGates(2, 1.0, 2.0)
