"""Study of the recalibration of places on a synthetic route in a storm."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snn_control.errors import ParameterError
from snn_control.studies.adaptation import place_recalibration as study
from tests.controllers.place.route import other_season, route

N, SEEDS = 200, 3


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("route") / "storm.npz"
    by_day = route(N * SEEDS)
    np.savez(path, day=by_day, storm=other_season(by_day, strength=4.0))
    return path


def config(file: Path, **settings: Any) -> study.Config:
    own: dict[str, Any] = {
        "seeds": SEEDS, "stretch": N, "reference": f"{file}:day", "query": f"{file}:storm",
    }  # fmt: skip
    return study.Config(**own | settings)


def test_recalibration_lowers_the_error_at_the_same_recall(file: Path) -> None:
    lines: list[str] = []
    result = study.run(config(file), progress=lines.append)
    assert len(lines) == SEEDS
    rows = {row["method"]: row for row in result.rows}
    assert set(rows) == set(study.METHODS)
    before, after, limit = (rows[method] for method in study.METHODS)
    assert before["within_1"] == after["within_1"] == limit["within_1"]
    assert before["labels"] == before["versions"] == 0.0
    assert after["labels"] > 20.0
    assert after["wrong_labels"] < 0.02 * after["labels"]
    for row in (after, limit):
        assert row["calibration_error"] < 0.5 * before["calibration_error"]
        assert abs(row["overconfidence"]) < 0.5 * abs(before["overconfidence"])
        assert row["log_loss"] < before["log_loss"]
    for row in result.rows:
        own = row["mean_probability"] - row["within_1"]
        assert row["overconfidence"] == pytest.approx(own)
        assert {*study.KEYS, *(f"{key}_ci95" for key in study.KEYS)} <= row.keys()
    assert study.run(config(file)).rows == result.rows


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"reference": ""}, "both"),
        ({"reference": "", "query": "", "first_seed": 98}, "chose the limits"),
        ({"conditions": ("dusk", "dusk")}, "each once"),
        ({"stretch": 49}, "at least 50"),
    ],
)
def test_settings_that_cannot_be_used(file: Path, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        config(file, **settings)


def test_more_stretches_than_images_are_refused(file: Path) -> None:
    with pytest.raises(ParameterError, match="fewer seeds"):
        study.run(config(file, seeds=1, stretch=N * SEEDS + 1))
