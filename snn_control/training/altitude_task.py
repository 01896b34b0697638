"""The task of the altitude controller as a fitness: imitate the PID, and hold real blimps.

    cost = imitation * mean imitation_cost(PD) + closed_loop * mean (r + WORSE max(r - 1, 0))

over synthetic error sequences and over randomised scenarios; the ratios r are those of hold RMSE,
overshoot and run RMSE to the two-tap PID in the same scenarios. Being worse than the PID in one of
them weighs more than being better in another.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.controllers.altitude_networks import (
    CounterIntegral,
    ThermometerPD,
    counter_integral,
    thermometer_pd,
)
from snn_control.controllers.pid import PID
from snn_control.engines.layout import lay_out
from snn_control.engines.native import NativePopulation
from snn_control.envs.blimp.batch import ScenarioBatch, stack_scenarios
from snn_control.envs.blimp.presets import blimp_parameters
from snn_control.envs.blimp.scenario import draw_scenario
from snn_control.errors import ConfigError, did_you_mean
from snn_control.evolution.codec import Gene, NumbersCodec
from snn_control.network import Network, merge
from snn_control.training.closed_loop import fly, fly_controllers
from snn_control.training.imitation import imitation_cost, pid_targets
from snn_control.training.synthetic_errors import synthetic_errors

FloatArray = npt.NDArray[np.float64]

LEAST_M = 0.001
"""Figures of the PID below a millimetre count as one."""
SHORTEST_S = 90.0
"""Shortest scenario: the first reference step and its settling."""
WORSE = 4.0
"""Extra weight of what a ratio to the PID exceeds 1 by."""
GENES: dict[str, Gene] = {
    gene.name: gene
    for gene in (
        Gene("kp", 3.0, 18.0, log=True),
        Gene("kd_drive", 20.0, 500.0, log=True),
        Gene("tau_past_s", 0.03, 1.0, log=True),
        Gene("first_step", 0.01, 0.4, log=True),
        Gene("top", 4.0, 15.0),
        Gene("readout_gain", 0.7, 1.4),
        Gene("ki", 0.1, 2.0, log=True),
        Gene("quantum", 0.06, 0.3, log=True),
        Gene("trip", 0.51, 0.95),
    )
}


@dataclass(frozen=True)
class AltitudeTask:
    """What is evolved and what it is judged by."""

    pairs: int = 40
    """Pairs of the PD network's thermometer."""
    delay_ticks: int = 0
    """Synaptic delay of the PD network in ticks; 0: a leaky trace instead."""
    imitation: float = 1.0
    """Weight of the imitation of P + D."""
    closed_loop: float = 1.0
    """Weight of the closed loop."""
    sequences: int = 24
    """Synthetic error sequences."""
    sequence_ticks: int = 1000
    """Ticks of each."""
    presets: tuple[str, ...] = ("clean", "missed", "default")
    """Presets of the randomised scenarios."""
    scenarios: int = 12
    """Scenarios flown by every genome, shared out over the presets."""
    duration_s: float = 150.0
    """Length of a scenario in s."""
    fixed: dict[str, float] = field(default_factory=dict)
    """Numbers that are not evolved, by gene name."""


class AltitudeFitness:
    """Cost of genomes; equal for equal genomes whatever the number of threads."""

    def __init__(self, task: AltitudeTask, seed: int) -> None:
        for name in task.fixed:
            if name not in GENES:
                raise ConfigError(f"fixed: unknown gene {name!r}{did_you_mean(name, GENES)}")
        self.task = task
        used = [g for g in GENES.values() if g.name not in task.fixed]
        if task.delay_ticks:
            used = [g for g in used if g.name != "tau_past_s"]
        self.codec = NumbersCodec(used)
        data_seed, scenario_seed = np.random.SeedSequence(seed).generate_state(2)
        self._errors = synthetic_errors(task.sequences, task.sequence_ticks, int(data_seed))
        self._targets = np.stack([pid_targets(row)["pd"] for row in self._errors])
        self._batch = scenario_batch(
            task.presets, task.scenarios, task.duration_s, int(scenario_seed)
        )
        if task.duration_s < SHORTEST_S:
            raise ConfigError(
                f"duration_s: {task.duration_s:g} leaves no step to judge, "
                f"the first comes at 70 s; expected at least {SHORTEST_S:g}"
            )
        self._pid = fly_controllers([PID() for _ in range(task.scenarios)], self._batch)

    def networks(self, genome: FloatArray) -> list[Network]:
        """Build the PD and the I network of a genome."""
        numbers = self.codec.decode(genome) | self.task.fixed
        pd = ThermometerPD(pairs=self.task.pairs, delay_ticks=self.task.delay_ticks)
        return [
            thermometer_pd(_with(pd, numbers)),
            counter_integral(_with(CounterIntegral(), numbers)),
        ]

    def __call__(self, genomes: FloatArray) -> FloatArray:
        """Cost of each genome, shape (n_genomes,); lower is better."""
        pairs = [self.networks(genome) for genome in genomes]
        cost = np.zeros(len(genomes))
        if self.task.imitation:
            cost += self.task.imitation * self._imitate([pd for pd, _ in pairs])
        if self.task.closed_loop:
            cost += self.task.closed_loop * self._fly([merge(pair) for pair in pairs])
        return cost

    def _imitate(self, networks: list[Network]) -> FloatArray:
        layout = lay_out(networks[0])
        rows = layout.rows(networks)
        population = NativePopulation(layout, *rows)
        costs = np.zeros(len(networks))
        for errors, targets in zip(self._errors, self._targets, strict=True):
            outputs = population.run(errors[:, None]).readouts[:, :, 0]
            costs += imitation_cost(outputs, targets)
        return costs / len(self._errors)

    def _fly(self, networks: list[Network]) -> FloatArray:
        layout = lay_out(networks[0])
        flights = fly(layout, *layout.rows(networks), self._batch)
        ratios = np.stack(
            [
                getattr(flights, name).mean(axis=1)
                / max(float(getattr(self._pid, name).mean()), LEAST_M)
                for name in ("hold_rmse_m", "overshoot_m", "rmse_m")
            ]
        )
        return np.mean(ratios + WORSE * np.maximum(ratios - 1.0, 0.0), axis=0)


def _with(numbers: Any, values: dict[str, float]) -> Any:
    """Return the dataclass `numbers` with those of `values` that it has."""
    known = {f.name for f in dataclasses.fields(numbers)}
    return dataclasses.replace(numbers, **{k: v for k, v in values.items() if k in known})


def scenario_batch(presets: tuple[str, ...], n: int, duration_s: float, seed: int) -> ScenarioBatch:
    """Draw `n` scenarios, taking the presets in turn."""
    seeds = np.random.SeedSequence(seed).generate_state(n)
    return stack_scenarios(
        [
            draw_scenario(blimp_parameters(presets[k % len(presets)]), int(s), duration_s)
            for k, s in enumerate(seeds)
        ]
    )
