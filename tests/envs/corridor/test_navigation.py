"""Episodes of `CorridorNav-v0`: choice of rays, odometry, ends, worlds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from snn_control.controllers import load
from snn_control.envs import make
from snn_control.envs.corridor.navigation import NOT_FIRED_M
from snn_control.envs.corridor.scenario import N_RAYS, draw_scenario
from snn_control.envs.corridor.worlds import HALF_WIDTH_M, POLE_RADIUS_M, WORLDS
from snn_control.errors import ParameterError, UnknownNameError
from snn_control.training.rollout import rollout
from tests.needs import NEEDS_RENDERER

AHEAD = np.array([0.8, 0.0])


def plain(world: str = "static", **options: Any) -> Any:
    return make("CorridorNav-v0", world=world, **options).unwrapped


def test_only_the_chosen_rays_are_observed() -> None:
    full, chosen = plain(), plain(ray_choice=True)
    mask = np.zeros(N_RAYS)
    mask[[0, 3, 40]] = 1.0
    whole, _ = full.reset(seed=5)
    part, _ = chosen.reset(seed=5, options={"fire": mask})
    for _ in range(5):
        fired = mask > 0.5
        np.testing.assert_array_equal(part[:N_RAYS][fired], whole[:N_RAYS][fired])
        assert (part[:N_RAYS][~fired] == NOT_FIRED_M).all()
        np.testing.assert_array_equal(part[N_RAYS:], whole[N_RAYS:])
        mask = np.roll(mask, 1)
        whole, *_ = full.step(AHEAD)
        part, *_, info = chosen.step(np.concatenate([AHEAD, mask]))
        assert info["rays_fired"] == 3
    assert chosen.metrics()["rays_per_scan"] == 3.0


def test_without_a_mask_the_first_scan_has_no_ray() -> None:
    observation, info = plain(ray_choice=True).reset(seed=1)
    assert (observation[:N_RAYS] == NOT_FIRED_M).all()
    assert info["rays_fired"] == 0
    with pytest.raises(ParameterError, match="expected \\(72,\\)"):
        plain(ray_choice=True).reset(seed=1, options={"fire": np.ones(3)})


def test_exact_odometry_gives_the_pose() -> None:
    none = {"odometry_scale_sd": 0.0, "yaw_drift_sd_rad_s": 0.0, "range_noise_sd_m": 0.0}
    env = plain(errors=none)
    _, info = env.reset(seed=2)
    x_m, y_m, yaw_rad = info["x_m"], info["y_m"], info["yaw_rad"]
    for k in range(20):
        observation, *_, info = env.step(np.array([0.5, 1.0 if k % 4 < 2 else -1.0]))
        dx_m, dy_m, turn_rad, dt_s = observation[N_RAYS:]
        x_m += np.cos(yaw_rad) * dx_m - np.sin(yaw_rad) * dy_m
        y_m += np.sin(yaw_rad) * dx_m + np.cos(yaw_rad) * dy_m
        yaw_rad += turn_rad
        assert dt_s == 0.1
    assert (x_m, y_m, yaw_rad) == pytest.approx((info["x_m"], info["y_m"], info["yaw_rad"]))


def test_errors_have_the_stated_spread() -> None:
    drawn = [draw_scenario("static", seed) for seed in range(300)]
    assert np.std([s.odometry_scale for s in drawn]) == pytest.approx(0.02, rel=0.15)
    assert np.std([s.yaw_drift_rad_s for s in drawn]) == pytest.approx(0.01, rel=0.15)
    assert np.std([s.range_noise_m[0] for s in drawn]) == pytest.approx(0.01, rel=0.05)


def test_driving_straight_ends_in_a_collision() -> None:
    env = plain()
    env.reset(seed=3)
    terminated = False
    while not terminated:
        *_, terminated, _, info = env.step(AHEAD)
    metrics = env.metrics()
    assert info["collided"]
    assert not info["reached"]
    assert (metrics["collision"], metrics["success"], metrics["min_clearance_m"]) == (1.0, 0.0, 0.0)


def test_worlds_have_their_shapes() -> None:
    for world in WORLDS:
        obstacles = [draw_scenario(world, seed).obstacles for seed in range(20)]
        radii = np.concatenate([each.radius_m[: each.n_standing] for each in obstacles])
        n_movers = sum(each.mover_m.shape[1] for each in obstacles)
        assert (n_movers > 0) == world.endswith("moving")
        novel = (radii == 0.0) | (radii == POLE_RADIUS_M)
        assert (novel.all() and (radii == 0.0).any()) if "novel" in world else not novel.any()
        for each in obstacles:
            assert (np.abs(each.position_m[:, 1]) < HALF_WIDTH_M).all()
            gaps = np.diff(np.unique(np.round(each.position_m[: each.n_standing, 0], 9)))
            assert world == "moving" or ((gaps >= 1.1 - 1e-6) & (gaps <= 1.9)).all()


def test_movers_have_their_speeds() -> None:
    for world, low, high in (("moving", 0.1, 0.3), ("novel-moving", 1.0, 1.0)):
        paths = draw_scenario(world, 7).obstacles.mover_m
        speeds = np.hypot(*np.diff(paths, axis=0).transpose(2, 0, 1)) / 0.02
        median = np.median(speeds, axis=0)
        assert ((median > low - 1e-6) & (median < high + 1e-6)).all()
        assert (np.abs(paths[..., 1]) < HALF_WIDTH_M).all()


def test_preset_is_a_world_and_unknown_names_are_errors() -> None:
    assert plain(preset="novel").world == "novel"
    with pytest.raises(UnknownNameError, match="`moving`"):
        plain("movin")
    with pytest.raises(ParameterError, match="range_noise_sd_m"):
        plain(errors={"range_noise_sd_m": -1.0})


@pytest.mark.parametrize("world", WORLDS)
def test_gap_follower_with_all_rays_passes(world: str) -> None:
    env, controller = plain(world), load("gap")
    metrics = [rollout(controller, env, seed=seed).metrics for seed in range(20, 30)]
    assert np.mean([each["success"] for each in metrics]) >= 0.9
    assert max(each["collision"] for each in metrics) == 0.0


def test_frames_show_the_fired_rays() -> None:
    from snn_control.envs.route.body import can_draw

    if not can_draw():
        pytest.skip(NEEDS_RENDERER)
    frames = []
    for fire in (np.zeros(N_RAYS), np.ones(N_RAYS)):
        env = plain(ray_choice=True, render_mode="rgb_array", width=320, height=240)
        env.reset(seed=1, options={"fire": fire})
        frames.append(env.render())
        env.close()
    assert frames[0].shape == (240, 320, 3)
    assert (frames[0] != frames[1]).any(axis=2).mean() > 0.01
