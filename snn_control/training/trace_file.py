"""Arrays of an episode's trace for `traces/` of a run, in the format of the report."""

from __future__ import annotations

from typing import Any

import numpy as np

from snn_control.controllers.controller import Controller
from snn_control.training.rollout import Episode
from snn_control.training.systems import find_system

Arrays = dict[str, Any]
_COMMON = ("time_s", "latency_s", "age_s", "step_s", "filter_s")


def trace_arrays(episode: Episode, controller: Controller) -> Arrays:
    """Return the arrays that the controller's system stores, with times and spikes.

    Empty if no system accepts the controller, or the trace lacks a required entry.
    """
    system, trace = find_system(controller), episode.trace
    kept = system.trace_arrays(trace, len(controller.action_names)) if system else {}
    if not kept:
        return {}
    kept |= {name: trace[name] for name in _COMMON if name in trace}
    return kept | _spikes(trace, controller)


def _spikes(trace: Arrays, controller: Controller) -> Arrays:
    spiking = [
        (f"{network.name}.{p.name}", p.size)
        for network in controller.networks
        for p in network.populations
        if p.params.spiking
    ]
    if not spiking or "spike_tick" not in trace:
        return {}
    return {
        "spike_tick": trace["spike_tick"],
        "spike_neuron": trace["spike_neuron"],
        "population_names": np.array([name for name, _ in spiking]),
        "population_sizes": np.array([size for _, size in spiking]),
    }
