"""Plan of a swimmer's circuit for bodies of any length, and the rule for another length.

With s = min(links of the new body / links of the old one, 1),

    clock's period <- sqrt(s) period,    proprioception <- proprioception / s^2,

and stretch receptors saturate at the limits of the new joints. A short body uses a small part of
its wider joint ranges, and its wave reaches the tail sooner; longer bodies use the circuit
unchanged. A half-centre keeps its period.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from snn_control.controllers.swimmer.circuit import (
    CLOCK,
    CONTROL_PERIOD_S,
    LEAST_JOINTS,
    MOST_JOINTS,
    HalfCentre,
    muscles_spike,
    strengths_of,
    swimmer_circuit,
)
from snn_control.errors import ParameterError
from snn_control.network import Network
from snn_control.network.circuit import Circuit
from snn_control.network.files import Tensors, network_document
from snn_control.network.shared import expand

__all__ = ["GAIN_POWER", "PERIOD_POWER", "SwimmerPlan", "plan_of"]

GAIN_POWER = -2.0
PERIOD_POWER = 0.5


@dataclass(frozen=True)
class SwimmerPlan:
    """Cells, strengths and clock of a swimmer's circuit."""

    n_links: int = 6
    """Number of links of the body, one more than its joints."""
    cells: Literal["graded", "spiking"] = "spiking"
    """Model of B cells and muscles."""
    sub_ticks: int = 5
    """Network ticks in a control period; 1 for graded cells."""
    clock_free: bool = False
    """Swing the head by a half-centre instead of the clock."""
    period_ticks: int = 60
    """Period of the clock, control periods."""
    posture_start: bool = False
    """Start the clock against the bend of the body, see `Swimmer`."""
    strengths: Mapping[str, float] = field(default_factory=dict)
    """Strengths that differ from the initial ones, by name."""
    bend_rad: float = 2.0 * math.pi
    """Saturation angle of the stretch receptors times `n_links`, rad."""
    control_period_s: float = CONTROL_PERIOD_S
    """Control period, s."""

    def __post_init__(self) -> None:
        _check_links(self.n_links)
        if self.period_ticks < 2:
            raise ParameterError(f"period_ticks is {self.period_ticks}; expected at least 2")

    def graded(self) -> SwimmerPlan:
        """Return the plan with graded cells, which need one sub-tick."""
        return replace(self, cells="graded", sub_ticks=1)

    def circuit(self) -> Circuit:
        """Return the circuit with the strengths of the plan.

        Raises:
            UnknownNameError: no such strength.
            ParameterError: a value is out of range, see `swimmer_circuit`.
        """
        initial = swimmer_circuit(
            self.n_links - 1,
            self.bend_rad / self.n_links,
            cells=self.cells,
            sub_ticks=self.sub_ticks,
            half_centre=HalfCentre() if self.clock_free else None,
            control_period_s=self.control_period_s,
        )
        return initial.with_strengths(self.strengths)

    def network(self, dead_cells: Sequence[str] = ()) -> Network:
        """Return the network; `dead_cells` have no effect on others."""
        return self.circuit().network(dead_cells=dead_cells)

    def on(self, n_links: int) -> SwimmerPlan:
        """Return the plan for a body of another length, by the rule above.

        Raises:
            ParameterError: n_links below 3 or above 30.
        """
        _check_links(n_links)
        ratio = min(n_links / self.n_links, 1.0)
        strengths = dict(self.strengths)
        strengths["proprioception"] = strengths.get("proprioception", 1.0) * ratio**GAIN_POWER
        return replace(
            self,
            n_links=n_links,
            strengths=strengths,
            period_ticks=max(round(self.period_ticks * ratio**PERIOD_POWER), 2),
        )


def _check_links(n_links: int) -> None:
    if not LEAST_JOINTS < n_links <= MOST_JOINTS + 1:
        raise ParameterError(
            f"n_links is {n_links}; expected {LEAST_JOINTS + 1} to {MOST_JOINTS + 1}"
        )


def plan_of(network: Network, period_ticks: int, posture_start: bool) -> SwimmerPlan:
    """Return the plan of a swimmer's network.

    Args:
        network: network of a swimmer.
        period_ticks: period of its clock, control periods.
        posture_start: see `Swimmer`.

    Raises:
        ParameterError: the network is not one that a `SwimmerPlan` can build.
    """
    n_links = len(network.readouts) // 2 + 1
    stretch = next((c.weights for c in network.connections if c.target == "stretch"), None)
    if stretch is None:
        raise ParameterError(f"network {network.name!r} has no stretch receptors")
    plan = SwimmerPlan(
        n_links,
        "spiking" if muscles_spike(network) else "graded",
        network.sub_ticks,
        CLOCK[0] not in network.inputs,
        period_ticks,
        posture_start,
        strengths_of(network),
        n_links / float(np.abs(expand(stretch)).max()),
        network.control_period_s,
    )
    if not _same(plan.network(), network):
        raise ParameterError(
            f"network {network.name!r} is more than the circuit of a swimmer: it fits the body "
            "that it was made for only"
        )
    return plan


def _same(one: Network, other: Network) -> bool:
    own: Tensors = {}
    others: Tensors = {}
    if network_document(one, own) != network_document(other, others):
        return False
    return all(
        own[k].shape == others[k].shape and np.allclose(own[k], others[k], rtol=1e-12, atol=0.0)
        for k in own
    )
