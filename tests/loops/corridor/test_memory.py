"""Memory of points against exact geometry, and filling of gaps."""

from __future__ import annotations

import math

import numpy as np
import pytest

from snn_control.envs.corridor.body import CorridorBody
from snn_control.envs.corridor.scenario import draw_scenario
from snn_control.errors import ParameterError
from snn_control.loops.corridor.completion import Hold, Interpolation, Remembered
from snn_control.loops.corridor.point_memory import PointMemory, PointMemoryConfig
from snn_control.loops.corridor.rays import ANGLES_RAD, N_RAYS, REACH_M, Motion, filled

NONE_FIRED = np.full(N_RAYS, -1.0)


def one_ray(ray: int, range_m: float) -> np.ndarray:
    scan = NONE_FIRED.copy()
    scan[ray] = range_m
    return scan


def test_a_point_keeps_its_place_in_the_world() -> None:
    """Poses as complex numbers, independent of the memory's rotations."""
    rng, memory = np.random.default_rng(3), PointMemory()
    memory.update(one_ray(4, 3.0), Motion())
    world = 3.0 * np.exp(1j * ANGLES_RAD[4])
    position, heading = 0j, 1 + 0j
    for _ in range(20):
        dx_m, dy_m, dyaw_rad = rng.uniform(-0.1, 0.1, 3).tolist()
        position += heading * complex(dx_m, dy_m)
        heading *= np.exp(1j * dyaw_rad)
        memory.update(NONE_FIRED, Motion(dx_m, dy_m, dyaw_rad, 0.1))
        seen = (world - position) / heading
        assert memory.points_m[0] == pytest.approx((seen.real, seen.imag), abs=1e-12)
        ray = round(float(np.angle(seen)) / (2.0 * math.pi / N_RAYS)) % N_RAYS
        scan = memory.scan()
        assert scan.range_m[ray] == pytest.approx(abs(seen))
        assert np.isfinite(scan.age_s).sum() == 1
    assert memory.age_s[0] == pytest.approx(2.0)


def test_remembered_returns_lie_on_the_obstacles() -> None:
    """Comparison of all points after a drive with the surfaces of the world."""
    body, memory = CorridorBody(draw_scenario("novel", 8)), PointMemory()
    memory.update(body.ranges_m(), Motion())
    for k in range(12):
        x_m, y_m, yaw_rad = body.x_m, body.y_m, body.yaw_rad
        body.advance(0.6, 0.4 if k < 6 else -0.4)
        dx_m, dy_m = body.x_m - x_m, body.y_m - y_m
        cos, sin = math.cos(yaw_rad), math.sin(yaw_rad)
        motion = Motion(
            cos * dx_m + sin * dy_m, cos * dy_m - sin * dx_m, body.yaw_rad - yaw_rad, 0.1
        )
        range_m = NONE_FIRED.copy()
        rays = np.arange(k % 6, N_RAYS, 6)
        range_m[rays] = body.ranges_m(rays)
        memory.update(range_m, motion)
    assert len(memory.points_m) > 150
    x_m, y_m, cos, sin = body.x_m, body.y_m, math.cos(body.yaw_rad), math.sin(body.yaw_rad)
    n_surface = 0
    for forward_m, left_m in memory.points_m.tolist():
        body.x_m = x_m + cos * forward_m - sin * left_m
        body.y_m = y_m + sin * forward_m + cos * left_m
        n_surface += abs(body.measure_clearance_m() + 0.2) < 2e-3  # the rest had no return
    assert n_surface > 0.8 * len(memory.points_m)


def test_points_are_forgotten_by_age_and_number() -> None:
    memory = PointMemory(PointMemoryConfig(n_points=30, max_age_s=0.5))
    memory.update(one_ray(0, 1.0), Motion(dt_s=0.1))
    for k in range(5):
        memory.update(NONE_FIRED, Motion(dt_s=0.1))
        assert len(memory.points_m) == (1 if k < 5 else 0)
    memory.update(NONE_FIRED, Motion(dt_s=0.1))
    assert not len(memory.points_m)
    memory.update(np.full(N_RAYS, 2.0), Motion())
    assert len(memory.points_m) == 30
    with pytest.raises(ParameterError, match="n_points is 0"):
        PointMemoryConfig(n_points=0)


def test_a_scan_has_the_nearest_range_and_the_newest_age() -> None:
    memory = PointMemory()
    memory.update(one_ray(3, 1.0), Motion())
    memory.update(one_ray(3, 4.0), Motion(dt_s=0.1))
    scan = memory.scan()
    assert scan.range_m[3] == pytest.approx(1.0)
    assert scan.age_s[3] == 0.0
    assert scan.range_m[4] == REACH_M
    assert scan.age_s[4] == np.inf


def test_gaps_are_filled_over_the_azimuth() -> None:
    known = np.zeros(N_RAYS, bool)
    known[[70, 2, 10]] = True
    range_m = np.zeros(N_RAYS)
    range_m[[70, 2, 10]] = 1.0, 5.0, 3.0
    between = filled(range_m, known)
    assert between[[71, 0, 1]] == pytest.approx([2.0, 3.0, 4.0])
    assert between[6] == pytest.approx(4.0)
    nearer = filled(range_m, known, "nearer")
    assert nearer[[71, 0, 1, 6, 30]].tolist() == [1.0, 1.0, 1.0, 3.0, 1.0]
    for gaps in ("interpolated", "nearer"):
        full = filled(range_m, np.ones(N_RAYS, bool), gaps)
        np.testing.assert_array_equal(full, range_m)
        empty = filled(range_m, np.zeros(N_RAYS, bool), gaps)
        np.testing.assert_array_equal(empty, REACH_M)
        np.testing.assert_array_equal(filled(range_m, known, gaps)[known], range_m[known])


def test_a_complete_scan_is_the_estimate() -> None:
    range_m = np.random.default_rng(1).uniform(0.3, 6.0, N_RAYS)
    for completion in (Interpolation(), Hold(), Remembered()):
        estimated = completion.update(range_m, Motion())
        np.testing.assert_allclose(estimated.range_m, range_m)
        np.testing.assert_array_equal(estimated.age_s, 0.0)


def test_hold_ignores_the_motion_and_memory_does_not() -> None:
    hold, memory = Hold(), Remembered()
    for completion in (hold, memory):
        completion.update(np.full(N_RAYS, 3.0), Motion())
    motion = Motion(dx_m=1.0, dt_s=0.1)
    assert hold.update(NONE_FIRED, motion).range_m[0] == 3.0
    assert memory.update(NONE_FIRED, motion).range_m[0] == pytest.approx(2.0)
