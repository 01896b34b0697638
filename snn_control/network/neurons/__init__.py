"""Neuron models, one per file: parameters, coefficients of a tick, state and a pure step."""

from __future__ import annotations

from types import ModuleType

from snn_control.network.neurons import graded, integrate_and_fire, iwta, leaky_integrator, lif
from snn_control.network.neurons.graded import Graded
from snn_control.network.neurons.integrate_and_fire import IntegrateAndFire
from snn_control.network.neurons.iwta import IWTA
from snn_control.network.neurons.leaky_integrator import LeakyIntegrator
from snn_control.network.neurons.lif import LIF
from snn_control.network.neurons.parameters import NeuronParams

__all__ = [
    "IWTA",
    "LIF",
    "NEURON_MODELS",
    "PARAMETERS",
    "Graded",
    "IntegrateAndFire",
    "LeakyIntegrator",
    "NeuronParams",
]

NEURON_MODELS: dict[str, ModuleType] = {
    "integrate_and_fire": integrate_and_fire,
    "lif": lif,
    "iwta": iwta,
    "leaky_integrator": leaky_integrator,
    "graded": graded,
}

PARAMETERS: dict[str, type[NeuronParams]] = {
    params.model: params for params in (IntegrateAndFire, LIF, IWTA, LeakyIntegrator, Graded)
}
