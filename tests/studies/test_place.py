"""Study of place recognition on a synthetic route: table, report data, invalid inputs."""

from __future__ import annotations

import dataclasses
import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snn_control.errors import ParameterError, SnnControlError, UnknownNameError
from snn_control.report import render_report
from snn_control.report.metric_names import METRICS
from snn_control.report.place_file import PLACE_FILE, check_place
from snn_control.studies import StudyResult, run_study
from snn_control.studies.place import KEYS, MAPS, METHODS, PARTS, Config, run
from snn_control.studies.support import place_data
from snn_control.studies.support.place_data import read_traverses
from snn_control.studies.support.place_report_data import (
    APART,
    EACH_KIND,
    LARGEST_MATRIX,
    Blocks,
    strip,
)
from snn_control.training.place.evaluation import Answers, QueryTraverse
from tests.controllers.place.route import other_season, route
from tests.needs import NEEDS_REPORT

N, LENGTHS = 200, (1, 5)
OWN = round(0.75 * N)


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    summer = route(N)
    path = tmp_path_factory.mktemp("images") / "route.npz"
    np.savez(path, summer=summer, winter=other_season(summer), some=np.arange(N) % 2 == 0)
    return path


def config(images: Path, **changes: Any) -> Config:
    settings = Config(
        seeds=1,
        reference=f"{images}:summer",
        query=f"{images}:winter",
        calibration=0.25,
        lengths=LENGTHS,
    )
    return dataclasses.replace(settings, **changes)


@pytest.fixture(scope="module")
def studied(images: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, StudyResult]:
    folder = tmp_path_factory.mktemp("run") / "place"
    return folder, run_study("place", config(images), folder)


@pytest.fixture(scope="module")
def arrays(studied: tuple[Path, StudyResult]) -> dict[str, np.ndarray]:
    with np.load(studied[0] / PLACE_FILE, allow_pickle=False) as file:
        return dict(file)


def test_rows_have_all_columns_and_plausible_values(studied: tuple[Path, StudyResult]) -> None:
    rows = studied[1].rows
    labels = {(row["method"], row["map"], row["sequence"]) for row in rows}
    expected = {
        (method, name, length)
        for method, name, length in itertools.product(METHODS, MAPS, LENGTHS)
        if (name, length) != (MAPS[-1], 1)
    }
    assert labels == expected
    assert len(rows) == len(labels)
    for row in rows:
        assert {*KEYS, *(f"{key}_ci95" for key in KEYS)} <= row.keys()
        assert 0.0 <= row["recall_at_1"] <= row["within_1"] <= row["within_2"] <= 1.0
        assert row["recall_at_1"] <= row["recall_at_5"] <= row["recall_at_10"]
        assert row["recall_at_full_precision"] <= row["auc_pr"] <= row["recall_at_1"]
        assert (row["auroc"] is not None) == (row["map"] == "own")
    place = {(row["map"], row["sequence"]): row for row in rows if row["method"] == "place"}
    assert place["own", 1]["recall_at_1"] > 0.9
    assert place["own", 1]["auroc"] > 0.9
    assert place["whole", 1]["map_bytes"] == 2 * N * 28 * 28
    spiking = place["whole", 1]
    assert spiking["synaptic_ops_per_decision"] == spiking["spikes_per_decision"] * N


def test_every_metric_has_a_name_and_a_column() -> None:
    assert set(KEYS) <= METRICS.keys()
    assert {column for part in PARTS for column in part.columns} == set(KEYS)


def test_report_data_agree_with_the_table(
    studied: tuple[Path, StudyResult], arrays: dict[str, np.ndarray]
) -> None:
    check_place(studied[0] / PLACE_FILE, arrays)
    for row in studied[1].rows:
        if row["map"] == "own":
            curve = f"{row['method']}:{row['sequence']}"
            recall, precision = arrays[f"recall:{curve}"], arrays[f"precision:{curve}"]
            assert recall[-1] == pytest.approx(row["recall_at_1"])
            assert np.trapezoid(precision, recall) == pytest.approx(row["auc_pr"], abs=1e-5)
    assert arrays["similarity"].shape == (2, OWN, OWN)
    assert arrays["similarity_length"].tolist() == list(LENGTHS)
    np.testing.assert_array_equal(arrays["similarity_place"], np.arange(N - OWN, N))
    np.testing.assert_array_equal(arrays["similarity_truth"], np.arange(N - OWN, N))
    best = arrays["similarity"].argmax(axis=2) == np.arange(OWN)
    assert (best.mean(axis=1) > 0.85).all()


