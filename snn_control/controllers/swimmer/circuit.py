"""The locomotion circuit of C. elegans as a prior for swimmers of any number of joints.

N. Bhattasali, A. Zador, T. Engel (2022), arXiv:2201.05242. With g(x) = min(max(x, 0), 1), joint 0
next to the head, dorsal (d) and ventral (v) halves alike,

    stretch_d[i] = g(q[i] / limit)
    b_d[i] = g(p stretch_d[i - 1] + o clock_d [i = 0] + s slowness + r right [i < turning])
    m_d[i] = g(a b_d[i] + c b_v[i])
    effort[i] = m_d[i] - m_v[i]

B cells and muscles are graded, as published, or integrate-and-fire cells of threshold 1 behind
dendrites that compute g. A spiking cell then fires g of its drive in spikes per tick, without
windup.
Initial strengths are those of the paper: p, o, a, r are 1, c and s are -1.

The clock is an input, a square wave as published, or a half-centre in the circuit swings the head:
two spiking cells that tire while they fire and silence each other,

    tau dv_d/dt = -v_d + tonic - tired_d - 4 silenced_d

`tired` decays slowly and jumps with each spike of the cell, `silenced` with those of the other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from snn_control.errors import ParameterError
from snn_control.network import Connection, Network, Shared
from snn_control.network.circuit import Cell, Circuit, Edge, Strength
from snn_control.network.neurons import (
    LIF,
    Graded,
    IntegrateAndFire,
    LeakyIntegrator,
    NeuronParams,
)

__all__ = [
    "CLOCK",
    "COMMANDS",
    "CONTROL_PERIOD_S",
    "HALF_CENTRE",
    "HALF_CENTRE_SUB_TICKS",
    "LEAST_JOINTS",
    "MOST_JOINTS",
    "OTHER",
    "SPIKING_CELL",
    "HalfCentre",
    "muscles_spike",
    "strengths_of",
    "swimmer_circuit",
    "unit_strengths",
]

CONTROL_PERIOD_S = 0.03
CLOCK = ("clock_dorsal", "clock_ventral")
"""Inputs after the joint angles, 0 or 1, for circuits without a half-centre."""
COMMANDS = ("slowness", "right", "left")
"""The last inputs, each in [0, 1]."""
HALF_CENTRE_SUB_TICKS = 15
"""Network ticks of 2 ms in a control period."""
OTHER = {"dorsal": "ventral", "ventral": "dorsal"}
SPIKING_CELL = IntegrateAndFire(threshold=1.0 - 2.0**-20, floor=0.0)
"""Cell that spikes in the tick in which its input reaches 1; inhibition has no after-effect."""
LEAST_JOINTS = 2
"""Smallest number of joints of a circuit."""
MOST_JOINTS = 29
"""Largest number of joints of a circuit."""


@dataclass(frozen=True)
class HalfCentre:
    """Oscillator of two spiking cells; its period grows as the cells recover faster."""

    tired_tau_s: float = 0.51
    """Time constant of the recovery of a cell, s."""
    tonic: float = 3.0
    """Constant drive of both cells."""
    tired_jump: float = 0.12
    """Jump of `tired` with each spike of the cell."""
    silenced_jump: float = 0.32
    """Jump of `silenced` with each spike of the other cell."""
    swing_jump: float = 0.36
    """Jump of the trace that swings the head, with each spike of the cell."""


def swimmer_circuit(
    n_joints: int,
    limit_rad: float,
    *,
    cells: Literal["graded", "spiking"] = "graded",
    sub_ticks: int = 1,
    turning: int = 1,
    half_centre: HalfCentre | None = None,
    control_period_s: float = CONTROL_PERIOD_S,
) -> Circuit:
    """Return the circuit; its read-outs are the dorsal, then the ventral muscles.

    Args:
        n_joints: 2 to 29.
        limit_rad: angle at which a stretch receptor saturates, rad.
        cells: model of B cells and muscles.
        sub_ticks: network ticks in a control period; 1 for graded cells.
        turning: number of joints, from the head, that the turn commands reach.
        half_centre: oscillator in place of the clock; for spiking cells with sub-ticks of 2 ms or
            less.
        control_period_s: control period, s; 0.03 as published.

    Raises:
        ParameterError: an argument is out of range.
    """
    if not LEAST_JOINTS <= n_joints <= MOST_JOINTS:
        raise ParameterError(f"n_joints is {n_joints}; expected {LEAST_JOINTS} to {MOST_JOINTS}")
    if not limit_rad > 0.0:
        raise ParameterError(f"limit_rad is {limit_rad:g}; expected more than 0")
    if cells not in ("graded", "spiking"):
        raise ParameterError(f"cells is {cells!r}; expected 'graded' or 'spiking'")
    if cells == "graded" and sub_ticks != 1:
        raise ParameterError(f"sub_ticks is {sub_ticks}; graded cells have no memory: expected 1")
    if half_centre and sub_ticks < HALF_CENTRE_SUB_TICKS:
        raise ParameterError(
            f"sub_ticks is {sub_ticks}; a half-centre needs {HALF_CENTRE_SUB_TICKS} or more"
        )
    sides, joints = tuple(OTHER), range(n_joints)
    angles = tuple(f"joint_{k}_rad" for k in joints)
    edges: list[Edge] = []
    for side in sides:
        stretch = "stretched" if side == "dorsal" else "compressed"
        turn = "right" if side == "dorsal" else "left"
        for k in joints:
            edges.append(Edge(angles[k], f"stretch_{side}_{k}", stretch))
            if k:
                edges.append(Edge(f"stretch_{side}_{k - 1}", f"b_{side}_{k}", "proprioception"))
            else:
                swing = f"swing_{side}" if half_centre else f"clock_{side}"
                edges.append(Edge(swing, f"b_{side}_{k}", "oscillator"))
            edges.append(Edge("slowness", f"b_{side}_{k}", "brake"))
            if k < turning:
                edges.append(Edge(turn, f"b_{side}_{k}", "turn"))
            edges.append(Edge(f"b_{side}_{k}", f"muscle_{side}_{k}", "ipsilateral"))
            edges.append(Edge(f"b_{OTHER[side]}_{k}", f"muscle_{side}_{k}", "contralateral"))
    layers: dict[str, NeuronParams] = {"stretch": Graded(), "b": Graded(), "muscle": Graded()}
    strengths = {
        "stretched": Strength(1.0 / limit_rad, 1),
        "compressed": Strength(-1.0 / limit_rad, -1),
        "proprioception": Strength(1.0, 1),
        "oscillator": Strength(1.0, 1),
        "ipsilateral": Strength(1.0, 1),
        "contralateral": Strength(-1.0, -1),
        "brake": Strength(-1.0, -1),
        "turn": Strength(1.0, 1),
    }
    members = [
        Cell(f"{layer}_{side}_{k}", layer, side, k)  # type: ignore[arg-type]
        for layer in layers
        for side in sides
        for k in joints
    ]
    if half_centre:
        layers = _half_centre_layers(half_centre) | layers
        strengths |= {
            "tires": Strength(half_centre.tired_jump, 1),
            "silences": Strength(half_centre.silenced_jump, 1),
            "swings": Strength(half_centre.swing_jump, 1),
            "tiredness": Strength(-1.0, -1),
            "silence": Strength(-4.0, -1),
            "swing": Strength(1.0, 1),
        }
        members = [Cell(f"{n}_{side}", n, side) for n in HALF_CENTRE for side in sides] + members  # type: ignore[arg-type]
        edges += _half_centre_edges()
    if cells == "spiking":
        layers, members, edges = _with_spikes(layers, members, edges)
        strengths["soma"] = Strength(1.0, 1)
    return Circuit(
        f"swimmer_{n_joints}",
        control_period_s,
        (*angles, *(() if half_centre else CLOCK), *COMMANDS),
        layers,
        tuple(members),
        tuple(edges),
        strengths,
        tuple(f"muscle_{side}_{k}" for side in sides for k in joints),
        sub_ticks,
    )


def muscles_spike(network: Network) -> bool:
    """Return True if the muscles of a swimmer's network spike, False if they are graded."""
    return network.populations[-1].params.spiking


