"""Ranges of the numbers in a network, from a calibration run of the reference engine."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from snn_control.engines.integer.formats import InputFormat
from snn_control.engines.reference import ReferenceEngine
from snn_control.errors import ParameterError
from snn_control.network import Network

__all__ = ["Ranges", "calibrated_ranges", "calibration_inputs"]

FloatArray = npt.NDArray[np.float64]
Ranges = dict[str, dict[str, float]]
"""Largest magnitude by population and by name of the state."""
HELD_TICKS, NOISE_TICKS = 60, 60


def calibration_inputs(inputs: Sequence[InputFormat]) -> FloatArray:
    """Return held extremes of both signs and noise, shape (n_ticks, n_inputs)."""
    rng = np.random.default_rng(5)
    full = np.array([each.lsb * each.largest for each in inputs])
    hold, noise = np.ones((HELD_TICKS, 1)), rng.normal(size=(NOISE_TICKS, full.size))
    parts = [0.02 * noise, hold, 0.2 * noise, -hold, 0.0 * hold]
    return np.clip(np.vstack([part * full for part in parts]), -full, full)


def calibrated_ranges(network: Network, inputs: FloatArray) -> Ranges:
    """Return the largest magnitudes of all states over a run.

    Args:
        network: network.
        inputs: inputs of the run, shape (n_ticks, n_inputs).

    Raises:
        ParameterError: a state is not finite.
    """
    # Sub-ticks are ticks here, so that no state between two is missed.
    ticks = dataclasses.replace(network, sub_ticks=1, control_period_s=network.dt_s)
    engine = ReferenceEngine(ticks)
    ranges: Ranges = {population.name: {} for population in network.populations}
    with np.errstate(over="ignore", invalid="ignore"):
        for row in np.repeat(inputs, network.sub_ticks, axis=0):
            engine.step(row)
            for name, state in engine.states.items():
                for key, values in state._asdict().items():
                    largest = np.maximum(np.abs(values).max(), ranges[name].get(key, 0.0))
                    ranges[name][key] = float(largest)  # NaN if one is
    for name, state in ranges.items():
        for key, value in state.items():
            if not np.isfinite(value):
                raise ParameterError(
                    f"network {network.name!r}: {key} of {name!r} is not finite in the "
                    "calibration run; a network that diverges has no fixed-point form"
                )
    return ranges
