"""Choice of rays: numbers, fairness, preference of near, old and forward directions."""

from __future__ import annotations

import numpy as np
import pytest

from snn_control.errors import ParameterError
from snn_control.loops.corridor.completion import Remembered
from snn_control.loops.corridor.ray_choice import (
    AllRays,
    ExpectedInformation,
    RayChoice,
    RoundRobin,
)
from snn_control.loops.corridor.rays import N_RAYS, Estimate, Motion
from snn_control.loops.corridor.sensing import RaySensing

FREE = Estimate(np.full(N_RAYS, 3.0), np.full(N_RAYS, 1.0))


@pytest.mark.parametrize("n_rays", [1, 4, 7, 14, 72])
@pytest.mark.parametrize("kind", [RoundRobin, ExpectedInformation])
def test_rays_are_distinct_and_as_many_as_stated(kind: type[RayChoice], n_rays: int) -> None:
    choice = kind(n_rays)
    for _ in range(30):
        rays = choice.choose(FREE)
        assert len({*rays.tolist()}) == n_rays
        assert ((rays >= 0) & (rays < N_RAYS)).all()


def test_round_robin_fires_every_ray_equally_often() -> None:
    choice, counts = RoundRobin(8), np.zeros(N_RAYS, int)
    for _ in range(9):
        rays = choice.choose(FREE)
        assert (np.diff(np.sort(rays)) == 9).all()
        counts[rays] += 1
    assert counts.tolist() == [1] * N_RAYS


def test_the_first_ray_has_the_largest_weight() -> None:
    """Comparison with the formula, ray by ray."""
    rng = np.random.default_rng(5)
    estimate = Estimate(rng.uniform(0.2, 6.0, N_RAYS), rng.uniform(0.0, 3.0, N_RAYS))
    weights = []
    for k in range(N_RAYS):
        ahead = max(np.cos(2.0 * np.pi * k / N_RAYS), 0.0)
        age = min(estimate.age_s[k] + 0.1, 2.0)
        weights.append(age * (0.05 + ahead**4) * (0.3 + 1.0 / (0.5 + estimate.range_m[k])))
    rays = ExpectedInformation(3).choose(estimate).tolist()
    assert rays[0] == int(np.argmax(weights))
    halved = np.array(weights)
    halved[[(rays[0] - 1) % N_RAYS, (rays[0] + 1) % N_RAYS]] *= 0.5
    halved[rays[0]] = 0.0
    assert rays[1] == int(np.argmax(halved))


@pytest.mark.parametrize(("base", "power"), [(0.15, 1.0), (0.05, 4.0)])
def test_rays_ahead_are_fired_most_often(base: float, power: float) -> None:
    """Wide and narrow weights of the directions ahead."""
    choice, fired = ExpectedInformation(7, "rays", base, power), np.zeros(N_RAYS, int)
    for _ in range(100):
        fired[choice.choose(FREE)] += 1
    assert fired[:3].min() > 3 * fired[33:39].max()
    assert fired[:9].min() > 20


def test_a_turn_brings_unseen_directions_ahead() -> None:
    """Ages belong to directions of the world: after a turn the new directions are old."""
    sensing = RaySensing(Remembered(), ExpectedInformation(4))
    sensing.update(np.where(np.arange(N_RAYS) < 37, 3.0, -1.0), Motion())  # the left half
    sensing.update(np.full(N_RAYS, -1.0), Motion(dyaw_rad=-np.pi / 4.0, dt_s=0.1))
    assert np.flatnonzero(sensing.fire()).tolist()
    assert all(ray >= 36 or ray < 10 for ray in np.flatnonzero(sensing.fire()))


@pytest.mark.parametrize("wrong", [0, 73])
def test_numbers_out_of_range_are_refused(wrong: int) -> None:
    with pytest.raises(ParameterError, match=f"n_rays is {wrong}; expected 1 to 72"):
        RoundRobin(wrong)
    with pytest.raises(ParameterError, match="n_rays is 5; expected 72"):
        AllRays(5)


def test_a_scan_of_another_shape_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"expected \(72,\)"):
        RaySensing(Remembered(), AllRays()).update(np.zeros(3), Motion())
