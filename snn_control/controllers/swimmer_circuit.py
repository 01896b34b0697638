"""The locomotion circuit of C. elegans as a prior for swimmers of any number of joints.

N. Bhattasali, A. Zador, T. Engel (2022), arXiv:2201.05242. With g(x) = min(max(x, 0), 1), joint 0
next to the head, dorsal (d) and ventral (v) halves alike,

    stretch_d[i] = g(q[i] / limit)
    b_d[i] = g(p stretch_d[i - 1] + o clock_d [i = 0] + s slowness + r right [i < turning])
    m_d[i] = g(a b_d[i] + c b_v[i])
    effort[i] = m_d[i] - m_v[i]

B cells and muscles are graded, as published, or integrate-and-fire cells of threshold 1, whose rate
in spikes a tick is g of their drive. Strengths are those of the paper at their start: p, o, a, r
are 1, c and s are -1.
"""

from __future__ import annotations

from typing import Literal

from snn_control.errors import ParameterError
from snn_control.network.circuit import Cell, Circuit, Edge, Strength
from snn_control.network.neurons import Graded, IntegrateAndFire, NeuronParams

CONTROL_PERIOD_S = 0.03
COMMANDS = ("clock_dorsal", "clock_ventral", "slowness", "right", "left")
"""Inputs after the joint angles, each in [0, 1]."""
OTHER = {"dorsal": "ventral", "ventral": "dorsal"}
LEAST_JOINTS, MOST_JOINTS = 2, 29


def swimmer_circuit(
    n_joints: int,
    limit_rad: float,
    *,
    cells: Literal["graded", "spiking"] = "graded",
    sub_ticks: int = 1,
    turning: int = 1,
) -> Circuit:
    """Return the circuit; its read-outs are the dorsal, then the ventral muscles.

    Args:
        n_joints: 2 to 29.
        limit_rad: angle at which a stretch receptor is saturated, rad.
        cells: of B cells and muscles.
        sub_ticks: network ticks in a control period of 0.03 s; graded cells need one only.
        turning: joints, from the head, that the commands to turn reach.

    Raises:
        ParameterError: out of range.
    """
    if not LEAST_JOINTS <= n_joints <= MOST_JOINTS:
        raise ParameterError(f"n_joints is {n_joints}; expected {LEAST_JOINTS} to {MOST_JOINTS}")
    if not limit_rad > 0.0:
        raise ParameterError(f"limit_rad is {limit_rad:g}; expected more than 0")
    if cells not in ("graded", "spiking"):
        raise ParameterError(f"cells is {cells!r}; expected 'graded' or 'spiking'")
    if cells == "graded" and sub_ticks != 1:
        raise ParameterError(f"sub_ticks is {sub_ticks}; graded cells have no memory: expected 1")
    angles = tuple(f"joint_{k}_rad" for k in range(n_joints))
    sides, joints = tuple(OTHER), range(n_joints)
    motor: NeuronParams = Graded() if cells == "graded" else IntegrateAndFire(floor=-1.0)
    edges: list[Edge] = []
    for side in sides:
        stretch = "stretched" if side == "dorsal" else "compressed"
        turn = "right" if side == "dorsal" else "left"
        for k in joints:
            edges.append(Edge(angles[k], f"stretch_{side}_{k}", stretch))
            if k:
                edges.append(Edge(f"stretch_{side}_{k - 1}", f"b_{side}_{k}", "proprioception"))
            else:
                edges.append(Edge(f"clock_{side}", f"b_{side}_{k}", "oscillator"))
            edges.append(Edge("slowness", f"b_{side}_{k}", "brake"))
            if k < turning:
                edges.append(Edge(turn, f"b_{side}_{k}", "turn"))
            edges.append(Edge(f"b_{side}_{k}", f"muscle_{side}_{k}", "ipsilateral"))
            edges.append(Edge(f"b_{OTHER[side]}_{k}", f"muscle_{side}_{k}", "contralateral"))
    return Circuit(
        f"swimmer_{n_joints}",
        CONTROL_PERIOD_S,
        (*angles, *COMMANDS),
        {"stretch": Graded(), "b": motor, "muscle": motor},
        tuple(
            Cell(f"{layer}_{side}_{k}", layer, side, k)  # type: ignore[arg-type]
            for layer in ("stretch", "b", "muscle")
            for side in sides
            for k in joints
        ),
        tuple(edges),
        {
            "stretched": Strength(1.0 / limit_rad, 1),
            "compressed": Strength(-1.0 / limit_rad, -1),
            "proprioception": Strength(1.0, 1),
            "oscillator": Strength(1.0, 1),
            "ipsilateral": Strength(1.0, 1),
            "contralateral": Strength(-1.0, -1),
            "brake": Strength(-1.0, -1),
            "turn": Strength(1.0, 1),
        },
        tuple(f"muscle_{side}_{k}" for side in sides for k in joints),
        sub_ticks,
    )
