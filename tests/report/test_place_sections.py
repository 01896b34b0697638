"""Report sections on place recognition, from a small eval/place.npz with known numbers."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

from snn_control.errors import RunError
from snn_control.report import build_report, inputs, render_report
from snn_control.report.png import png
from snn_control.report.sections import modules, precision_recall, queries, similarity
from snn_control.report.study_file import part_tables
from snn_control.runs.checksums import pack_arrays
from tests.needs import NEEDS_REPORT
from tests.report.run_folder import bare_run

Arrays = dict[str, np.ndarray]
PLACE = {"precision-recall", "similarity", "queries", "modules"}
"""Sections on place recognition."""


def recognition() -> Arrays:
    """Return the results of four queries on a map of places 10 to 15."""
    rng = np.random.default_rng(0)
    return {
        "precision:place:1": np.array([1.0, 1.0, 0.5]),
        "recall:place:1": np.array([0.0, 0.25, 0.5]),
        "precision:sad:1": np.array([1.0, 0.5]),
        "recall:sad:1": np.array([0.0, 0.5]),
        "precision:place:5": np.array([1.0, 1.0]),
        "recall:place:5": np.array([0.0, 1.0]),
        "similarity": rng.integers(0, 256, (2, 4, 6)).astype(np.uint8),
        "similarity_length": np.array([1, 5]),
        "similarity_range": np.array([[-1.0, 9.0], [-5.0, 40.0]]),
        "similarity_query": np.arange(4),
        "similarity_place": np.arange(10, 16),
        "similarity_truth": np.array([10, 11, 13, 15]),
        "similarity_block": np.array([1, 1]),
        "strip_images": rng.integers(0, 256, (3, 3, 4, 8)).astype(np.uint8),
        "strip_query": np.array([0, 1, 3]),
        "strip_answer": np.array([10, 11, 14]),
        "strip_truth": np.array([10, 11, 15]),
        "strip_probability": np.array([0.99, 0.2, 0.875]),
        "strip_known": np.array([True, False, True]),
        "strip_length": np.array(1),
        "module_places": np.array([[10, 13], [12, 15]]),
        "module_mean": np.array([[0.1, 0.3], [0.0, 0.0]]),
        "module_spread": np.array([[0.2, 0.6], [1.0, 1.1]]),
        "module_wins": np.array([[0.25, 0.75], [0.5, 0.5]]),
        "module_due": np.array([0.5, 0.5]),
    }


def write(folder: Path, arrays: Arrays) -> Path:
    if not folder.exists():
        bare_run(folder).close()
    (folder / "eval").mkdir(exist_ok=True)
    (folder / "eval" / "place.npz").write_bytes(pack_arrays(arrays))
    return folder


@pytest.fixture
def report_inputs(tmp_path: Path) -> inputs.ReportInputs:
    return inputs.read(write(tmp_path / "run", recognition()))


def test_one_panel_of_curves_per_length(report_inputs: inputs.ReportInputs) -> None:
    section = precision_recall.make(report_inputs)
    figure = section.figures[0].figure
    assert [trace.name for trace in figure.data] == ["place", "place", "sad"]
    np.testing.assert_array_equal(figure.data[2].x, [0.0, 0.5])
    np.testing.assert_array_equal(figure.data[0].y, [1.0, 1.0, 0.5])
    assert [note.text for note in figure.layout.annotations] == ["one frame", "5 frames"]
    assert sum(trace.showlegend for trace in figure.data) == 2
    assert "place, sad after one frame, 5 frames" in section.figures[0].label


def test_matrices_have_vertical_places_and_separate_scales(
    report_inputs: inputs.ReportInputs,
) -> None:
    figure = similarity.make(report_inputs).figures[0].figure
    heatmaps = [trace for trace in figure.data if trace.type == "heatmap"]
    lines = [trace for trace in figure.data if trace.type == "scatter"]
    assert len(heatmaps) == 2
    np.testing.assert_array_equal(heatmaps[1].z, report_inputs.place["similarity"][1].T)
    bar = heatmaps[0].colorbar
    np.testing.assert_allclose(
        np.array(bar.tickvals) / 25.5 - 1.0, [float(text) for text in bar.ticktext]
    )
    middle = (np.array(lines[0].y) + np.array(lines[1].y)) / 2
    np.testing.assert_array_equal(middle, report_inputs.place["similarity_truth"])
    stops = [stop for stop, _ in heatmaps[0].colorscale]
    assert stops == sorted(stops)


def test_cards_are_marked_and_captioned(report_inputs: inputs.ReportInputs) -> None:
    section = queries.make(report_inputs)
    surest, unsure, wrong = (gallery.cards[0] for gallery in section.galleries)
    assert (surest.mark, surest.caption) == ("ahead", "correct, probability 0.990, known")
    assert (unsure.mark, unsure.caption) == ("ahead", "correct, probability 0.200, unknown")
    assert (wrong.mark, wrong.caption) == ("behind", "1 place off, probability 0.875, known")
    labels = [image.label for image in wrong.images]
    assert labels == ["query 3", "answer: place 14", "truth: place 15"]
    assert [image.label for image in surest.images] == ["query 0", "answer and truth: place 10"]
    assert wrong.images[2].png == png(report_inputs.place["strip_images"][2, 2])


def test_modules_before_and_after(report_inputs: inputs.ReportInputs) -> None:
    section = modules.make(report_inputs)
    figure = section.figures[0].figure
    assert modules.excess(report_inputs.place) == (0.25, 0.0)
    assert "25 % of the queries before homeostasis and 0 % after" in section.lead
    before, after, *bars, due = figure.data
    np.testing.assert_array_equal(before.y, [0.1, 0.3])
    np.testing.assert_array_equal(after.error_y.array, [1.0, 1.1])
    np.testing.assert_array_equal(bars[0].y, [25.0, 75.0])
    assert list(before.text) == ["10 to 12", "13 to 15"]
    assert list(due.y[:2]) == [50.0, 50.0]


def test_the_page_has_ordered_sections_and_embedded_images(tmp_path: Path) -> None:
    page = build_report(write(tmp_path / "run", recognition())).read_text("utf-8")
    at = [page.index(f'<section id="{name}"') for name in
          ("precision-recall", "similarity", "queries", "modules", "provenance")]  # fmt: skip
    assert at == sorted(at)
    assert page.count('<img src="data:image/png;base64,') == 7
    assert page.count("<img ") == 7
    assert 'alt="truth: place 15"' in page


def test_a_run_without_the_file_has_no_sections(tmp_path: Path) -> None:
    bare_run(tmp_path / "run").close()
    page = render_report(tmp_path / "run")
    assert not [name for name in PLACE if f'id="{name}"' in page]
    assert 'id="response"' in page


def test_a_missing_group_has_no_section(tmp_path: Path) -> None:
    curves = {key: value for key, value in recognition().items() if ":" in key}
    page = render_report(write(tmp_path / "run", curves))
    assert 'id="precision-recall"' in page
    assert not [n for n in PLACE - {"precision-recall"} if f'id="{n}"' in page]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"module_due": None}, "lacks module_due"),
        ({"recall:sad:1": None}, "precision:sad:1 has no recall:sad:1"),
        ({"recall:sad:1": np.zeros(3)}, "have different lengths"),
        ({"similarity": np.zeros((2, 4, 6))}, "similarity is float64, expected uint8"),
        ({"similarity_truth": np.zeros(5)}, r"similarity_truth has shape \(5,\), expected \(4\)"),
        ({"strip_answer": np.array(["a", "b", "c"])}, "strip_answer: expected finite numbers"),
        ({"module_mean": np.full((2, 2), np.nan)}, "module_mean: expected finite numbers"),
    ],
)
def test_a_malformed_array_is_named(
    tmp_path: Path, change: dict[str, np.ndarray | None], message: str
) -> None:
    arrays = {k: v for k, v in (recognition() | change).items() if v is not None}
    folder = write(tmp_path / "run", arrays)
    with pytest.raises(RunError, match=message) as raised:
        render_report(folder)
    assert "place.npz" in str(raised.value)


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    folder = write(tmp_path / "run", recognition())
    (folder / "eval" / "place.npz").write_bytes(b"PK nothing")
    with pytest.raises(RunError, match=r"place\.npz"):
        render_report(folder)


def test_a_png_holds_the_image() -> None:
    image = np.arange(12, dtype=np.uint8).reshape(3, 4)
    data = png(image)
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", data[16:24]) == (4, 3)
    start = data.index(b"IDAT") + 4
    length = struct.unpack(">I", data[start - 8 : start - 4])[0]
    lines = np.frombuffer(zlib.decompress(data[start : start + length]), np.uint8).reshape(3, 5)
    np.testing.assert_array_equal(lines[:, 1:], image)
    imageio = pytest.importorskip("imageio.v3", reason=NEEDS_REPORT)
    np.testing.assert_array_equal(imageio.imread(data, extension=".png"), image)


def test_parts_of_a_table_omit_empty_columns() -> None:
    rows = [
        {"who": "a", "map": "own", "x": 1.0, "x_ci95": 0.5, "y": None, "query_s": None},
        {"who": "b", "map": "own", "x": 2.0, "x_ci95": None, "y": None, "query_s": 0.002},
        {"who": "b", "map": "all", "x": 3.0, "x_ci95": None, "y": 1.0, "query_s": None},
    ]
    labels = ("who",)
    own, timed, *others = part_tables(
        rows,
        [
            {"title": "Own", "labels": labels, "columns": ("x", "y"), "where": {"map": ("own",)}},
            {"title": "Times", "labels": labels, "columns": ("query_s",), "where": {}},
            {"title": "None", "labels": labels, "columns": ("y",), "where": {"who": ("a",)}},
        ],
    )
    assert (own.title, own.columns) == ("Own", ("who", "x"))
    assert own.rows == [("a", "1 ± 0.5"), ("b", "2")]
    assert (timed.columns, timed.rows) == (("who", "Query time, ms"), [("b", "2")])
    assert others == []
    (whole,) = part_tables(rows, ())
    assert len(whole.columns) == 5