def test_modules_win_their_expected_number(arrays: dict[str, np.ndarray]) -> None:
    np.testing.assert_array_equal(arrays["module_places"], [[50, 150], [149, 199]])
    np.testing.assert_allclose(arrays["module_due"], [2 / 3, 1 / 3])
    np.testing.assert_allclose(arrays["module_wins"].sum(axis=1), 1.0)
    np.testing.assert_allclose(arrays["module_wins"][1], arrays["module_due"], atol=0.05)
    assert np.abs(arrays["module_mean"][1]).max() < 0.2
    np.testing.assert_allclose(arrays["module_spread"][1], 1.0, atol=0.3)


def test_shown_images_belong_to_their_places(images: Path, arrays: dict[str, np.ndarray]) -> None:
    traverses = read_traverses(f"{images}:summer", f"{images}:winter", "")
    query, answer, truth = (arrays[f"strip_{name}"] for name in ("query", "answer", "truth"))
    assert 2 * EACH_KIND <= len(query) <= 3 * EACH_KIND
    queries = traverses.query.images[N - OWN :][query]
    expected = np.stack([queries, traverses.reference[answer], traverses.reference[truth]], axis=1)
    np.testing.assert_array_equal(arrays["strip_images"], expected)
    np.testing.assert_array_equal(truth, query + N - OWN)


def test_report_has_its_sections(studied: tuple[Path, StudyResult]) -> None:
    page = render_report(studied[0])
    for name in ("study", "precision-recall", "similarity", "queries", "modules", "provenance"):
        assert f'<section id="{name}"' in page
    assert "Map of the tested places" in page
    assert '<section id="response"' not in page


def test_run_folder_does_not_change_results(
    images: Path, studied: tuple[Path, StudyResult]
) -> None:
    bare = run(config(images, methods=("place",))).rows
    timed = {key for key in KEYS if key.endswith("_s")}
    with_file, without = (
        [{key: row[key] for key in row if key not in timed} for row in rows]
        for rows in (studied[1].rows[: len(bare)], bare)
    )
    assert with_file == without


def test_shown_queries_have_extreme_probabilities() -> None:
    n = 60
    zeros, numbers = np.zeros(n), np.arange(n)
    correct = numbers >= 20
    places = np.where(correct, numbers, 0)
    answers = Answers(places, np.where(correct, 0, 9), places, zeros, numbers / n, zeros,
                      numbers > 30, zeros, places)  # fmt: skip
    images = np.repeat(np.arange(n, dtype=np.uint8), 300 * 2).reshape(n, 2, 300)
    result = strip(images, QueryTraverse(images, numbers, zeros), answers, 1)
    assert result["strip_query"].tolist() == [59, 49, 39, 29, 20, 30, 40, 50, 19, 9, 18, 17]
    assert result["strip_images"].shape == (12, 3, 1, 100)
    assert result["strip_images"][8, :, 0, 0].tolist() == [19, 0, 19]
    assert APART == 10


def test_large_matrices_keep_the_maximum_of_each_block() -> None:
    n = 2 * LARGEST_MATRIX + 1
    blocks, rng = Blocks(n, n), np.random.default_rng(0)
    scores = rng.random((n, n))
    scores[n - 1, 4] = 5.0
    for k, row in enumerate(scores):
        blocks.add(k, row)
    assert blocks.matrix.shape == (201, 201)
    assert blocks.matrix[0, 0] == scores[:3, :3].max()
    matrix, (low, high) = blocks.as_bytes()
    assert (matrix[200, 1], high) == (255, 5.0)
    np.testing.assert_allclose(low + (high - low) * matrix / 255, blocks.matrix, atol=0.01)


def test_traverses_show_the_same_places(images: Path) -> None:
    traverses = read_traverses(f"{images}:summer", f"{images}:winter", f"{images}:some")
    assert len(traverses.reference) == len(traverses.query.images) == N // 2
    np.testing.assert_array_equal(traverses.query.places, np.arange(N // 2))
    with np.load(images) as file:
        np.testing.assert_array_equal(traverses.query.images[3], file["winter"][6])


def test_rendered_traverses_show_each_place_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place_data, "_LENGTH_M", 60.0)
    traverses = read_traverses("", "", "")
    assert len(traverses.reference) == len(traverses.query.images)
    np.testing.assert_array_equal(traverses.query.places, np.arange(len(traverses.reference)))
    assert traverses.reference.dtype == traverses.query.images.dtype == np.uint8


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"reference": "a.npz:x"}, "both"),
        ({"methods": ("plaice",)}, "Did you mean: `place`"),
        ({"methods": ()}, "at least one method"),
        ({"lengths": (0,)}, "length 0; expected 1 to"),
        ({"calibration": 1.0}, "calibration is 1"),
    ],
)
def test_invalid_settings_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(SnnControlError, match=message):
        Config(**wrong)


