"""Choice of the integer formats of a network.

- Memoryless LIF neurons are only compared: the largest threshold or bias decides, in 16 bits.
- Potentials, currents and traces of spiking neurons: range of the calibration run in 24 bits.
- Leaky integrators and graded neurons are sources: the same in 22 bits, so that the sum of a few
  8-bit weights fits 32 bits.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.engines.integer.arithmetic import (
    DECAY_BITS,
    GAIN_BITS,
    LIMIT,
    IntArray,
    Rescaling,
    clip,
    rounded,
)
from snn_control.engines.integer.formats import (
    ConnectionFormat,
    InputFormat,
    NetworkFormat,
    PopulationFormat,
)
from snn_control.engines.integer.ranges import Ranges, calibrated_ranges, calibration_inputs
from snn_control.engines.integer.weights import integer_weights, thermometers
from snn_control.errors import ParameterError
from snn_control.network import INPUT, Connection, Network, Population
from snn_control.network.matrices import weight_matrix
from snn_control.network.neurons import NEURON_MODELS

__all__ = ["BITS", "network_format"]

FloatArray = npt.NDArray[np.float64]
BITS = {"int16": 16, "int8": 8, "int4": 4}
"""Bits of a weight with its sign, by precision."""
COMPARED_BITS, SPIKING_BITS, ANALOG_BITS = 15, 24, 22
HEADROOM = 1.5
"""Range of a number over its largest magnitude in the calibration run."""
_EXPONENTS, _LARGEST = (-20, 40), 1e300


def network_format(
    network: Network,
    bits: int = 8,
    inputs: Sequence[InputFormat] | None = None,
    ranges: Ranges | None = None,
) -> NetworkFormat:
    """Return a network in integers.

    Args:
        network: network.
        bits: bits of a weight with its sign, 2 to 16.
        inputs: format of each input; default: 2^-12 of its unit.
        ranges: largest magnitudes, see `ranges`; default: those of `calibration_inputs`.

    Raises:
        ParameterError: a wrong number of bits or inputs, or a network that diverges.
    """
    if not 2 <= bits <= 16:
        raise ParameterError(f"bits is {bits}; expected 2 to 16")
    inputs = tuple(inputs) if inputs is not None else (InputFormat(),) * len(network.inputs)
    if len(inputs) != len(network.inputs):
        raise ParameterError(f"{len(inputs)} formats for {len(network.inputs)} inputs")
    ranges = ranges or calibrated_ranges(network, calibration_inputs(inputs))
    populations = {
        p.name: _population_format(network, p, ranges[p.name]) for p in network.populations
    }
    connections = [_connection_format(network, c, bits, inputs, populations)
                   for c in network.connections]  # fmt: skip
    kept = tuple(each for each in connections if each.weights.any())
    return NetworkFormat(network, bits, inputs, populations, kept)


def _population_format(
    network: Network, population: Population, ranges: dict[str, float]
) -> PopulationFormat:
    params, model = population.params, population.params.model
    c = NEURON_MODELS[model].coefficients(params, population.size, network.dt_s)._asdict()
    exponent = _exponent(*_largest(model, c, ranges))
    share = sum(each.target == population.name for each in network.connections) + 1
    drive_limit = (2**31 - 1) // share
    integers = _coefficients(c, exponent, drive_limit)
    limit = LIMIT if params.spiking else 2 ** (ANALOG_BITS + 1) - 1
    if "ceiling" in integers:
        limit = min(limit, int(integers["ceiling"].max()))
        integers["ceiling"] = clip(integers["ceiling"], limit)
    trace: dict[str, Any] = {}
    if model == "iwta":
        trace = _trace(c, exponent, ranges["trace"])
        integers["limit"] = rounded(_scaled(c["limit"], trace["trace_exponent"]))
    return PopulationFormat(population, exponent, limit, drive_limit, integers, _steady(c), **trace)


def _largest(model: str, c: dict[str, FloatArray], ranges: dict[str, float]) -> tuple[float, int]:
    """Return the largest number that decides on the exponent, and its bits."""
    if model in ("lif", "iwta", "integrate_and_fire"):
        threshold = float(max(np.abs(c["threshold"]).max(), np.abs(c["bias"]).max()))
        if model == "lif" and not c["decay_syn"].any() and not c["decay_mem"].any():
            return threshold, COMPARED_BITS
        states = [ranges[key] for key in ("current", "potential", "theta") if key in ranges]
        return HEADROOM * max(threshold, *states), SPIKING_BITS
    if model == "graded" and np.isfinite(c["ceiling"]).all():
        return float(c["ceiling"].max()), ANALOG_BITS
    states = [ranges[key] for key in ("current", "output") if key in ranges]
    return HEADROOM * max(states), ANALOG_BITS


def _exponent(largest: float, bits: int) -> int:
    """Return the largest exponent with which a number fits `bits`, besides its sign."""
    if largest == 0.0:
        return bits
    exponent = math.floor(math.log2(2**bits - 1) - math.log2(min(largest, _LARGEST)))
    return min(max(exponent, _EXPONENTS[0]), _EXPONENTS[1])


def _scaled(values: Any, exponent: int) -> FloatArray:
    with np.errstate(over="ignore"):
        return np.ldexp(np.clip(values, -1e300, 1e300), exponent)


def _coefficients(c: dict[str, FloatArray], exponent: int, drive_limit: int) -> dict[str, IntArray]:
    integers: dict[str, IntArray] = {}
    for name in c:
        if name in ("decay_syn", "decay_mem", "decay_adaptation"):
            integers[name] = rounded(np.ldexp(c[name], DECAY_BITS), 2**DECAY_BITS)
        elif name == "gain":
            integers[name] = rounded(np.ldexp(c[name], GAIN_BITS), 2**GAIN_BITS)
        elif name == "bias":
            integers[name] = rounded(_scaled(c[name], exponent), min(drive_limit, LIMIT))
        elif name in ("threshold", "reset_potential", "floor", "ceiling"):
            integers[name] = rounded(_scaled(c[name], exponent))
    if "threshold" in c:
        integers["compared"] = rounded(np.floor(_scaled(c["threshold"], exponent)))
    return integers


def _trace(c: dict[str, FloatArray], exponent: int, largest: float) -> dict[str, Any]:
    """Return the formats of the trace and of its effect on the threshold."""
    most = min(HEADROOM * max(largest, 1.0), float(c["limit"].max()))
    trace_exponent = _exponent(most, SPIKING_BITS)
    own, cross = (
        Rescaling.of(_scaled(c[name], exponent - trace_exponent))
        for name in ("adaptation", "partner_adaptation")
    )
    return {"trace_exponent": trace_exponent, "own": own, "cross": cross}


def _steady(c: dict[str, FloatArray]) -> tuple[Rescaling, Rescaling] | None:
    if "decay_syn" not in c:
        return None
    current, output = (
        np.where(c[name] < 1.0, gain / np.where(c[name] < 1.0, 1.0 - c[name], 1.0), 0.0)
        for name, gain in (("decay_syn", 1.0), ("decay_mem", c["gain"]))
    )
    return Rescaling.of(current), Rescaling.of(output)


def _connection_format(
    network: Network,
    connection: Connection,
    bits: int,
    inputs: tuple[InputFormat, ...],
    populations: dict[str, PopulationFormat],
) -> ConnectionFormat:
    target = populations[connection.target]
    to = target.trace_exponent if connection.port == "adaptation" else target.exponent
    weights, unit, largest = weight_matrix(connection, network), 1.0, 1
    if connection.source == INPUT:
        unit, largest = inputs[0].lsb, max(each.largest for each in inputs)
        weights = weights * (np.array([each.lsb for each in inputs]) / unit)[:, None]
    elif not populations[connection.source].spiking:
        source = populations[connection.source]
        unit, largest = 2.0**-source.exponent, source.limit
    else:
        most = math.ldexp(1.0, 29 - to)
        weights = np.clip(weights, -most, most)
    codes = thermometers(network, connection.source)
    integers, scale, rounding = integer_weights(weights, bits, codes)
    bound = int(np.abs(integers).sum(axis=0).max()) * largest
    rescaling = Rescaling.of(_scaled(np.float64(scale * unit), to), bound)
    return ConnectionFormat(connection, integers, scale, bound, rescaling, rounding)
