"""What of an episode's trace is kept in `traces/` of a run; the format is that of the report."""

from __future__ import annotations

from typing import Any

import numpy as np

from snn_control.controllers.controller import Controller
from snn_control.training.rollout import Episode

Arrays = dict[str, Any]
_COMMON = ("time_s", "latency_s", "age_s", "step_s")
_BLIMP = ("height_m", "height_ref_m", "motor_command", "range_m", "missed_ticks")
_SWIMMER = ("joint_0_rad", "joint_0_effort")


def trace_arrays(episode: Episode, controller: Controller) -> Arrays:
    """Return the arrays of a flight or a swim; none of another episode."""
    trace = episode.trace
    if all(name in trace for name in _BLIMP):
        found = _blimp(trace)
    elif all(name in trace for name in _SWIMMER):
        found = _swimmer(trace, len(controller.action_names))
    else:
        return {}
    found |= {name: trace[name] for name in _COMMON if name in trace}
    return found | _spikes(trace, controller)


def _blimp(trace: Arrays) -> Arrays:
    found = {
        "height_measured_m": trace["range_m"],
        "command": trace["motor_command"],
        "missed": trace["missed_ticks"] > 0,
    }
    names = ("height_m", "height_ref_m", "pd", "i")
    return found | {name: trace[name] for name in names if name in trace}


def _swimmer(trace: Arrays, n_joints: int) -> Arrays:
    found = {
        "joint_rad": np.stack([trace[f"joint_{k}_rad"] for k in range(n_joints)], axis=1),
        "effort": np.stack([trace[f"joint_{k}_effort"] for k in range(n_joints)], axis=1),
    }
    names = ("forward_speed_m_s",)
    return found | {name: trace[name] for name in names if name in trace}


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
