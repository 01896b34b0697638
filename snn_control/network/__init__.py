"""Networks as plain data in SI units, their neuron models and their files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snn_control.lazy import lazy
from snn_control.network.merge import merge
from snn_control.network.network import INPUT, Connection, Network, Population, Readout
from snn_control.network.operations import synaptic_operations
from snn_control.network.recurrence import looped_populations, settling_passes
from snn_control.network.resample import resample
from snn_control.network.shared import Shared, expand

if TYPE_CHECKING:
    from snn_control.network.files import load_network, save_network

__all__ = [
    "INPUT",
    "Connection",
    "Network",
    "Population",
    "Readout",
    "Shared",
    "expand",
    "load_network",
    "looped_populations",
    "merge",
    "resample",
    "save_network",
    "settling_passes",
    "synaptic_operations",
]

__getattr__, __dir__ = lazy(
    __name__,
    {
        "load_network": "snn_control.network.files",
        "save_network": "snn_control.network.files",
    },
)
