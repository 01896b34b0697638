"""Task of a blimp's controller on a learned forward model: hold the height under disturbances.

    cost = mean r + WORST max_wide r + OVERSHOOT max(o - AIM_M, 0) / AIM_M + SIGNS max(s - 1, 0)

with r the ratio of the integrals of the absolute height error to those of the PID in the same
scenarios, max_wide its maximum over the blimps of other parameters, o the mean overshoot and s the
ratio of the sign changes of the command to those of the PID. The error alone would double overshoot
and break blimps that differ from the nominal one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt

from snn_control.controllers.adapting import Adapting
from snn_control.controllers.blimp.forward_config import BlimpForwardConfig, kernel_constants
from snn_control.controllers.blimp.forward_model import BlimpForwardModel
from snn_control.controllers.blimp.pid import PID
from snn_control.controllers.blimp.predicted_pd import (
    PredictedPD,
    predicted_pd,
    predicted_pd_values,
)
from snn_control.controllers.network_controller import NetworkController
from snn_control.envs.blimp.batch import stack_scenarios
from snn_control.envs.blimp.disturbances import CONDITIONS, draw_disturbed
from snn_control.errors import ConfigError, UnknownNameError
from snn_control.evolution.codec import Gene, NumbersCodec
from snn_control.evolution.ranges import check_between
from snn_control.training.blimp.adaptive.closed_loop import fly_adaptive
from snn_control.training.blimp.adaptive.flight import fly_one
from snn_control.training.evolution.design import NumbersDesign
from snn_control.training.task import Fitness, Task

__all__ = ["AdaptiveFitness", "AdaptiveTask"]

FloatArray = npt.NDArray[np.float64]

WORST, OVERSHOOT, SIGNS = 0.25, 0.5, 0.25
AIM_M = 0.02
"""Mean overshoot above which it costs, m."""
NETWORK_GENES = (
    Gene("kp", 10.0, 120.0, log=True),
    Gene("kd", 10.0, 120.0, log=True),
    Gene("first_step", 0.02, 0.6, log=True),
    Gene("top", 5.0, 15.0),
    Gene("readout_gain", 0.7, 1.4),
)
MODEL_GENES = (
    Gene("beyond_delay_s", -0.1, 0.3),
    Gene("speed_walk_m_s_rs", 0.002, 0.1, log=True),
    Gene("bias_walk_m_s2_rs", 0.001, 0.03, log=True),
    Gene("range_sd_m", 0.002, 0.04, log=True),
)


@dataclass(frozen=True)
class AdaptiveTask(Task):
    """Network, forward model and scenarios."""

    pairs: int = 40
    """Pairs of spiking neurons of the thermometer code."""
    fixed: dict[str, float] = field(default_factory=dict)
    """Values of numbers that are not evolved, by gene name."""
    conditions: tuple[str, ...] = ("nominal", "leak and sag", "all", "wide", "wide", "wide")
    """Conditions of the scenarios, in turn."""
    scenarios: int = 12
    """Scenarios flown by every genome."""
    duration_s: float = 300.0
    """Length of a scenario, s."""
    data: ClassVar[str] = (
        "synthetic: randomised and disturbed blimps of snn_control/BlimpAltitude-v0"
    )

    def __post_init__(self) -> None:
        for condition in self.conditions:
            if condition not in CONDITIONS:
                raise UnknownNameError("condition", condition, CONDITIONS)
        if "wide" not in self.conditions:
            raise ConfigError("conditions: expected `wide` among them, for blimps that differ")
        check_between("scenarios", self.scenarios, len(self.conditions))
        if not 90.0 <= self.duration_s <= 86400.0:
            raise ConfigError(f"duration_s: {self.duration_s:g}; expected 90 to 86400")

    def fitness(self, seed: int) -> AdaptiveFitness:
        """Return the fitness; `seed` is that of the scenarios."""
        return AdaptiveFitness(self, seed)

    def smallest(self) -> Self:
        """Return this task with one scenario for each condition."""
        return dataclasses.replace(self, scenarios=len(self.conditions), duration_s=90.0)


class AdaptiveFitness(Fitness):
    """Height error of genomes beside that of the PID in the same scenarios."""

    def __init__(self, task: AdaptiveTask, seed: int) -> None:
        self.task = task
        model_genes = {gene.name for gene in MODEL_GENES}
        self._design = NumbersDesign(
            PredictedPD(pairs=task.pairs), predicted_pd, predicted_pd_values, NETWORK_GENES,
            task.fixed,
        )  # fmt: skip
        known = self._design.numbers | model_genes
        for name in task.fixed:
            if name not in known:
                raise UnknownNameError("gene", name, known)
        self._fixed = {name: v for name, v in task.fixed.items() if name in model_genes}
        self._codec = NumbersCodec([gene for gene in MODEL_GENES if gene.name not in self._fixed])
        seeds = np.random.SeedSequence(seed).generate_state(task.scenarios)
        names = [task.conditions[k % len(task.conditions)] for k in range(task.scenarios)]
        self._wide = np.array([name == "wide" for name in names])
        scenarios = [
            draw_disturbed(name, int(s), task.duration_s)
            for name, s in zip(names, seeds, strict=True)
        ]
        self._batch = stack_scenarios(scenarios)
        pids = [fly_one(PID(), scenario) for scenario in scenarios]
        self._iae_m_s = np.array([flight.iae_m_s() for flight in pids])
        self._signs = np.mean([flight.sign_changes_per_min for flight in pids])

    @property
    def n_genes(self) -> int:
        """Length of a genome."""
        return self._design.n_genes + self._codec.n_genes

    @property
    def steps_per_genome(self) -> int:
        """Control periods that a genome flies."""
        return int(self._batch.n_ticks.sum())

    def start(self, numbers: Mapping[str, float], seed: int) -> FloatArray:
        """Return the start genome: genes named in `numbers` take their value, others are random."""
        own = {gene.name for gene in self._codec.genes}
        known = (self._design.numbers | own) - self.task.fixed.keys()
        for name in numbers:
            if name not in known:
                raise UnknownNameError("gene", name, known)
        rng = np.random.default_rng(seed)
        model = {name: value for name, value in numbers.items() if name in own}
        return np.concatenate([self._design.start(numbers, rng), self._codec.start(model, rng)])

    def model(self, genes: FloatArray) -> BlimpForwardConfig:
        """Return the forward model of the last genes of a genome."""
        numbers = {**self._fixed, **self._codec.decode(genes)}
        return BlimpForwardConfig(**numbers, error_gain=1.0, speed_gain_s=0.0, output_gain=1.0)

    def controller(self, genome: FloatArray) -> Adapting:
        """Build the controller of a genome."""
        network, model = np.split(genome, [self._design.n_genes])
        inner = NetworkController(self._design.network(network))
        return Adapting(inner, BlimpForwardModel(self.model(model)))

    def __call__(self, genomes: FloatArray) -> FloatArray:
        """Return the cost of each genome, shape (n_genomes, 1)."""
        networks, models = np.split(genomes, [self._design.n_genes], axis=1)
        configs = [self.model(genes) for genes in models]
        constants = [kernel_constants(config) for config in configs]
        flights = fly_adaptive(
            *self._design.rows(networks),
            np.stack([numbers for _, numbers in constants]),
            constants[0][0],
            np.array([config.shadow_gate_m for config in configs]),
            self._batch,
        )
        ratios = flights.iae_m_s / self._iae_m_s
        worst = ratios[:, self._wide].max(axis=1)
        beyond = np.maximum(flights.overshoot_m.mean(axis=1) - AIM_M, 0.0) / AIM_M
        signs = flights.sign_changes_per_min.mean(axis=1) / max(self._signs, 1.0)
        cost = ratios.mean(axis=1) + WORST * worst + OVERSHOOT * beyond
        cost += SIGNS * np.maximum(signs - 1.0, 0.0)
        return cost[:, None]
