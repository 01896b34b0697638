"""Study of few rays with tiny settings: rows, pairing, order of the methods, executors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snn_control.controllers import load
from snn_control.envs.corridor.navigation import CorridorNav
from snn_control.errors import InterfaceMismatchError, ParameterError, UnknownNameError
from snn_control.loops.corridor.rays import N_RAYS
from snn_control.studies import rays
from snn_control.studies.support.ray_methods import FULL, METHODS, make_sensing
from snn_control.training.corridor.ray_predictor import PredictorConfig
from snn_control.training.corridor.sparse_episode import (
    hallucinated_free,
    scans,
    sparse_episode,
)
from snn_control.training.rollout import rollout

TINY = PredictorConfig(scan_episodes=1, width=2, updates=2)
UNLEARNED = ("interpolation", "memory, chosen rays")


def config(**settings: Any) -> rays.Config:
    own: dict[str, Any] = {"seeds": 1, "episodes": 2, "rays": (4,), "worlds": ("static",)}
    return rays.Config(**own | {"executor": "serial", "predictor": TINY} | settings)


def test_every_method_has_a_row_with_its_columns(tmp_path: Path) -> None:
    result = rays.run(config(), folder=tmp_path)
    assert [row["method"] for row in result.rows] == list(METHODS)
    for row in result.rows:
        assert {"rays", "world", "success", "hallucinated_free", "success_loss"} <= row.keys()
        assert {"success_ci95", "hallucinated_free_ci95", "seeds", "episodes"} <= row.keys()
        assert row["rays"] == (N_RAYS if row["method"] == FULL else 4)
    assert result.rows[0]["success"] == 1.0
    assert result.rows[0]["hallucinated_free"] == 0.0
    assert len([*tmp_path.glob("predictor-*-0.npz")]) == 2


def test_figures_name_the_world_and_distinguish_all_methods() -> None:
    worlds = ("static", "moving")
    result = rays.run(config(episodes=1, duration_s=2.0, worlds=worlds))
    titles = [f"{name}, world {w}" for name in ("Success", "Hallucinated free") for w in worlds]
    assert [figure["title"] for figure in result.figures] == titles
    for figure in result.figures:
        assert figure["layout"]["xaxis"]["ticktext"] == ["4", "72"]
        lines = [(k % 8, trace["line"]["dash"]) for k, trace in enumerate(figure["data"])]
        assert len(set(lines)) == len(METHODS)


def test_memory_with_chosen_rays_is_better_than_interpolation() -> None:
    result = rays.run(config(episodes=6, methods=UNLEARNED))
    _, interpolated, remembered = result.rows
    assert remembered["success"] > interpolated["success"]
    assert remembered["hallucinated_free"] < 0.5 * interpolated["hallucinated_free"]
    assert interpolated["success_loss"] == pytest.approx(1.0 - interpolated["success"])


def test_processes_and_serial_runs_are_equal() -> None:
    serial, parallel = (
        rays.run(config(methods=UNLEARNED, executor=executor))
        for executor in ("serial", "processes")
    )
    assert serial.rows == parallel.rows


def test_all_rays_give_the_episode_of_the_plain_environment() -> None:
    sparse = CorridorNav("novel", ray_choice=True)
    episode = sparse_episode(sparse, load("gap"), make_sensing(FULL, N_RAYS, {}), 12)
    plain = rollout(load("gap"), CorridorNav("novel"), seed=12)
    assert episode.metrics == {k: v for k, v in plain.metrics.items() if k in episode.metrics}
    assert episode.hallucinated_scans == 0
    assert episode.near_scans > 0


def test_hallucinations_are_near_ahead_and_far_off() -> None:
    true_m = np.full(N_RAYS, 3.0)
    assert hallucinated_free(true_m, true_m) is None
    true_m[2] = 0.9
    for estimated, expected in ((0.9, False), (1.39, False), (1.41, True)):
        estimated_m = true_m.copy()
        estimated_m[2] = estimated
        assert hallucinated_free(true_m, estimated_m) is expected
    behind = np.full(N_RAYS, 3.0)
    behind[20] = 0.5
    assert hallucinated_free(behind, np.full(N_RAYS, 3.0)) is None


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ({"methods": ("memory",)}, UnknownNameError, "method"),
        ({"worlds": ("statik",)}, UnknownNameError, "`static`"),
        ({"rays": (0,)}, ParameterError, "rays is"),
        ({"executor": "process"}, UnknownNameError, "`processes`"),
    ],
)
def test_wrong_settings_are_refused(
    wrong: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        config(**wrong)


def test_names_with_commas_are_listed_in_quotes() -> None:
    with pytest.raises(UnknownNameError, match="Known: `full`, `hold, round robin`, "):
        config(methods=("zzz",))


def test_the_summary_tells_of_trained_predictors_only() -> None:
    assert "Predictors" not in rays.run(config(methods=UNLEARNED)).summary


def test_a_controller_of_another_vehicle_is_refused() -> None:
    with pytest.raises(InterfaceMismatchError, match="such as gap"):
        rays.run(config(controller="pid"), progress=pytest.fail)
    env = CorridorNav("static", ray_choice=True)
    with pytest.raises(InterfaceMismatchError, match="height_error_m"):
        next(scans(env, load("pid"), make_sensing(FULL, N_RAYS, {}), 1))