def unit_strengths(network: Network) -> Network:
    """Return the network of such a circuit with its untrained strengths, 1 or -1.

    Stretch receptors and the cells of a half-centre keep their strengths.
    """

    def unit(connection: Connection) -> Connection:
        weights = connection.weights
        if connection.target in ("stretch", *HALF_CENTRE) or not isinstance(weights, Shared):
            return connection
        return replace(connection, weights=replace(weights, values=np.sign(weights.values)))

    return replace(network, connections=tuple(unit(c) for c in network.connections))


def strengths_of(network: Network) -> dict[str, float]:
    """Return the strengths of such a network that apply to bodies of any length.

    Raises:
        ParameterError: the strengths are not shared by all cells of a kind.
    """
    ends = {p.name.removeprefix("dendrite_") for p in network.populations}
    if not {"stretch", "b", "muscle"} <= ends:
        raise ParameterError(
            f"network {network.name!r} has populations {sorted(ends)}; expected stretch, b, muscle"
        )
    strengths: dict[str, float] = {}
    for connection in network.connections:
        target = connection.target.removeprefix("dendrite_")
        names = {
            ("input", "b"): ("brake", "oscillator", "turn"),
            ("swing", "b"): ("oscillator",),
            ("stretch", "b"): ("proprioception",),
            ("b", "muscle"): ("contralateral", "ipsilateral"),
        }.get((connection.source, target))
        if names is None:
            continue
        weights = connection.weights
        values = weights.values.tolist() if isinstance(weights, Shared) else []
        if names[0] == "brake" and len(values) == 2:  # half-centre: no oscillator input
            names = ("brake", "turn")
        if len(values) != len(names):
            raise ParameterError(
                f"network {network.name!r} is not a swimmer circuit with shared strengths: it fits "
                "the body that it was made for only"
            )
        strengths |= dict(zip(names, values, strict=True))
    return strengths