def test_invalid_inputs_are_refused(images: Path, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean: `winter`"):
        run(config(images, query=f"{images}:wintr"))
    np.savez(tmp_path / "few.npz", few=np.zeros((5, 4, 4), np.uint8))
    with pytest.raises(ParameterError, match=r"200 images in .*, 5 in"):
        run(config(images, query=f"{tmp_path / 'few.npz'}:few"))
    with pytest.raises(ParameterError, match=r"select .*summer.* is uint8"):
        run(config(images, select=f"{images}:summer"))
    with pytest.raises(ParameterError, match=r"cannot be read as FILE\.npz:ARRAY"):
        run(config(images, select=f"{images}:none"))
    (tmp_path / "cut.npz").write_bytes(images.read_bytes()[:-100])
    np.save(tmp_path / "bare.npy", np.ones(N, bool))
    for source in ("cut.npz:some", "bare.npy:some"):
        with pytest.raises(ParameterError, match=r"cannot be read as FILE\.npz:ARRAY"):
            run(config(images, select=f"{tmp_path / source}"))
    with pytest.raises(ParameterError, match="is not a folder"):
        run(config(images, reference=str(tmp_path / "nowhere")))
    with pytest.raises(ParameterError, match="expected at least 40"):
        run(config(images, calibration=0.05))


DARK = {"summer": (3, 4, 120), "winter": (7, 90)}
"""Indices of dark images."""


@pytest.fixture(scope="module")
def dark(images: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders of images of which some are dark, beside a hidden file."""
    pillow = pytest.importorskip("PIL.Image", reason=NEEDS_REPORT)
    folder = tmp_path_factory.mktemp("dark")
    with np.load(images) as file:
        for name, dark_frames in DARK.items():
            (folder / name).mkdir()
            for k, image in enumerate(file[name]):
                shown = np.zeros_like(image) if k in dark_frames else image
                pillow.fromarray(shown).save(folder / name / f"frame_{k}.png")
            (folder / name / ".DS_Store").touch()
    return folder


def dark_config(dark: Path, **changes: Any) -> Config:
    sources = {"reference": str(dark / "summer"), "query": str(dark / "winter")}
    return config(dark, **sources, methods=("place", "sad"), **changes)


def test_dark_frames_are_refused_all_at_once(dark: Path) -> None:
    with pytest.raises(ParameterError) as caught:
        run(dark_config(dark))
    message = str(caught.value)
    assert "reference 3 to 4, 120 (frame_3.png, frame_4.png, frame_120.png)" in message
    assert "query 7, 90 (frame_7.png, frame_90.png)" in message
    assert "--skip-blank" in message


def test_skipped_frames_are_listed_and_the_ground_truth_stays(
    dark: Path, images: Path, tmp_path: Path
) -> None:
    lines: list[str] = []
    settings = dark_config(dark, skip_blank=True)
    result = run_study("place", settings, tmp_path / "run", progress=lines.append)
    expected = [(name, k) for name, source in (("reference", "summer"), ("query", "winter"))
                for k in DARK[source]]  # fmt: skip
    assert [(each["traverse"], each["frame"]) for each in result.skipped] == expected
    assert {each["reason"] for each in result.skipped} == {"the image is black"}
    document = json.loads((tmp_path / "run" / "study.json").read_text())
    assert document["skipped"] == [dict(each) for each in result.skipped]
    assert any(".DS_Store" in note for note in document["notes"])
    assert any("frame_9.png before frame_10.png" in note for note in document["notes"])
    assert set(document["notes"]) <= set(lines)
    assert "query 7, 90 (frame_7.png, frame_90.png)" in result.summary
    # The same places without any file of a dark one, selected by hand.
    usable = ~np.isin(np.arange(N), [k for frames in DARK.values() for k in frames])
    with np.load(images) as file:
        np.savez(tmp_path / "usable.npz", **file, usable=usable)
    plain = run(config(tmp_path / "usable.npz", methods=("place", "sad"),
                       select=f"{tmp_path / 'usable.npz'}:usable"))  # fmt: skip
    for one, other in zip(result.rows, plain.rows, strict=True):
        same = {key: value for key, value in one.items() if "_s" not in key}
        assert same == {key: value for key, value in other.items() if "_s" not in key}


def test_dark_queries_that_are_only_tested_count_as_unknown(images: Path, tmp_path: Path) -> None:
    with np.load(images) as file:
        arrays = dict(file)
    arrays["winter"][100] = 0
    np.savez(tmp_path / "one.npz", **arrays)
    result = run(config(tmp_path / "one.npz", methods=("sad",)))
    assert result.skipped == []
