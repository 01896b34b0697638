"""Recorded images and event counts against known contents and manual counts."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import numpy as np
import pytest

from snn_control.envs.route.passes import Pass
from snn_control.envs.route.sources import (
    event_counts,
    images_from_folder,
    images_from_npz,
    resized,
)
from snn_control.errors import MissingExtraError, ParameterError, UnknownNameError
from tests.needs import NEEDS_REPORT


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (3, 8, 12), np.uint8)


def write(folder: Path, name: str, image: np.ndarray) -> None:
    pillow = pytest.importorskip("PIL.Image", reason=NEEDS_REPORT)
    pillow.fromarray(image).save(folder / name)


def test_folder_is_read_in_order_of_names(tmp_path: Path, images: np.ndarray) -> None:
    for k in (2, 0, 1):
        write(tmp_path, f"frame_{k}.png", images[k])
    (tmp_path / "notes.txt").touch()
    result = images_from_folder(tmp_path)
    np.testing.assert_array_equal(result.images, images)
    assert result.places.tolist() == [0.0, 1.0, 2.0]
    assert result.steps.tolist() == [0.0, 1.0, 1.0]


def test_colour_becomes_luma_and_sizes_are_averaged(tmp_path: Path) -> None:
    colour = np.zeros((4, 4, 3), np.uint8)
    colour[:2, :2], colour[:2, 2:], colour[2:, :2] = (255, 0, 0), (0, 255, 0), (0, 0, 255)
    write(tmp_path, "a.png", colour)
    expected = [[round(0.299 * 255), round(0.587 * 255)], [round(0.114 * 255), 0]]
    assert images_from_folder(tmp_path, (2, 2)).images[0].tolist() == expected


def test_resizing_weights_partial_pixels() -> None:
    row = np.array([[0, 90, 180]], np.uint8)
    assert resized(row, (1, 2)).tolist() == [[30, 150]]
    assert resized(row, (1, 3)).tolist() == row.tolist()
    assert resized(np.array([[10, 20]], np.uint8), (2, 4)).tolist() == [[10, 10, 20, 20]] * 2


def test_jpegs_are_read(tmp_path: Path) -> None:
    write(tmp_path, "a.JPG", np.full((16, 16), 100, np.uint8))
    assert images_from_folder(tmp_path).images == pytest.approx(100, abs=2)


def test_unusable_folders_are_errors(tmp_path: Path, images: np.ndarray) -> None:
    with pytest.raises(ParameterError, match="is not a folder"):
        images_from_folder(tmp_path / "none")
    with pytest.raises(ParameterError, match="no files that end in"):
        images_from_folder(tmp_path)
    write(tmp_path, "a.png", images[0])
    write(tmp_path, "b.png", images[1][:4])
    with pytest.raises(ParameterError, match="pass `size`"):
        images_from_folder(tmp_path)
    assert images_from_folder(tmp_path, (4, 6)).images.shape == (2, 4, 6)
    (tmp_path / "b.png").write_bytes(b"no picture")
    with pytest.raises(ParameterError, match=r"1 of 2 images cannot be read: b\.png"):
        images_from_folder(tmp_path)
    with pytest.raises(ParameterError, match="at least 1"):
        resized(images[0], (0, 4))


def test_error_without_pillow_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    with pytest.raises(MissingExtraError, match=r'pip install "snn_control\[report\]"'):
        images_from_folder(tmp_path)


def test_arrays_of_an_npz_file(tmp_path: Path, images: np.ndarray) -> None:
    path = tmp_path / "a.npz"
    colour = np.stack([images] * 3, axis=-1)
    np.savez(path, frames=images, colour=colour, flat=images[0], real=images / 255.0)
    result = images_from_npz(path, "frames")
    np.testing.assert_array_equal(result.images, images)
    np.testing.assert_array_equal(images_from_npz(path, "colour").images, images)
    with pytest.raises(UnknownNameError, match="Did you mean: `frames`"):
        images_from_npz(path, "frame")
    for key in ("flat", "real"):
        with pytest.raises(ParameterError, match="expected uint8 of shape"):
            images_from_npz(path, key)
    (tmp_path / "text.npz").write_text("no archive")
    (tmp_path / "cut.npz").write_bytes(path.read_bytes()[:200])
    packed = tmp_path / "packed.npz"
    np.savez_compressed(packed, frames=images)
    content = bytearray(packed.read_bytes())
    content[100:140] = bytes(40)
    (tmp_path / "damaged.npz").write_bytes(content)
    for name in ("damaged.npz", "none.npz", "text.npz", "cut.npz"):
        with pytest.raises(ParameterError, match="cannot be read"):
            images_from_npz(tmp_path / name, "frames")
    np.save(tmp_path / "bare.npy", images)
    with pytest.raises(ParameterError, match="one bare array"):
        images_from_npz(tmp_path / "bare.npy", "frames")


def test_event_counts_match_manual_counts() -> None:
    """ln(1 + I) of 0, 3, 15, 7, 255, in units of ln 2: 0, 2, 4, 3, 8."""
    images = np.array([0, 3, 15, 7, 255], np.uint8).reshape(5, 1, 1)
    counts = event_counts(images, math.log(2.0))
    assert counts.dtype == np.uint8
    assert counts.ravel().tolist() == [0, 2, 2, 1, 5]
    # Threshold of 1.5 units: levels 0, 1.33, 2.67, 2, 5.33; reference levels 0, 1, 2, 2, 5.
    assert event_counts(images, 1.5 * math.log(2.0)).ravel().tolist() == [0, 1, 1, 0, 3]


def test_slow_changes_add_up_and_counts_are_clipped() -> None:
    ramp = np.arange(100, 130, dtype=np.uint8).reshape(-1, 1, 1)
    step = math.log(131 / 101)
    assert event_counts(ramp, step / 3.5).sum() == 3
    jump = np.array([0, 255], np.uint8).reshape(2, 1, 1)
    assert event_counts(jump, 0.001).ravel().tolist() == [0, 255]


@pytest.mark.parametrize("threshold", [0.0, -1.0, math.nan])
def test_invalid_thresholds_are_errors(threshold: float, images: np.ndarray) -> None:
    with pytest.raises(ParameterError, match="threshold"):
        event_counts(images, threshold)


def test_arrays_of_unequal_length_are_errors(images: np.ndarray) -> None:
    with pytest.raises(ParameterError, match=r"places has shape \(2,\); expected \(3,\)"):
        Pass(images, np.zeros(2), np.zeros(3))
    with pytest.raises(ParameterError, match="expected uint8"):
        Pass(images / 2.0, np.zeros(3), np.zeros(3))  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="expected uint8"):
        event_counts(images[0], 0.2)
    assert repr(Pass(images, np.zeros(3), np.zeros(3))) == "Pass(3 images, 8 x 12)"
    assert Pass(images, np.array([0.2, 0.6, 1.4]), np.zeros(3)).place_index.tolist() == [0, 1, 1]
