"""Fused loop against controller and environment, and against published returns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np
import pytest

from snn_control.controllers.swimmer.circuit import HalfCentre, swimmer_circuit
from snn_control.controllers.swimmer.homeostasis import Homeostasis
from snn_control.controllers.swimmer.swimmer import Swimmer
from snn_control.controllers.swimmer.trials import SwimmerTrials
from snn_control.engines.layout import lay_out
from snn_control.envs.swimmer.batch import SwimmerPool
from snn_control.envs.swimmer.damage import Damage
from snn_control.envs.swimmer.mjcf import joint_limit_rad
from snn_control.envs.swimmer.start import draw_start
from snn_control.envs.swimmer.swim import Swim
from snn_control.errors import ParameterError
from snn_control.network import Network
from snn_control.training.swimmer.closed_loop import Swims, swim

GRADED = swimmer_circuit(5, joint_limit_rad(6)).network()
SPIKING = swimmer_circuit(5, joint_limit_rad(6), cells="spiking").network()
CLOCK_FREE = swimmer_circuit(
    5, joint_limit_rad(6), cells="spiking", sub_ticks=15, half_centre=HalfCentre()
).network()


def simulate(network: Network, seeds: Sequence[int], n_links: int = 6) -> Swims:
    layout = lay_out(network)
    weights, coefficients = layout.row()
    starts = [draw_start(n_links, seed, 1000) for seed in seeds]
    return swim(layout, weights[None], coefficients[None], SwimmerPool(n_links), starts)


ADAPTATIONS: dict[str, dict[str, Any]] = {
    "none": {},
    "homeostasis": {"homeostasis": Homeostasis(np.full(4, 0.7), 3.0, 0.5, 5.0, 0.1, 0.5)},
    "trials": {"trials": SwimmerTrials(healthy_m_s=0.3, start_s=1.0, steady=9.0)},
}


@pytest.mark.parametrize("network", [GRADED, SPIKING, CLOCK_FREE], ids=["graded", "if", "free"])
@pytest.mark.parametrize("adaptation", ADAPTATIONS)
def test_the_loop_equals_controller_and_environment(network: Network, adaptation: str) -> None:
    damage, adapts = Damage(lost_muscles=("both_2",), noise_rad=0.1), ADAPTATIONS[adaptation]
    n_ticks, command = (800, (1.0, 0.0)) if adaptation == "trials" else (150, (0.8, 0.5))
    env = gymnasium.make("snn_control/Swim-v0", damage=vars(damage), n_ticks=n_ticks)
    start = draw_start(6, 3, n_ticks, damage)
    swimmer = Swimmer(network, 50, posture_start=bool(adapts), **adapts)
    entries = [Swim(6).observation_names.index(name) for name in swimmer.observation_names]
    observation, _ = env.reset(options={"start": start})
    swimmer.command(*command)
    speeds = []
    for _ in range(n_ticks):
        observation, *_, info = env.step(swimmer.step(observation[entries]))
        speeds.append(info["forward_speed_m_s"])

    layout = lay_out(network)
    weights, coefficients = (np.tile(row, (3, 1)) for row in layout.row())
    swims = swim(
        layout, weights, coefficients, SwimmerPool(6, 2, damage), [start] * 2,
        period_ticks=[20, 50, 60], n_ticks=n_ticks, posture_start=bool(adapts),
        command=command, **adapts,
    )  # fmt: skip
    np.testing.assert_array_equal(swims.speed_m_s[1], [speeds, speeds])
    np.testing.assert_array_equal(swims.gains[1, 0], swimmer.gains)
    if adaptation != "trials":  # these may have restored the gain
        assert (swims.gains[1, 0] == 1.0).all() == (adaptation == "none")
    if swimmer.search and "clock_dorsal" in network.inputs:
        tried = {change.reason.partition(" tried")[0] for change in swimmer.search.changes}
        assert {"period", "receptor gain"} <= tried
        period_s = swimmer.readouts["period_s"]
        assert swims.periods[1].ravel() * 0.03 == pytest.approx([period_s] * 2)


def test_returns_of_untrained_circuits() -> None:
    graded = simulate(GRADED, range(60)).returns[0]
    assert graded[:5].mean() == pytest.approx(800.26, abs=0.5)
    assert graded.mean() == pytest.approx(797.0, abs=2.0)
    spiking = simulate(SPIKING, range(20))
    assert spiking.returns[0, :5].mean() >= graded[:5].mean() - 5.0
    assert spiking.returns.mean() >= graded[:20].mean() - 5.0
    assert spiking.spikes.mean() < 8.0


def test_the_clock_free_circuit_exceeds_the_circuit_with_a_clock() -> None:
    assert simulate(CLOCK_FREE, range(20)).returns.mean() >= 815.0


@pytest.mark.parametrize(("n_links", "expected"), [(3, 289.41), (12, 904.48)])
def test_returns_on_bodies_of_other_lengths(n_links: int, expected: float) -> None:
    network = swimmer_circuit(n_links - 1, joint_limit_rad(n_links)).network()
    assert simulate(network, range(5), n_links).returns.mean() == pytest.approx(expected, abs=0.5)


def test_mismatched_bodies_starts_and_setpoints_are_errors() -> None:
    layout = lay_out(GRADED)
    weights, coefficients = (row[None] for row in layout.row())
    with pytest.raises(ParameterError, match="5 joints, the body 3"):
        swim(layout, weights, coefficients, SwimmerPool(4), [draw_start(4, 0, 10)])
    with pytest.raises(ParameterError, match="start has 3 joints"):
        swim(layout, weights, coefficients, SwimmerPool(6), [draw_start(4, 0, 10)])
    with pytest.raises(ParameterError, match="setpoints"):
        swim(
            layout, weights, coefficients, SwimmerPool(6), [draw_start(6, 0, 10)],
            homeostasis=Homeostasis(np.zeros(3)),
        )  # fmt: skip
    with pytest.raises(ParameterError, match="at most one"):
        swim(
            layout, weights, coefficients, SwimmerPool(6), [draw_start(6, 0, 10)],
            homeostasis=Homeostasis(np.zeros(4)), trials=SwimmerTrials(healthy_m_s=0.1),
        )  # fmt: skip


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"set_points": np.array([1.5])}, "set_points"),
        ({"set_points": np.zeros(4), "rate_per_s": math.nan}, "rate_per_s"),
        ({"set_points": np.zeros(4), "lowest": 2.0}, "lowest"),
        ({"set_points": np.zeros(4), "lag_rate": 2.0}, "lag_rate"),
        ({"set_points": np.zeros(4), "lag_set_point": math.inf}, "lag_set_point"),
    ],
)
def test_wrong_settings_of_homeostasis_are_errors(settings: dict, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        Homeostasis(**settings)
