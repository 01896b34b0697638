"""Free distances of the gap follower against geometry, its turns, its file."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from snn_control.controllers import load, save
from snn_control.controllers.corridor.gap import N_RAYS, REACH_M, ROBOT_RADIUS_M, Gap
from snn_control.errors import ParameterError

FREE = np.full(N_RAYS + 1, REACH_M)
FREE[N_RAYS] = 0.0


def with_return(ray: int, range_m: float) -> np.ndarray:
    observation = FREE.copy()
    observation[ray] = range_m
    return observation


def test_distance_to_the_touch_of_one_point() -> None:
    gap = Gap(margin_m=0.1)
    radius_m, range_m, angle = ROBOT_RADIUS_M + 0.1, 2.0, math.radians(5.0)
    free_m = gap.free_distances(with_return(1, range_m)[:N_RAYS])
    # Ahead, the centre of the disc stops where it is `radius_m` from the point.
    centre_m = np.array([free_m[0], 0.0])
    point_m = range_m * np.array([math.cos(angle), math.sin(angle)])
    assert np.linalg.norm(point_m - centre_m) == pytest.approx(radius_m)
    assert free_m[1] == pytest.approx(range_m - radius_m)
    assert free_m[4] == REACH_M  # 15 degrees away the disc passes: 2 sin(15) > 0.3


def test_rays_that_were_not_fired_are_no_returns() -> None:
    gap = Gap()
    np.testing.assert_array_equal(gap.free_distances(np.full(N_RAYS, -1.0)), REACH_M)
    np.testing.assert_allclose(gap.step(with_return(0, -1.0)), [0.8, 0.0])


def test_turns_away_from_an_obstacle_and_slows_down() -> None:
    for side in (1, -1):
        observation = FREE.copy()
        for k in range(5):  # ahead and to one side
            observation[(side * k) % N_RAYS] = 0.9
        speed_m_s, turn_rate_rad_s = Gap().step(observation)
        assert turn_rate_rad_s * side < 0.0
        assert 0.0 < speed_m_s < 0.8


def test_returns_to_the_direction_of_the_start() -> None:
    gap, observation = Gap(), FREE.copy()
    observation[N_RAYS] = 0.5
    assert gap.step(observation)[1] < 0.0
    observation[N_RAYS] = -0.5
    assert gap.step(observation)[1] == 0.0


def test_leaves_a_close_return() -> None:
    """Within the margin of a return ahead to the left, the way to the right is free."""
    speed_m_s, turn_rate_rad_s = Gap().step(with_return(6, ROBOT_RADIUS_M + 0.04))
    assert turn_rate_rad_s < 0.0
    assert speed_m_s < 0.8


def test_settings_are_saved_and_checked(tmp_path: Path) -> None:
    gap = load(save(Gap(margin_m=0.07, slow_m=1.5), tmp_path / "gap"))
    assert isinstance(gap, Gap)
    assert (gap.config.margin_m, gap.config.slow_m) == (0.07, 1.5)
    assert load("gap", horizon_m=3.0).config.horizon_m == 3.0  # type: ignore[attr-defined]
    with pytest.raises(ParameterError, match="slow_m is -1"):
        Gap(slow_m=-1.0)
    with pytest.raises(ParameterError, match="takes no option 'speed'"):
        load("gap", speed=1.0)
