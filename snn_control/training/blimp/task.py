"""Task of the altitude controller: imitate the PID, and hold the altitude in closed loop.

    cost = imitation * fit(PD) + integral * fit(I) + closed_loop * mean (r + WORSE max(r - AIM, 0))

The fits are means over error sequences (`training.blimp.imitation`); the ratios r are those of hold
RMSE, overshoot, run RMSE and steady-state error to the two-tap PID in the same randomised
scenarios. Failing to beat the PID in one ratio weighs more than beating it by far in another.
Several parts of the cost can be separate objectives instead.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from snn_control.controllers.blimp.altitude import Altitude
from snn_control.engines.layout import Layout, lay_out
from snn_control.engines.native import NativePopulation
from snn_control.envs.blimp.flight_log import read_flight_log
from snn_control.errors import ConfigError, UnknownNameError
from snn_control.evolution.ranges import check_between
from snn_control.network import Network, merge
from snn_control.training.blimp.closed_loop import Flights, fly
from snn_control.training.blimp.designs import Sizes, make_designs
from snn_control.training.blimp.imitation import WINDOW, imitation_cost, pid_targets, published_fit
from snn_control.training.blimp.objectives import METRICS, metrics_of, needs_heights
from snn_control.training.blimp.scenarios import Scenarios
from snn_control.training.blimp.synthetic_errors import synthetic_errors
from snn_control.training.evolution.objective import Objective, parse_objectives
from snn_control.training.task import Fitness, Task

__all__ = [
    "AIM",
    "FITS",
    "IN_FLIGHT",
    "LEAST_M",
    "OBJECTIVES",
    "RATIOS",
    "SHORTEST_S",
    "WEIGHED",
    "WORSE",
    "AltitudeFitness",
    "AltitudeTask",
    "Rows",
]

FloatArray = npt.NDArray[np.float64]
Rows = tuple[Layout, FloatArray, FloatArray]
"""Structure of networks, and their weight and coefficient rows."""

LEAST_M = 0.001
"""Lower limit of the figures of the PID in the ratios, m."""
SHORTEST_S = 90.0
"""Shortest scenario, s: the first reference step and its settling."""
AIM = 0.95
"""Ratio to the PID above which a metric costs more."""
WORSE = 4.0
"""Additional weight of the excess over `AIM`."""
RATIOS = ("hold_rmse_m", "overshoot_m", "rmse_m", "steady_state_error_m")
FITS: dict[str, Callable[[Any, Any], npt.NDArray[Any]]] = {
    "raw_and_average": imitation_cost,
    "published": published_fit,
}
WEIGHED = ("imitation", "integral", "closed_loop")
IN_FLIGHT = ("closed_loop", *METRICS)
OBJECTIVES = ("cost", "imitation", "integral", *IN_FLIGHT)


@dataclass(frozen=True)
class AltitudeTask(Task):
    """Networks, data to imitate, and scenarios of the closed loop."""

    pd: str = "thermometer"
    """Design of the network that mimics P + D."""
    i: str = "counter"
    """Design of the network that mimics I."""
    sizes: Sizes = field(default_factory=Sizes)
    """Sizes of the designs of few numbers; not evolved."""
    fixed: dict[str, float] = field(default_factory=dict)
    """Values of numbers that are not evolved, by gene name."""
    imitation: float = 1.0
    """Weight of the imitation of P + D."""
    integral: float = 0.0
    """Weight of the imitation of I."""
    closed_loop: float = 1.0
    """Weight of the closed loop."""
    objectives: tuple[str, ...] = ("cost",)
    """`cost`, its parts `imitation`, `integral` and `closed_loop`, `reward`, or metrics of the
    scenarios such as `overshoot_m` and `spikes_per_s`; `max NAME` maximises. The reward is
    maximised, other quantities minimised. Several need a multi-objective strategy."""
    fit: str = "raw_and_average"
    """`published`: MAE + 1 - r of 4-tick averages; `raw_and_average` adds that of raw outputs."""
    sequences: int = 24
    """Number of synthetic error sequences; may be 0 if `flights` are named."""
    sequence_ticks: int = 1000
    """Ticks of each synthetic sequence."""
    flights: tuple[str, ...] = ()
    """Files of flight logs, for imitation on their errors as well."""
    presets: tuple[str, ...] = ("clean", "missed", "default")
    """Presets of the randomised scenarios."""
    scenarios: int = 12
    """Scenarios flown by every genome, taking the presets in turn."""
    fresh_scenarios: bool = False
    """Draw other scenarios in each generation, from its number and the seed."""
    duration_s: float = 150.0
    """Length of a scenario, s."""
    data: ClassVar[str] = (
        "synthetic: drawn PIDs and randomised blimps of snn_control/BlimpAltitude-v0"
    )

    def __post_init__(self) -> None:
        for objective in self.parsed_objectives:
            objective.require_among(OBJECTIVES)
        if self.fit not in FITS:
            raise UnknownNameError("fit", self.fit, FITS)
        if not self.presets:
            raise ConfigError("presets: name at least one, for example clean")
        check_between("scenarios", self.scenarios, 1)
        check_between("sequences", self.sequences, 0)
        if not self.sequences and not self.flights:
            raise ConfigError("sequences: 0 and no flights; expected at least one of the two")
        check_between("sequence_ticks", self.sequence_ticks, WINDOW + 1)
        weights = [getattr(self, name) for name in WEIGHED]
        for name, weight in zip(WEIGHED, weights, strict=True):
            check_between(name, weight, 0.0)
        if "cost" in self.needed and not any(weights):
            raise ConfigError(f"one of {', '.join(WEIGHED)} must be above 0: weights of the cost")
        if self.duration_s < SHORTEST_S:
            raise ConfigError(
                f"duration_s: {self.duration_s:g}; expected at least {SHORTEST_S:g}: the first "
                "reference step is at 70 s"
            )

    @property
    def parsed_objectives(self) -> tuple[Objective, ...]:
        """Objectives with their directions."""
        return parse_objectives(self.objectives)

    @property
    def weighed(self) -> tuple[str, ...]:
        """Parts of the cost."""
        return tuple(name for name in WEIGHED if getattr(self, name))

    @property
    def needed(self) -> set[str]:
        """Quantities that the objectives require."""
        names = {objective.name for objective in self.parsed_objectives}
        return names | set(self.weighed) if "cost" in names else names

    @property
    def in_environment(self) -> bool:
        """Return True if an objective requires flights."""
        return bool(self.needed & set(IN_FLIGHT))

    def fitness(self, seed: int) -> AltitudeFitness:
        """Return the fitness; `seed` is that of sequences and scenarios."""
        return AltitudeFitness(self, seed)

    @property
    def recordings(self) -> tuple[str, ...]:
        """Files of flight logs."""
        return self.flights

    def with_recordings(self, recordings: tuple[str, ...], *, alone: bool) -> Self:
        """Return the task with flight logs added, see `MethodConfig.with_recordings`."""
        sequences = 0 if alone else self.sequences
        return dataclasses.replace(self, flights=self.flights + recordings, sequences=sequences)

    def smallest(self) -> Self:
        """Return this task with one sequence and one scenario."""
        return dataclasses.replace(self, sequences=1, scenarios=1)


class AltitudeFitness(Fitness):
    """Imitation, closed loop and spikes of genomes."""

    def __init__(self, task: AltitudeTask, seed: int) -> None:
        self.task = task
        parts = {"pd": task.pd, "i": task.i}
        self.designs = make_designs(parts, task.fixed, task.sizes)
        self._ends = np.cumsum([design.n_genes for design in self.designs.values()])
        data_seed, scenario_seed = np.random.SeedSequence(seed).generate_state(2)
        synthetic = synthetic_errors(task.sequences, task.sequence_ticks, int(data_seed))
        logged = [read_flight_log(Path(path)).error_m for path in task.flights]
        self._errors: list[FloatArray] = [*synthetic, *logged]
        self._targets: list[dict[str, Any]] = [pid_targets(row) for row in self._errors]
        self._scenarios = self._draw(int(scenario_seed))

    def _draw(self, seed: int) -> Scenarios:
        task = self.task
        return Scenarios(task.presets, task.scenarios, task.duration_s, seed)

    @property
    def n_genes(self) -> int:
        """Length of a genome."""
        return int(self._ends[-1])

    @property
    def steps_per_genome(self) -> int:
        """Control periods that a genome flies; 0 if it only imitates."""
        return self._scenarios.ticks if self.task.in_environment else 0

    def start(self, numbers: Mapping[str, float], seed: int) -> FloatArray:
        """Return the start genome: genes named in `numbers` take their value, others are random."""
        known = set().union(*(design.numbers for design in self.designs.values()))
        for name in numbers:
            if name not in known - self.task.fixed.keys():
                raise UnknownNameError("gene", name, known - self.task.fixed.keys())
        rng = np.random.default_rng(seed)
        return np.concatenate([design.start(numbers, rng) for design in self.designs.values()])

    def networks(self, genome: FloatArray) -> list[Network]:
        """Build the PD and the I network of a genome; both have the `start` of the PD network."""
        genes = np.split(genome, self._ends[:-1])
        pd, i = (d.network(part) for d, part in zip(self.designs.values(), genes, strict=True))
        return [pd, dataclasses.replace(i, start=pd.start)]

    def controller(self, genome: FloatArray) -> Altitude:
        """Build the controller of a genome."""
        return Altitude(self.networks(genome))

    def __call__(self, genomes: FloatArray) -> FloatArray:
        """Return the objectives of each genome, shape (n_genomes, n_objectives)."""
        task = self.task
        parts = np.split(genomes, self._ends[:-1], axis=1)
        rows = {
            name: design.rows(genes)
            for (name, design), genes in zip(self.designs.items(), parts, strict=True)
        }
        values: dict[str, FloatArray] = {}
        needed = task.needed
        if "imitation" in needed:
            values["imitation"] = self._imitate("pd", rows["pd"])
        if "integral" in needed:
            values["integral"] = self._imitate("i", rows["i"])
        if task.in_environment:
            values |= self._fly(rows["pd"], rows["i"])
        if "cost" in needed:
            values["cost"] = np.sum(
                [getattr(task, name) * values[name] for name in task.weighed], axis=0
            )
        costs = [each.cost(values[each.name]) for each in task.parsed_objectives]
        return np.stack(costs, axis=1)

    def rows(self, genomes: FloatArray, seeds: npt.NDArray[np.uint64]) -> FloatArray:
        """Return objectives and, with fresh scenarios, control periods, see `Fitness.rows`."""
        if not (self.task.fresh_scenarios and self.task.in_environment):
            return self(genomes)
        self._scenarios = self._draw(int(seeds[0]))
        costs = self(genomes)
        return np.column_stack([costs, np.full(len(costs), self._scenarios.ticks)])

    def _imitate(self, part: str, rows: Rows) -> FloatArray:
        population = NativePopulation(*rows)
        costs = np.zeros(len(rows[1]))
        for errors, targets in zip(self._errors, self._targets, strict=True):
            outputs = population.run(errors[:, None]).readouts[:, :, 0]
            costs += FITS[self.task.fit](outputs, targets[part])
        return costs / len(self._errors)

    def _fly(self, pd: Rows, i: Rows) -> dict[str, FloatArray]:
        first = pd[0].network
        layout = lay_out(merge([first, dataclasses.replace(i[0].network, start=first.start)]))
        # Rows of merged networks are the rows of the networks side by side.
        weights, coefficients = (np.concatenate([pd[k], i[k]], axis=1) for k in (1, 2))
        needed = self.task.needed
        batch = self._scenarios.batch
        flights = fly(layout, weights, coefficients, batch, record=needs_heights(needed))
        values = metrics_of(flights, batch, needed)
        if "closed_loop" in needed:
            ratios = np.stack([self._ratio(flights, name) for name in RATIOS])
            values["closed_loop"] = np.mean(ratios + WORSE * np.maximum(ratios - AIM, 0.0), axis=0)
        return values

    def _ratio(self, flights: Flights, name: str) -> FloatArray:
        pid = max(float(getattr(self._scenarios.pid, name).mean()), LEAST_M)
        return getattr(flights, name).mean(axis=1) / pid