def _with_spikes(
    layers: dict[str, NeuronParams], cells: list[Cell], edges: list[Edge]
) -> tuple[dict[str, NeuronParams], list[Cell], list[Edge]]:
    """Replace graded B cells and muscles by spiking cells with graded dendrites."""
    spiking = [cell for cell in cells if cell.layer in ("b", "muscle")]
    dendrite = {cell.name: f"dendrite_{cell.name}" for cell in spiking}
    changed: dict[str, NeuronParams] = {}
    for layer, params in layers.items():
        if layer in ("b", "muscle"):
            changed |= {f"dendrite_{layer}": Graded(), layer: SPIKING_CELL}
        else:
            changed[layer] = params
    cells = cells + [
        replace(cell, name=dendrite[cell.name], layer=f"dendrite_{cell.layer}") for cell in spiking
    ]
    edges = [replace(edge, target=dendrite.get(edge.target, edge.target)) for edge in edges]
    return changed, cells, edges + [Edge(end, cell, "soma") for cell, end in dendrite.items()]


HALF_CENTRE = ("oscillator", "tired", "silenced", "swinging", "swing")


def _half_centre_layers(half_centre: HalfCentre) -> dict[str, NeuronParams]:
    cell = LIF(tau_mem_s=0.02, bias=half_centre.tonic, reset="hard", normalised=True)
    traces = (half_centre.tired_tau_s, 0.05, 0.05)
    layers = [cell, *(LeakyIntegrator(tau_mem_s=tau) for tau in traces), Graded()]
    return dict(zip(HALF_CENTRE, layers, strict=True))


def _half_centre_edges() -> list[Edge]:
    edges = []
    # Unequal delays break the symmetry: equal cells would always fire together.
    for side, delay_ticks in (("dorsal", 2), ("ventral", 1)):
        cell, other = f"oscillator_{side}", f"oscillator_{OTHER[side]}"
        edges += [
            Edge(cell, f"tired_{side}", "tires"),
            Edge(other, f"silenced_{side}", "silences"),
            Edge(cell, f"swinging_{side}", "swings"),
            Edge(f"tired_{side}", cell, "tiredness", 1),
            Edge(f"silenced_{side}", cell, "silence", delay_ticks),
            Edge(f"swinging_{side}", f"swing_{side}", "swing"),
        ]
    return edges
