"""Controllers as plain data on engines: read-outs, spikes and actions of many ticks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from snn_control.errors import ParameterError
from snn_control.network import Network
from snn_control.network.program import Program

__all__ = ["Deviation", "ProgramTrace", "add_readouts", "deviation", "run_program"]

FloatArray = npt.NDArray[np.floating]


class ProgramTrace(NamedTuple):
    """Results of all ticks."""

    readouts: FloatArray
    """Read-outs of all networks, shape (n_ticks, n_readouts)."""
    spikes: FloatArray
    """Spike counts of all spiking neurons, shape (n_ticks, n_spiking)."""
    actions: FloatArray
    """Sums of read-outs, shape (n_ticks, n_actions)."""


class Deviation(NamedTuple):
    """Difference of two traces."""

    spike_mismatches: int
    """Spike counts that differ."""
    max_abs_error: float
    """Largest difference of a read-out or an action."""
    relative_error: float
    """`max_abs_error` as a fraction of the largest read-out, which counts as at least 1."""

    def require_within(self, tolerance: float, reference: str) -> None:
        """Refuse an export that differs.

        Args:
            tolerance: largest relative error.
            reference: name of the engine beside which it was replayed.

        Raises:
            ParameterError: a spike count differs, or an error is above the tolerance.
        """
        if self.spike_mismatches or not self.relative_error <= tolerance:
            raise ParameterError(
                f"the replay differs from the {reference} engine in {self.spike_mismatches} spike "
                f"counts, read-outs by up to {self.max_abs_error:g} (expected: {tolerance:g} of "
                "the largest): nothing is written"
            )

    def entry(self, n_ticks: int, reference: str, replayed: str) -> dict[str, Any]:
        """Return the entry `verification` of a manifest."""
        return {
            "n_ticks": n_ticks,
            "spike_mismatches": self.spike_mismatches,
            "max_abs_error": self.max_abs_error,
            "reference": reference,
            "replayed": replayed,
        }


def run_program(
    program: Program, engine: Callable[[Network], Any], inputs: FloatArray
) -> ProgramTrace:
    """Run all networks of a controller from their start.

    Args:
        program: controller.
        engine: function that makes the engine of a network.
        inputs: observations, shape (n_ticks, n_observations).
    """
    traces = [
        engine(network).run(inputs[:, list(feed)])
        for network, feed in zip(program.networks, program.feeds, strict=True)
    ]
    readouts = np.concatenate([trace.readouts for trace in traces], axis=1)
    spikes = np.concatenate([trace.spikes for trace in traces], axis=1)
    return ProgramTrace(readouts, spikes, add_readouts(program, readouts))


def add_readouts(program: Program, readouts: FloatArray) -> FloatArray:
    """Return the actions of read-outs of shape (n_ticks, n_readouts), added in their order."""
    actions = np.zeros((len(readouts), len(program.sums)), readouts.dtype)
    for action, indices in enumerate(program.sums):
        for k, index in enumerate(indices):
            actions[:, action] = readouts[:, index] + (actions[:, action] if k else 0)
    return actions


def deviation(trace: ProgramTrace, expected: ProgramTrace) -> Deviation:
    """Compare two traces of the same inputs."""
    errors = [
        np.abs(np.subtract(mine, theirs, dtype=np.float64)).max(initial=0.0)
        for mine, theirs in ((trace.readouts, expected.readouts), (trace.actions, expected.actions))
    ]
    largest, error = float(np.abs(expected.readouts).max(initial=1.0)), float(np.max(errors))
    mismatches = int((trace.spikes != expected.spikes).sum())
    return Deviation(mismatches, error, error / largest)
