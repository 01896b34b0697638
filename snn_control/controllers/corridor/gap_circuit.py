"""Spiking network that follows the widest gap of a scan.

The choice of `gap` is computed with spikes of leaky integrate-and-fire cells, whose membranes have
no memory here: time is in `direction` and `heading`. A cell of `near` spikes while one ray is
shorter than its threshold; 20 thresholds grow geometrically. A cell of `blocked` spikes while any
ray ends within the way of a disc of radius R over a distance d in one direction a: in `near` it
listens, for the ray at the angle x from a, to the threshold next to the extent of that way,

    R / |sin x| if R / |tan x| <= d,  else  d cos x + sqrt(R^2 - d^2 sin^2 x)

Distances d are `DISTANCES_M` with the margin, `TIGHT_M` with hardly any. A leaky integrator of
`direction` for each direction then has the potential

    sum over d not blocked of their weights - goal_weight |a + heading| - turn_weight |a|

The heading is the sum of the measured turns, in a perfect integrator; directions back to the start
are silenced by `backward`. The integrator `speed` slows down with the blocked distances ahead, to
`CREEP_M_S` while only those with the margin are blocked.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from snn_control.controllers.corridor.gap import N_RAYS, ROBOT_RADIUS_M, WIDEST_RAD
from snn_control.network import INPUT, Connection, Network, Population, Readout
from snn_control.network.neurons import LIF, Graded, LeakyIntegrator
from snn_control.ranges import require_positive

__all__ = ["CANDIDATES_RAD", "DISTANCES_M", "gap_circuit"]

FloatArray = npt.NDArray[np.float64]

CONTROL_PERIOD_S = 0.1
DISTANCES_M = (0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.3, 1.7, 2.1, 2.5)
"""Distances for which a direction is free or blocked, m."""
TIGHT_M = (0.05, 0.2)
"""Distances with the margin `TIGHT_MARGIN_M`, m: the ways out where all others are blocked."""
TIGHT_MARGIN_M = 0.02
THRESHOLDS_M: FloatArray = np.geomspace(0.22, 2.9, 20)
"""Ranges below which the cells of a ray spike, m."""
_ANGLES_RAD = np.arange(N_RAYS) * (2.0 * math.pi / N_RAYS)
_SIGNED_RAD = np.where(_ANGLES_RAD > math.pi, _ANGLES_RAD - 2.0 * math.pi, _ANGLES_RAD)
CANDIDATES_RAD: FloatArray = _SIGNED_RAD[np.abs(_SIGNED_RAD) <= WIDEST_RAD + 1e-9]
"""Directions, straight ahead first, rad, shape (37,)."""
CREEP_M_S = 0.1
"""Speed while the way ahead is free with hardly any margin only, m/s."""
BACK = 5.0
"""Weight of `backward`, m: more than that of all distances."""


def gap_circuit(
    margin_m: float = 0.1,
    goal_weight: float = 0.6,
    turn_weight: float = 0.3,
    speed_m_s: float = 0.8,
    slow_m: float = 0.8,
    tau_direction_s: float = 0.05,
) -> Network:
    """Return the network; its read-outs are 37 directions, then the speed in m/s.

    Args:
        margin_m: distance to keep from returns in addition to the robot's radius, m.
        goal_weight: cost of a direction away from the corridor's, m/rad.
        turn_weight: cost of a turn, m/rad.
        speed_m_s: speed with a free way, m/s.
        slow_m: free distance ahead at which the robot begins to slow down, m.
        tau_direction_s: time constant of the directions, s.

    Raises:
        ParameterError: a value is not positive, or not finite.
    """
    settings = {"margin_m": margin_m, "goal_weight": goal_weight, "turn_weight": turn_weight,
             "speed_m_s": speed_m_s, "slow_m": slow_m,
             "tau_direction_s": tau_direction_s}  # fmt: skip
    require_positive(settings)
    wide_m, tight_m = ROBOT_RADIUS_M + margin_m, ROBOT_RADIUS_M + TIGHT_MARGIN_M
    ways = [(d_m, tight_m) for d_m in TIGHT_M] + [(d_m, wide_m) for d_m in DISTANCES_M]
    n, n_ways = CANDIDATES_RAD.size, len(ways)
    cells, synapses = _wiring(ways)
    near = Population("near", len(cells), _threshold_cells(1.0 + THRESHOLDS_M[cells[:, 1]]))
    blocked = Population("blocked", n * n_ways, LIF(threshold=0.5, reset="hard"))
    listens = np.arange(n * n_ways)
    tight_value = DISTANCES_M[-1] / len(TIGHT_M)
    steps_m: FloatArray = np.diff(np.array([0.0, *DISTANCES_M]))
    steps_m[0] += DISTANCES_M[-1]  # a direction without a way is the last choice
    values = np.array([tight_value] * len(TIGHT_M) + steps_m.tolist())
    ramp = np.minimum(np.array([0.0, *DISTANCES_M]) / slow_m, 1.0)
    creep_m_s = min(CREEP_M_S, speed_m_s)
    brake = np.concatenate(
        [
            np.full(len(TIGHT_M), -creep_m_s / len(TIGHT_M)),
            -(speed_m_s - creep_m_s) * np.diff(ramp) / ramp[-1],
        ]
    )
    ahead = np.arange(n_ways)  # the first direction is straight ahead
    return Network(
        name="gap_circuit",
        control_period_s=CONTROL_PERIOD_S,
        inputs=(*(f"ray_{k}_m" for k in range(N_RAYS)), "dyaw_rad"),
        populations=(
            near,
            blocked,
            Population("heading", 1, LeakyIntegrator(tau_mem_s=math.inf)),
            Population("left", n, Graded(bias=CANDIDATES_RAD, ceiling=math.inf)),
            Population("right", n, Graded(bias=-CANDIDATES_RAD, ceiling=math.inf)),
            Population("backward", n, LIF(threshold=WIDEST_RAD, reset="hard")),
            Population(
                "direction",
                n,
                LeakyIntegrator(
                    tau_mem_s=tau_direction_s,
                    bias=values.sum() - turn_weight * np.abs(CANDIDATES_RAD),
                    normalised=True,
                ),
            ),
            Population("speed", 1, LeakyIntegrator(bias=speed_m_s)),
        ),
        connections=(
            _sparse(INPUT, "near", cells[:, 0], np.arange(len(cells)), -1.0),
            _sparse("near", "blocked", synapses[:, 0], synapses[:, 1], 1.0),
            _sparse(INPUT, "heading", np.array([N_RAYS]), np.array([0]), 1.0),
            Connection("heading", "left", np.ones((1, n))),
            Connection("heading", "right", -np.ones((1, n))),
            Connection("left", "backward", np.ones(n), "diagonal"),
            Connection("right", "backward", np.ones(n), "diagonal"),
            _sparse("blocked", "direction", listens, listens // n_ways, -np.tile(values, n)),
            Connection("left", "direction", np.full(n, -goal_weight), "diagonal"),
            Connection("right", "direction", np.full(n, -goal_weight), "diagonal"),
            Connection("backward", "direction", np.full(n, -BACK), "diagonal"),
            _sparse("blocked", "speed", ahead, np.zeros_like(ahead), brake),
        ),
        readouts=(
            *(Readout(f"direction_{k}", "direction", k) for k in range(n)),
            Readout("speed_m_s", "speed"),
        ),
    )


def _wiring(
    ways: list[tuple[float, float]],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return ray and threshold of each cell of `near`, and the synapses to `blocked`.

    Args:
        ways: distance and radius of each way, m.
    """
    pairs: list[tuple[int, int, int]] = []  # ray, threshold, blocked
    for k, direction_rad in enumerate(CANDIDATES_RAD.tolist()):
        apart = np.abs(np.remainder(_ANGLES_RAD - direction_rad + math.pi, 2.0 * math.pi) - math.pi)
        for ray in np.flatnonzero(apart < 0.5 * math.pi - 1e-9).tolist():
            for w, (distance_m, radius_m) in enumerate(ways):
                extent_m = _extent_m(float(apart[ray]), distance_m, radius_m)
                threshold = int(np.abs(np.log(THRESHOLDS_M / extent_m)).argmin())
                pairs.append((ray, threshold, k * len(ways) + w))
    wired = np.array(pairs, np.int64)
    cells, index = np.unique(wired[:, :2], axis=0, return_inverse=True)
    synapses = np.stack([index.reshape(-1), wired[:, 2]], axis=1).astype(np.int64)
    return cells, synapses[np.lexsort((synapses[:, 1], synapses[:, 0]))]


def _extent_m(apart_rad: float, distance_m: float, radius_m: float) -> float:
    """Return how far the way of a disc extends at an angle from it, m."""
    sin, cos = math.sin(apart_rad), math.cos(apart_rad)
    if radius_m * cos <= distance_m * sin:
        return radius_m / sin
    return distance_m * cos + math.sqrt(radius_m * radius_m - (distance_m * sin) ** 2)


def _threshold_cells(bias: FloatArray) -> LIF:
    return LIF(threshold=1.0, bias=bias, reset="hard")


def _sparse(
    source: str,
    target: str,
    pre: npt.NDArray[np.int64],
    post: npt.NDArray[np.int64],
    weights: FloatArray | float,
) -> Connection:
    """Return a sparse connection."""
    values = np.full(len(pre), weights) if isinstance(weights, float) else weights
    return Connection(source, target, values, "sparse", pre=pre, post=post)
