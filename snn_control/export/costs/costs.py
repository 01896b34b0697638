"""Energy of a decision by width of the numbers, beside a non-spiking twin."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from snn_control.export.costs.counts import Counts
from snn_control.export.costs.energies import EnergyTable

__all__ = ["TWIN_PRECISION", "WIDTHS", "Cost", "Costs", "Widths", "cost_of", "costs_of"]

TWIN_PRECISION = "int8"


@dataclass(frozen=True)
class Widths:
    """Widths of stored numbers, bits."""

    weight: int
    parameter: int
    """Thresholds, biases, decays and gains."""
    state: int


WIDTHS = {
    "float32": Widths(32, 32, 32),
    "int16": Widths(16, 16, 32),
    "int8": Widths(8, 16, 32),
    "int4": Widths(4, 16, 32),
}
"""Widths by precision, which names the width of the weights: thresholds and states stay wide."""


@dataclass(frozen=True)
class Cost:
    """Energy and memory traffic of one decision."""

    precision: str
    weight_bytes: float
    """Read weights, bytes."""
    parameter_bytes: float
    """Read parameters, bytes."""
    state_bytes: float
    """Read and written states, bytes."""
    spike_pj: float
    """Additions and weights of spikes, and soft resets, pJ."""
    analog_pj: float
    """Products of analog values and their weights, pJ."""
    update_pj: float
    """Neuron updates with their parameters and states, pJ."""

    @property
    def total_pj(self) -> float:
        """Energy of a decision, pJ."""
        return self.spike_pj + self.silent_pj

    @property
    def silent_pj(self) -> float:
        """Energy of a decision without any spike, pJ."""
        return self.analog_pj + self.update_pj

    def document(self) -> dict[str, Any]:
        """Return all figures as JSON values."""
        return asdict(self) | {"total_pj": self.total_pj, "silent_pj": self.silent_pj}


def cost_of(counts: Counts, table: EnergyTable, precision: str) -> Cost:
    """Return the cost of a decision.

    Args:
        counts: work of a decision.
        table: energies.
        precision: `float32`, `int16`, `int8` or `int4`.
    """
    energy, widths = table.precision(precision), WIDTHS[precision]
    weight = widths.weight / 8.0 * table.memory_byte.pj
    added = energy.accumulate.pj + weight
    parameters = counts.parameter_words * widths.parameter / 8.0
    states = counts.state_words * widths.state / 8.0
    return Cost(
        precision,
        counts.weight_words * widths.weight / 8.0,
        parameters,
        states,
        counts.accumulates * added + counts.reset_subtractions * energy.update_add.pj,
        counts.multiply_accumulates * (added + energy.multiply.pj),
        counts.update_additions * energy.update_add.pj
        + counts.update_multiplications * energy.update_multiply.pj
        + (parameters + states) * table.memory_byte.pj,
    )


@dataclass(frozen=True)
class Costs:
    """Costs of a controller beside those of its int8 twin."""

    counts: Counts
    costs: tuple[Cost, ...]
    """Costs by precision."""
    twin_counts: Counts | None
    """Work of the twin; None if there is none."""
    twin: Cost | None
    """Cost of the twin in int8."""

    def break_even_spikes(self, cost: Cost) -> float | None:
        """Return the spikes a decision at which the energy equals that of the twin.

        The energy of spikes is proportional to their number. None if there is no such number: the
        decision without any spike needs more than the twin, or spikes need no energy.
        """
        if self.twin is None or cost.silent_pj > self.twin.total_pj or not cost.spike_pj:
            return None
        return self.counts.spikes * (self.twin.total_pj - cost.silent_pj) / cost.spike_pj

    def conclusion(self, precision: str = TWIN_PRECISION) -> str:
        """Return the comparison with the twin in one precision, as a sentence."""
        cost = next(cost for cost in self.costs if cost.precision == precision)
        if self.twin is None:
            return f"No twin: {precision} needs {_joules(cost.total_pj)} a decision."
        totals = f"{_joules(cost.total_pj)} a decision in {precision}"
        against = f"{_joules(self.twin.total_pj)} of the int8 twin"
        share = self.counts.multiply_accumulates / max(self.counts.weight_words, 1e-300)
        if cost.silent_pj > self.twin.total_pj:
            return (
                f"{totals}, {against}. No spike rate breaks even: without any spike the network "
                f"needs {_joules(cost.silent_pj)}. {share:.0%} of its synaptic operations are "
                "products of analog values that fan out to many neurons in every tick."
            )
        spikes = self.break_even_spikes(cost)
        if spikes is None:
            return f"{totals}, {against}, at any spike rate."
        return (
            f"{totals}, {against}. It breaks even at {spikes:.1f} spikes a decision; it has "
            f"{self.counts.spikes:.1f}."
        )

    def document(self) -> dict[str, Any]:
        """Return all figures as JSON values."""
        twin = None
        if self.twin is not None and self.twin_counts is not None:
            twin = self.twin.document() | {"counts": asdict(self.twin_counts)}
        return {
            "counts": asdict(self.counts),
            "costs": [
                cost.document() | {"break_even_spikes": self.break_even_spikes(cost)}
                for cost in self.costs
            ],
            "twin": twin,
            "conclusion": self.conclusion(),
        }


def costs_of(counts: Counts, twin_counts: Counts | None, table: EnergyTable) -> Costs:
    """Return the costs of a controller in all precisions, and of its twin in int8.

    Args:
        counts: work of a decision of the controller.
        twin_counts: work of a decision of the twin; None if there is none.
        table: energies.
    """
    costs = tuple(cost_of(counts, table, precision) for precision in WIDTHS)
    twin = None if twin_counts is None else cost_of(twin_counts, table, TWIN_PRECISION)
    return Costs(counts, costs, twin_counts, twin)


def _joules(pj: float) -> str:
    return f"{pj / 1000.0:.3g} nJ" if pj >= 100.0 else f"{pj:.3g} pJ"
