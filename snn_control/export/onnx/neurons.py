"""Neuron models as nodes of ONNX: state in, state and output out.

A variable is a state only where it lasts: a current or a potential without memory is computed from
the inputs alone. The potential of a hard reset is stored after the reset.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from snn_control.export.onnx.arithmetic import Tensor, added, bounded, scaled
from snn_control.export.onnx.builder import Builder
from snn_control.network import Population
from snn_control.network.neurons import NEURON_MODELS
from snn_control.network.neurons.iwta import partner

__all__ = ["Drives", "Step", "coefficients", "memory", "step"]

FloatArray = npt.NDArray[np.float64]


class Step(NamedTuple):
    """Results of one tick of a population."""

    output: str
    state: dict[str, str]
    """Variables of `memory` after the tick."""


class Drives(NamedTuple):
    """Summed weighted inputs."""

    current: Tensor
    adaptation: Tensor
    adapts: bool
    """True where connections end at the adaptation port."""


def coefficients(population: Population, dt_s: float) -> Any:
    """Return the coefficients of one tick, see `snn_control.network.neurons`."""
    model = NEURON_MODELS[population.params.model]
    return model.coefficients(population.params, population.size, dt_s)


def memory(population: Population, c: Any) -> tuple[str, ...]:
    """Return the names of the variables that last from tick to tick.

    Args:
        population: population.
        c: its coefficients.
    """
    params = population.params
    if params.model == "graded":
        return ()
    current = ("current",) if hasattr(c, "decay_syn") and c.decay_syn.any() else ()
    potential = ("potential",) if not hasattr(c, "decay_mem") or c.decay_mem.any() else ()
    spikes = ("spikes",) if params.model == "iwta" or params.choice("reset", "") == "soft" else ()
    trace = ("trace",) if params.model == "iwta" else ()
    return (*current, *potential, *spikes, *trace)


def step(
    builder: Builder, population: Population, c: Any, state: Mapping[str, str], drives: Drives
) -> Step:
    """Add the nodes of one tick.

    Args:
        builder: graph.
        population: population.
        c: its coefficients.
        state: tensors of the variables of `memory`.
        drives: summed weighted inputs.
    """
    result = _STEPS[population.params.model](builder, population, c, state, drives)
    kept = {name: result.state[name] for name in memory(population, c)}
    return Step(result.output, kept)


def _lif(
    builder: Builder, population: Population, c: Any, state: Mapping[str, str], drives: Drives
) -> Step:
    current, potential = _membrane(builder, c, state, drives.current)
    threshold = builder.constant(c.threshold)
    return _spike(builder, population, c, state, potential, threshold, {"current": current})


def _integrate_and_fire(
    builder: Builder, population: Population, c: Any, state: Mapping[str, str], drives: Drives
) -> Step:
    inflow = added(builder, (drives.current, _bias(builder, c)))
    potential = _dense(builder, added(builder, (state["potential"], inflow)), c.bias)
    if np.any(c.floor > -1e30):
        potential = bounded(builder, potential, c.floor, np.full(population.size, np.inf))
    threshold = builder.constant(c.threshold)
    return _spike(builder, population, c, state, potential, threshold, {})


def _spike(
    builder: Builder,
    population: Population,
    c: Any,
    state: Mapping[str, str],
    potential: str,
    threshold: str,
    more: dict[str, str],
) -> Step:
    """Add reset and spike test of LIF and IF neurons."""
    soft = population.params.choice("reset", "") == "soft"
    if soft:
        past = builder.node("Mul", state["spikes"], threshold)
        potential = builder.node("Sub", potential, past)
    above = builder.node("Greater", potential, threshold)
    output = builder.cast(above)
    if not soft and "potential" in memory(population, c):
        rested = builder.constant(c.reset_potential)
        potential = builder.node("Where", above, rested, potential)
    return Step(output, {"potential": potential, "spikes": output} | more)


def _iwta(
    builder: Builder, population: Population, c: Any, state: Mapping[str, str], drives: Drives
) -> Step:
    current, potential = _membrane(builder, c, state, drives.current)
    before, spikes = state["trace"], state["spikes"]
    theta = _theta(builder, c, before)
    potential = builder.node("Sub", potential, builder.node("Mul", spikes, theta))
    trace: Tensor = before
    if population.params.choice("own_spikes", False):
        trace = added(builder, (scaled(builder, c.decay_adaptation, trace), spikes))
    if drives.adapts:
        decayed = scaled(builder, c.decay_adaptation, trace)
        trace = added(builder, (decayed, drives.adaptation))
    limited = bounded(builder, _dense(builder, trace, c.bias), -c.limit, c.limit)
    above = builder.node("Greater", potential, _theta(builder, c, limited))
    output = builder.cast(above)
    state = {"current": current, "potential": potential, "spikes": output, "trace": limited}
    return Step(output, dict(state))


def _theta(builder: Builder, c: Any, trace: str) -> str:
    """Return the threshold of a trace."""
    size = len(c.threshold)
    order = partner(np.arange(size, dtype=np.float64)).astype(np.int64)
    swapped = builder.node("Gather", trace, builder.constant(order, np.int64))
    adaptation = scaled(builder, c.adaptation, trace)
    base = added(builder, (builder.constant(c.threshold), adaptation))
    return _dense(
        builder, added(builder, (base, scaled(builder, c.partner_adaptation, swapped))), c.bias
    )


def _leaky_integrator(
    builder: Builder, population: Population, c: Any, state: Mapping[str, str], drives: Drives
) -> Step:
    current, output = _membrane(builder, c, state, drives.current)
    return Step(output, {"current": current, "potential": output})


def _graded(
    builder: Builder, population: Population, c: Any, state: Mapping[str, str], drives: Drives
) -> Step:
    drive = _dense(builder, added(builder, (drives.current, _bias(builder, c))), c.bias)
    return Step(bounded(builder, drive, np.zeros(population.size), c.ceiling), {})


def _membrane(builder: Builder, c: Any, state: Mapping[str, str], drive: Tensor) -> tuple[str, str]:
    """Return current and potential before a reset."""
    inflow = added(builder, (drive, _bias(builder, c)))
    past = scaled(builder, c.decay_syn, state.get("current"))
    current = added(builder, (past, inflow))
    past = scaled(builder, c.decay_mem, state.get("potential"))
    potential = added(builder, (past, scaled(builder, c.gain, current)))
    return _dense(builder, current, c.bias), _dense(builder, potential, c.bias)


def _bias(builder: Builder, c: Any) -> Tensor:
    return builder.constant(c.bias) if c.bias.any() else None


def _dense(builder: Builder, tensor: Tensor, like: FloatArray) -> str:
    """Return a tensor, zeros of shape (size,) for None."""
    return builder.constant(np.zeros(len(like))) if tensor is None else tensor


_STEPS: dict[str, Callable[[Builder, Population, Any, Mapping[str, str], Drives], Step]] = {
    "lif": _lif,
    "integrate_and_fire": _integrate_and_fire,
    "iwta": _iwta,
    "leaky_integrator": _leaky_integrator,
    "graded": _graded,
}
