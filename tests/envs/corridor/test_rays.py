"""Rays, clearances and movements against closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest

from snn_control.envs.corridor.body import LAG_S, REACH_M, YIELD_M, CorridorBody, ray_angles
from snn_control.envs.corridor.mjcf import ROBOT_RADIUS_M
from snn_control.envs.corridor.scenario import N_RAYS, Scenario, draw_scenario
from snn_control.envs.corridor.worlds import HALF_WIDTH_M, WORLDS, Obstacles


def scene(*shapes, mover_m=None, y_m=0.0, yaw_rad=0.0) -> CorridorBody:
    """Return a body among shapes (x, y, yaw, half_x, half_y, radius)."""
    rows = np.array(shapes, float).reshape(-1, 6)
    mover_m = np.zeros((101, 0, 2)) if mover_m is None else mover_m
    obstacles = Obstacles(rows[:, :2], rows[:, 2], rows[:, 3:5], rows[:, 5], mover_m)
    noise = np.zeros((21, N_RAYS))
    return CorridorBody(Scenario(0, "static", obstacles, y_m, yaw_rad, 1.0, 0.0, noise))


FAR = (18.0, 0.0, 0.0, 0.0, 0.0, 0.1)


@pytest.mark.parametrize(("y_m", "yaw_rad"), [(0.0, 0.0), (0.4, 0.3), (-0.9, -2.0)])
def test_ranges_of_the_walls(y_m: float, yaw_rad: float) -> None:
    range_m = scene(FAR, y_m=y_m, yaw_rad=yaw_rad).ranges_m()
    sines = np.sin(ray_angles() + yaw_rad)
    with np.errstate(divide="ignore"):
        to_wall = np.where(sines > 0.0, HALF_WIDTH_M - y_m, HALF_WIDTH_M + y_m) / np.abs(sines)
    np.testing.assert_allclose(range_m, np.minimum(to_wall, REACH_M), atol=1e-9)
    assert (range_m == REACH_M).any()  # no return along the corridor


def test_ranges_of_a_cylinder_and_a_board() -> None:
    x_m, y_m, radius_m = 1.5, 0.2, 0.25
    range_m = scene((x_m, y_m, 0.0, 0.0, 0.0, radius_m)).ranges_m()
    for k in (0, 1, 2, 71, 70):
        angle = ray_angles()[k]
        along = x_m * math.cos(angle) + y_m * math.sin(angle)
        aside = x_m * math.sin(angle) - y_m * math.cos(angle)
        if abs(aside) < radius_m:
            expected = along - math.sqrt(radius_m**2 - aside**2)
            assert range_m[k] == pytest.approx(expected, abs=1e-9)
    assert range_m[0] < 1.4
    # The middle line of a thin board through (2, 0), turned by 0.5 rad.
    turn, half_width = 0.5, 1e-6
    range_m = scene((2.0, 0.0, turn, 0.6, half_width, 0.0)).ranges_m()
    angle = ray_angles()[1]
    expected = 2.0 * math.sin(turn) / math.sin(turn - angle)
    assert range_m[1] == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("world", WORLDS)
def test_rays_end_where_the_closed_form_has_no_clearance(world: str) -> None:
    """Rays come from MuJoCo, clearances from a closed form: both are of the same geometry."""
    for seed in range(3):
        body = CorridorBody(draw_scenario(world, seed))
        for _ in range(8):
            body.advance(0.8, 0.3)
        range_m, yaw_rad = body.ranges_m(), body.yaw_rad
        x_m, y_m = body.x_m, body.y_m
        for angle, distance in zip(ray_angles() + yaw_rad, range_m, strict=True):
            for fraction in (0.3, 0.7, 1.0):
                reach = fraction * distance
                body.x_m = x_m + reach * math.cos(angle)
                body.y_m = y_m + reach * math.sin(angle)
                clear_m = body.measure_clearance_m() + ROBOT_RADIUS_M
                if fraction < 1.0:
                    assert clear_m > 0.0
                elif distance < REACH_M:
                    assert clear_m == pytest.approx(0.0, abs=1e-3)
        body.x_m, body.y_m = x_m, y_m


def test_chosen_rays_equal_those_of_the_full_scan() -> None:
    body = CorridorBody(draw_scenario("novel-moving", 4))
    rays = np.array([0, 5, 17, 71])
    np.testing.assert_array_equal(body.ranges_m(rays), body.ranges_m()[rays])
    assert body.ranges_m(np.array([], np.intp)).shape == (0,)


def test_clearance_of_shapes() -> None:
    body = scene((1.0, 0.0, 0.0, 0.0, 0.0, 0.3), y_m=0.0)
    assert body.measure_clearance_m() == pytest.approx(1.0 - 0.3 - ROBOT_RADIUS_M)
    corner = scene((1.0, 1.0, 0.0, 0.4, 0.7, 0.0), y_m=0.0)
    assert corner.measure_clearance_m() == pytest.approx(math.hypot(0.6, 0.3) - ROBOT_RADIUS_M)
    assert scene(FAR, y_m=1.0).measure_clearance_m() == pytest.approx(0.25 - ROBOT_RADIUS_M)


def test_speed_follows_its_command_with_a_lag() -> None:
    body = scene(FAR)
    for _ in range(3):
        body.advance(0.5, 0.0)
    assert body.speed_m_s == pytest.approx(0.5 * -math.expm1(-0.3 / LAG_S))
    exact_m = 0.5 * (0.3 - LAG_S * -math.expm1(-0.3 / LAG_S))
    assert body.x_m == pytest.approx(exact_m, abs=0.006)


def test_a_circle_closes() -> None:
    body = scene(FAR)
    body.speed_m_s, body.turn_rate_rad_s = 0.4, 1.0
    for _ in range(round(2.0 * math.pi / 0.1)):
        body.advance(0.4, 1.0)
    assert math.hypot(body.x_m, body.y_m) < 0.02
    assert body.yaw_rad == pytest.approx(2.0 * math.pi, abs=0.05)


def test_robot_stops_at_a_collision() -> None:
    body = scene((0.6, 0.0, 0.0, 0.0, 0.0, 0.2))
    clearances = [body.advance(0.8, 0.0) for _ in range(6)]
    first = next(k for k, clearance_m in enumerate(clearances) if clearance_m < 0.0)
    assert first > 0
    assert -0.8 * 0.02 <= clearances[first] < 0.0


def test_a_mover_waits_for_the_robot_in_its_way() -> None:
    path = np.stack([1.0 - 0.02 * np.arange(101), np.zeros(101)], axis=1)[:, None]  # 1 m/s
    body = scene(FAR, (1.0, 0.0, 0.0, 0.0, 0.0, 0.1), mover_m=path)
    for _ in range(15):
        assert body.advance(0.0, 0.0) > 0.0
    rim_m = float(body.mover_m[0, 0]) - 0.1 - ROBOT_RADIUS_M
    assert YIELD_M - 0.0201 <= rim_m <= YIELD_M
    assert body.ranges_m()[0] == pytest.approx(body.mover_m[0, 0] - 0.1)
    aside = scene(FAR, (1.0, 0.0, 0.0, 0.0, 0.0, 0.1), mover_m=path, y_m=0.8)
    for _ in range(15):
        aside.advance(0.0, 0.0)
    assert aside.mover_m[0, 0] == pytest.approx(1.0 - 1.5)
