"""`snn-control costs MODEL`: operations, memory traffic and energy of a decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from snn_control.cli.episode_options import SeededOptions
from snn_control.cli.options import File, JsonOption, Model
from snn_control.cli.progress import steps
from snn_control.cli.result import Result
from snn_control.controllers import Controller
from snn_control.errors import ParameterError
from snn_control.export.costs.costs import costs_of
from snn_control.export.costs.counts import Counts
from snn_control.export.costs.energies import read_energies
from snn_control.training.model_name import load_named
from snn_control.training.rollout import Episode
from snn_control.training.systems import find_system


@dataclass(frozen=True, kw_only=True)
class Args(SeededOptions, JsonOption):
    """Count operations, memory traffic and energy of a decision, beside the int8 twin.

    Spikes are measured in seeded episodes; energies are figures of a table, not measurements.

    Example: snn-control costs blimp-altitude --episodes 3
    """

    model: Model
    """Name of a shipped model, a run folder or a model file."""
    episodes: int = 3
    """Number of seeded episodes per preset."""
    energies: File = None
    """YAML file of energies; default: the shipped table of 45 nm (configs/energy)."""


def run(args: Args) -> Result:
    """Measure spikes and count."""
    table = read_energies(args.energies)
    controller = load_named(args.model)
    name, controllers = Path(args.model).stem, {Path(args.model).stem: controller}
    episodes: list[Episode] = []
    for preset in args.presets:
        (evaluation,) = args.evaluate_all(controllers, preset, steps(quiet=args.json))
        episodes += evaluation.episodes
    costs = costs_of(_counts(controller, episodes), _twin_counts(controller), table)
    data = {"model": name, "episodes": len(episodes), "energies": table.name}
    return Result(data | costs.document() | args.injected())


def _counts(controller: Controller, episodes: Sequence[Episode]) -> Counts:
    """Return the work of a decision in all episodes.

    Raises:
        ParameterError: the controller is not made of networks, or its spikes are unknown.
    """
    n_ticks = sum(len(episode.trace[controller.action_names[0]]) for episode in episodes)
    fired = [episode.trace.get("spike_neuron") for episode in episodes]
    spikes = np.concatenate([np.zeros(0, np.int64), *(each for each in fired if each is not None)])
    counts = controller.operation_counts(
        np.bincount(spikes, minlength=controller.spikes.size), n_ticks
    )
    if counts is None:
        raise ParameterError(
            f"{type(controller).__name__} counts no operations; name a controller made of networks"
        )
    return counts


def _twin_counts(controller: Controller) -> Counts | None:
    """Return the work of the quantised non-spiking twin; None if there is none."""
    system = find_system(controller)
    try:
        twin = None if system is None else system.twin(controller)
    except ParameterError:
        return None
    return None if twin is None else twin.operation_counts(np.zeros(twin.spikes.size), 1)


COLUMNS = {
    "spike_pj": "spikes",
    "analog_pj": "analog",
    "update_pj": "updates",
    "total_pj": "total",
    "weight_bytes": "weights, B",
    "parameter_bytes": "parameters, B",
    "state_bytes": "states, B",
}
"""Columns of the table by key of a cost."""


def show(result: Result, console: Console) -> None:
    """Print operations, a table of energies, and the comparison."""
    data = result.data
    table = Table(title=f"{data['model']}: energy of a decision, pJ ({data['energies']})")
    table.add_column("numbers")
    for column in COLUMNS.values():
        table.add_column(column, justify="right")
    rows = [(cost["precision"], cost) for cost in data["costs"]]
    rows += [(f"twin, {data['twin']['precision']}", data["twin"])] if data["twin"] else []
    for name, cost in rows:
        table.add_row(name, *(f"{cost[key]:.1f}" for key in COLUMNS))
    console.print(_operations("decision", Counts(**data["counts"])), soft_wrap=True)
    if data["twin"]:
        console.print(_operations("twin", Counts(**data["twin"]["counts"])), soft_wrap=True)
    console.print(table)
    console.print(data["conclusion"], soft_wrap=True)


def _operations(name: str, counts: Counts) -> str:
    updates = counts.spiking_updates + counts.analog_updates
    return (
        f"{name}: {counts.spikes:.1f} spikes, {counts.accumulates:.1f} accumulates, "
        f"{counts.multiply_accumulates:.1f} multiply-accumulates, {updates:.0f} neuron updates, "
        f"{counts.synapses:.0f} synapses"
    )
