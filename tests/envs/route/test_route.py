"""Route: determinism, appearance under the presets and exact ground truth."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from typing import Any

import gymnasium
import numpy as np
import pytest

import snn_control.envs as envs
from snn_control.envs.route.body import SUPERSAMPLING, RouteBody, can_draw
from snn_control.envs.route.conditions import PRESETS, Conditions, route_conditions
from snn_control.envs.route.drive import drive
from snn_control.envs.route.passes import Pass
from snn_control.envs.route.path import draw_path
from snn_control.envs.route.scenery import ROAD_HALF_M, draw_scenery
from snn_control.errors import ConfigError, ParameterError, UnknownNameError
from tests.needs import NEEDS_RENDERER
from tests.paths import ROOT

LENGTH_M = 120.0
drawn = pytest.mark.skipif(not can_draw(), reason=NEEDS_RENDERER)


@pytest.fixture(scope="module")
def passes() -> dict[str, Pass]:
    """One traverse of each preset, and `again`: a second traverse of `day`."""
    presets = {name: drive(name, seed=2, length_m=LENGTH_M) for name in PRESETS}
    return presets | {"again": drive("day", seed=3, length_m=LENGTH_M)}


def similarity(queries: Pass, references: Pass, patch: int = 8) -> np.ndarray:
    """Correlation of patch-normalised images, shape (queries, references)."""
    normalised = []
    for images in (queries.images, references.images):
        n, height, width = images.shape
        patches = images.reshape(n, height // patch, patch, width // patch, patch).astype(float)
        patches -= patches.mean(axis=(2, 4), keepdims=True)
        patches /= patches.std(axis=(2, 4), keepdims=True) + 1.0
        rows = patches.reshape(n, -1)
        normalised.append(rows / np.linalg.norm(rows, axis=1, keepdims=True))
    return normalised[0] @ normalised[1].T


@drawn
def test_equal_seeds_are_bitwise_equal_across_processes(passes: dict[str, Pass]) -> None:
    again = drive("stress", seed=2, length_m=LENGTH_M)
    for name in ("images", "places", "steps"):
        np.testing.assert_array_equal(getattr(again, name), getattr(passes["stress"], name))
    code = (
        "import hashlib; from snn_control.envs.route.drive import drive;"
        f"print(hashlib.sha256(drive('stress', seed=2, length_m={LENGTH_M}).images).hexdigest())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == hashlib.sha256(again.images).hexdigest()


@drawn
def test_frames_of_two_traverses_do_not_align(passes: dict[str, Pass]) -> None:
    one, two = passes["day"].places, passes["again"].places
    n = min(len(one), len(two))
    assert np.abs(one[:n] - two[:n]).max() > 0.05
    assert not np.array_equal(passes["day"].images[0], passes["again"].images[0])


@drawn
def test_images_are_neither_dark_nor_uniform(passes: dict[str, Pass]) -> None:
    for name, traverse in passes.items():
        assert traverse.images.mean(axis=(1, 2)).min() > 25.0, name
        assert traverse.images.std(axis=(1, 2)).min() > 10.0, name


@drawn
def test_presets_look_different(passes: dict[str, Pass]) -> None:
    for name in set(PRESETS) - {"day"}:
        n = min(len(passes[name]), len(passes["day"]))
        apart = np.abs(passes[name].images[:n].astype(float) - passes["day"].images[:n]).mean()
        assert apart > 10.0, name


@drawn
@pytest.mark.parametrize("name", ["dusk", "winter", "fog", "stress"])
def test_presets_show_the_same_places(name: str, passes: dict[str, Pass]) -> None:
    queries, references = passes[name], passes["day"]
    scores = similarity(queries, references)
    apart = np.abs(queries.places[:, None] - references.places)
    same = scores[np.arange(len(queries)), apart.argmin(axis=1)].mean()
    others = scores[apart > 3.0]
    assert same > others.mean() + 1.5 * others.std()
    assert same > 2.0 * others.mean()


@drawn
@pytest.mark.parametrize(
    ("name", "fraction"), [("again", 0.99), ("offset", 0.9), ("winter", 0.9), ("dusk", 0.8)]
)
def test_most_similar_image_shows_the_place(
    name: str, fraction: float, passes: dict[str, Pass]
) -> None:
    queries, references = passes[name], passes["day"]
    matched = references.places[similarity(queries, references).argmax(axis=1)]
    assert np.mean(np.abs(matched - queries.places) < 1.0) > fraction


@drawn
def test_odometry_agrees_with_the_ground_truth(passes: dict[str, Pass]) -> None:
    day, stress = passes["day"], passes["stress"]
    assert day.steps[0] == 0.0
    np.testing.assert_allclose(day.places[0] + np.cumsum(day.steps), day.places, atol=1e-9)
    assert day.places[-1] == LENGTH_M / 4.0
    np.testing.assert_array_equal(np.unique(day.place_index), np.arange(LENGTH_M / 4.0 + 1.0))
    # Full steps of 1 m with a spread of a tenth, 4 m per place.
    assert 0.9 / 4.0 <= day.steps[1:-1].min() < day.steps[1:-1].max() <= 1.1 / 4.0
    true = np.diff(stress.places)
    assert np.std(stress.steps[1:] / true - 1.0) == pytest.approx(0.1, rel=0.25)


@drawn
def test_environment_equals_drive(passes: dict[str, Pass]) -> None:
    expected = passes["stress"]
    env = envs.make("Route-v0", preset="stress", length_m=LENGTH_M)
    inner: Any = env.unwrapped
    observation, info = env.reset(seed=2)
    total, terminated, k = 0.0, False, 0
    while not terminated:
        np.testing.assert_array_equal(observation.reshape(inner.image_shape), expected.images[k])
        assert info["place"] == expected.place_index[k]
        assert info["place_position"] == expected.places[k] == info["arc_m"] / 4.0
        assert info["step_places"] == expected.steps[k]
        assert info["time_s"] == pytest.approx(0.1 * k)
        observation, reward, terminated, truncated, info = env.step(np.ones(1))
        total, k = total + float(reward), k + 1
        assert not truncated
    assert k == len(expected) - 1
    assert total == pytest.approx(expected.places[-1] - expected.places[0])
    metrics = inner.metrics()
    assert metrics["places"] == len(np.unique(expected.place_index))
    assert metrics["distance_m"] == pytest.approx(4.0 * total)
    assert metrics["mean_speed_m_s"] == pytest.approx(metrics["distance_m"] / (0.1 * k))
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step(np.ones(1))
    env.close()


@drawn
def test_action_is_a_fraction_of_the_full_speed() -> None:
    env = envs.make("Route-v0", length_m=LENGTH_M, conditions={"step_spread": 0.0}, n_ticks=5)
    _, info = env.reset(seed=0)
    start_m = info["arc_m"]
    for speed in (0.0, 0.5, 1.0, 0.25):
        info = env.step(np.array([speed]))[4]
    assert info["arc_m"] - start_m == pytest.approx(1.75)
    assert env.step(np.zeros(1))[3]
    with pytest.raises(ParameterError, match="one finite number"):
        env.unwrapped.step(np.array([np.nan]))
    env.close()


@drawn
def test_rendering_in_colour_and_close() -> None:
    env: Any = envs.make("Route-v0", render_mode="rgb_array", camera="chase", width=96, height=48)
    env.reset(seed=0)
    assert len(env.unwrapped.body._renderers) == 1
    frame = env.render()
    assert frame.shape == (48, 96, 3)
    assert frame.std() > 10.0
    env.close()
    assert env.unwrapped.body._renderers == {}


@drawn
def test_hidden_objects_do_not_change_the_image() -> None:
    """Compared with an image of all objects; only parts below one pixel are missing."""
    body = RouteBody(0, LENGTH_M, Conditions())
    for arc_m in (0.0, 40.0, 90.0):
        body.place(arc_m)
        culled = body.grey(64, 32)
        body._hide_invisible = lambda *_: body.model.geom_rgba.__setitem__((body._objects, 3), 1.0)
        complete = body.grey(64, 32)
        del body._hide_invisible
        assert np.mean(np.abs(culled.astype(int) - complete) > 8) < 0.02
    body.close()
    assert SUPERSAMPLING == 2


@pytest.mark.parametrize("route_seed", range(5))
def test_road_is_free_of_obstacles(route_seed: int) -> None:
    """No part below 3.5 m extends into the lane."""
    path = draw_path(route_seed, 300.0)
    for part in draw_scenery(path, route_seed):
        x_m, y_m, z_m = part.position_m
        mesh = part.shape in ("cone", "roof")
        bottom_m = z_m if mesh else z_m - part.size_m[2]
        flat = z_m + part.size_m[2] < 0.2
        if flat or bottom_m > 3.5:
            continue
        ahead, aside = np.cos(part.yaw_rad), np.sin(part.yaw_rad)
        for u in np.linspace(-1.0, 1.0, 9):
            for v in (-1.0, 0.0, 1.0):
                along, across = u * part.size_m[0], v * part.size_m[1]
                if part.shape not in ("box", "roof") and u * u + v * v > 1.0:
                    continue
                corner = (
                    x_m + ahead * along - aside * across,
                    y_m + aside * along + ahead * across,
                )
                assert path.distance_m(*corner) > 0.9 * ROAD_HALF_M, part


def test_path_length_pose_and_seed() -> None:
    path = draw_path(3, 300.0)
    inside = (path.arc_m >= 0.0) & (path.arc_m <= 300.0)
    legs = np.linalg.norm(np.diff(path.position_m[inside], axis=0), axis=1)
    assert legs.sum() == pytest.approx(300.0, abs=0.05)
    assert path.pose(0.0)[:2] == pytest.approx((0.0, 0.0))
    assert np.abs(path.heading_rad).max() < 0.5 * np.pi
    x_m, y_m, heading = path.pose(50.0, 2.0)
    assert path.distance_m(x_m, y_m) == pytest.approx(2.0, abs=0.01)
    on_x, on_y, _ = path.pose(50.0)
    assert np.cos(heading) * (y_m - on_y) > np.sin(heading) * (x_m - on_x)
    assert not np.array_equal(path.position_m, draw_path(4, 300.0).position_m)


def test_world_is_independent_of_conditions() -> None:
    day, winter = (RouteBody(1, 100.0, route_conditions(name)) for name in ("day", "winter"))
    np.testing.assert_array_equal(day.model.geom_pos, winter.model.geom_pos)
    np.testing.assert_array_equal(day.model.geom_size, winter.model.geom_size)
    assert not np.array_equal(day.model.geom_rgba, winter.model.geom_rgba)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"preset": "dask"}, UnknownNameError, "Did you mean: `dusk`"),
        ({"conditions": {"visibilty_m": 30.0}}, ConfigError, "visibility_m"),
        ({"conditions": {"season": "wintr"}}, ConfigError, "winter"),
        ({"conditions": {"visibility_m": 0.0}}, ParameterError, "expected 5"),
        ({"conditions": {"lateral_m": 9.0}}, ParameterError, "lateral_m is 9.0"),
        ({"conditions": {"sun_rgb": [2.0, 0.0, 0.0]}}, ParameterError, r"3 numbers in \[0, 1\]"),
        ({"conditions": {"noise_sd": float("nan")}}, ParameterError, "noise_sd"),
        ({"length_m": 10.0}, ParameterError, "50.0 to 2000.0"),
        ({"route_seed": -1}, ParameterError, "route_seed is -1"),
        ({"place_spacing_m": 0.0}, ParameterError, "place_spacing_m"),
        ({"image_width": 4}, ParameterError, "image_width is 4"),
    ],
)
def test_invalid_options_are_errors(
    options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        drive(**options)
    with pytest.raises(error, match=message):
        envs.make("Route-v0", **options)


def test_unknown_season_is_an_error() -> None:
    with pytest.raises(UnknownNameError, match="autumn"):
        Conditions(season="automn")  # type: ignore[arg-type]


def test_error_without_a_renderer_names_the_packages() -> None:
    code = (
        "import snn_control.envs as envs\n"
        "from snn_control.envs.route.body import can_draw\n"
        "from snn_control.errors import MissingExtraError\n"
        "env = envs.make('Route-v0', length_m=60.0)\n"
        "assert not can_draw()\n"
        "try:\n"
        "    env.reset(seed=0)\n"
        "except MissingExtraError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | {"MUJOCO_GL": "disable"},
    )
    assert done.returncode == 0, done.stderr
    assert "apt install libegl1" in done.stdout
