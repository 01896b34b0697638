"""Populations as nodes of NIR, and back.

NIR has differential equations. A tick is one step of the forward Euler method with the length dt,
the synaptic current before the membrane:

    tau_syn di/dt = w_in s - i             i[t] = d_syn i[t-1] + (1 - d_syn) w_in s[t]
    tau_mem dv/dt = v_leak - v + r i       v[t] = d_mem v[t-1] + (1 - d_mem) (v_leak + r i[t])

with d = 1 - dt / tau. Time constants of `tau = dt / (1 - d)` therefore give the decays of the
network, `r = g / (1 - d_mem)` and `w_in = 1 / (1 - d_syn)` its gains. Perfect integrators are the
nodes `I` and `IF`. Equations of the nodes: Pedersen et al. (2024), Nature Communications 15, 8122.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from snn_control.errors import ModelFileError
from snn_control.network import Population
from snn_control.network.neurons import (
    LIF,
    NEURON_MODELS,
    IntegrateAndFire,
    LeakyIntegrator,
    NeuronParams,
)
from snn_control.units import time_constant

__all__ = ["Neurons", "inexpressible", "neuron_node", "neurons_of"]

FloatArray = npt.NDArray[np.float64]

NO_FLOOR = -1e30
"""Floor of IF neurons that bounds no potential."""
PARAMETERS: dict[str, tuple[str, ...]] = {
    "LIF": ("tau", "r", "v_leak", "v_threshold", "v_reset"),
    "CubaLIF": ("tau_mem", "tau_syn", "r", "v_leak", "v_threshold", "v_reset", "w_in"),
    "LI": ("tau", "r", "v_leak"),
    "CubaLI": ("tau_mem", "tau_syn", "r", "v_leak", "w_in"),
    "IF": ("r", "v_threshold", "v_reset"),
    "I": ("r",),
    "Threshold": ("threshold",),
}
"""Parameters of the nodes that are populations."""


class Rates(NamedTuple):
    """Decays and gain of a tick, each of shape (size,)."""

    syn: FloatArray
    mem: FloatArray
    gain: FloatArray


def _rates(population: Population, c: Any) -> Rates:
    size = population.size
    if population.params.model == "integrate_and_fire":
        return Rates(np.zeros(size), np.ones(size), np.ones(size))
    return Rates(c.decay_syn, c.decay_mem, c.gain)


def _coefficients(population: Population, dt_s: float) -> Any:
    model = NEURON_MODELS[population.params.model]
    return model.coefficients(population.params, population.size, dt_s)


def inexpressible(population: Population, dt_s: float) -> list[str]:
    """Return the parts of a population that NIR cannot express."""
    params = population.params
    if params.model == "iwta":
        return ["threshold adaptation (iwta)"]
    if params.model == "graded":
        return ["graded neurons"]
    parts = ["soft reset"] if params.choice("reset", "hard") == "soft" else []
    c = _coefficients(population, dt_s)
    if params.model == "integrate_and_fire" and np.any(c.floor > NO_FLOOR):
        parts.append("floor of the potential")
    rates = _rates(population, c)
    perfect = rates.mem == 1.0
    if perfect.any() and not perfect.all():
        parts.append("neurons with and without leak in one population")
    if np.any(rates.syn == 1.0):
        parts.append("synaptic current without decay")
    elif perfect.any() and rates.syn.any():
        parts.append("synaptic current before a membrane without leak")
    return parts


def neuron_node(population: Population, dt_s: float, nir: ModuleType) -> Any:
    """Return the node of a population whose parts NIR can express.

    Args:
        population: population; `inexpressible` is empty.
        dt_s: length of a tick, s.
        nir: package `nir`.
    """
    c = _coefficients(population, dt_s)
    rates, zeros = _rates(population, c), np.zeros(population.size)
    spiking = population.params.spiking
    values: dict[str, Any] = {"metadata": {"name": population.name}}
    if spiking:
        values |= {"v_threshold": c.threshold, "v_reset": c.reset_potential}
    if np.all(rates.mem == 1.0):
        return (nir.IF if spiking else nir.I)(r=rates.gain / dt_s, **values)
    leak = 1.0 - rates.mem
    values |= {"r": rates.gain / leak, "v_leak": zeros}
    if not rates.syn.any():
        return (nir.LIF if spiking else nir.LI)(tau=dt_s / leak, **values)
    inflow = 1.0 - rates.syn
    values |= {"tau_mem": dt_s / leak, "tau_syn": dt_s / inflow, "w_in": 1.0 / inflow}
    return (nir.CubaLIF if spiking else nir.CubaLI)(**values)


class Neurons(NamedTuple):
    """Population of a node."""

    params: NeuronParams
    scale: FloatArray
    """Factor of all inputs of each neuron, shape (size,)."""
    bias: FloatArray
    """Constant input of each neuron, not scaled, shape (size,)."""


def neurons_of(node: Any, name: str, size: int, dt_s: float) -> Neurons:
    """Return the population of a node.

    Args:
        node: node of a type in `PARAMETERS`.
        name: name of the node, for messages.
        size: number of neurons.
        dt_s: length of a tick, s.

    Raises:
        ModelFileError: another shape, or a tick of `dt_s` does not have these equations.
    """
    kind = type(node).__name__
    p = {key: _expanded(getattr(node, key), f"{name}.{key}", size) for key in PARAMETERS[kind]}
    if kind == "Threshold":
        ones = np.ones(size)
        return Neurons(LIF(p["threshold"], reset="hard"), ones, np.zeros(size))
    if kind in ("I", "IF"):
        return Neurons(_perfect(p), _without_rounding(p["r"] * dt_s), np.zeros(size))
    mem = _share(p["tau_mem" if "tau_mem" in p else "tau"], f"{name}.tau", dt_s)
    taus: dict[str, Any] = {"tau_mem_s": time_constant(1.0 - mem, dt_s)}
    inflow = np.ones(size)
    if "tau_syn" in p:
        syn = _share(p["tau_syn"], f"{name}.tau_syn", dt_s)
        taus["tau_syn_s"] = time_constant(1.0 - syn, dt_s)
        inflow = _without_rounding(syn * p["w_in"])
        if p["v_leak"].any():
            raise ModelFileError(f"{name}.v_leak: with a synaptic current, expected 0")
    normalised = bool(p["v_leak"].any() or np.any(_without_rounding(mem * p["r"]) != 1.0))
    scale = inflow * _without_rounding(p["r"]) if normalised else inflow
    taus["normalised"] = normalised
    return Neurons(_leaky(p, taus), scale, p["v_leak"])


def _perfect(p: dict[str, FloatArray]) -> NeuronParams:
    if "v_threshold" not in p:
        return LeakyIntegrator(np.inf)
    return IntegrateAndFire(p["v_threshold"], reset_potential=p["v_reset"], reset="hard")


def _leaky(p: dict[str, FloatArray], taus: dict[str, Any]) -> NeuronParams:
    if "v_threshold" not in p:
        return LeakyIntegrator(**taus)
    return LIF(p["v_threshold"], reset_potential=p["v_reset"], reset="hard", **taus)


def _expanded(value: Any, label: str, size: int) -> FloatArray:
    array = np.asarray(value, np.float64)
    if array.shape not in ((), (1,), (size,)):
        raise ModelFileError(f"{label}: shape {array.shape}, expected ({size},)")
    return np.array(np.broadcast_to(array, (size,)))


def _share(tau_s: FloatArray, label: str, dt_s: float) -> FloatArray:
    """Return `dt / tau`, the part that a tick replaces."""
    if not np.all(tau_s >= dt_s * (1.0 - 1e-9)):
        raise ModelFileError(
            f"{label}: {float(np.min(tau_s)):g} s; a tick of {dt_s:g} s needs at least that; "
            "pass a smaller dt_s"
        )
    return np.minimum(dt_s / tau_s, 1.0)


def _without_rounding(factor: FloatArray) -> FloatArray:
    """Return a factor, 1 where it differs from that by rounding only."""
    return np.where(np.abs(factor - 1.0) < 1e-12, 1.0, factor)
