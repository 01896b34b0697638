"""Image folders: order, skipped entries, pixel modes, orientation, broken and animated files."""

from __future__ import annotations

import io
import itertools
import os
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snn_control.envs.route.image_files import grey_levels, natural_key
from snn_control.envs.route.sources import images_from_folder
from snn_control.errors import ParameterError
from tests.needs import NEEDS_REPORT

Image = pytest.importorskip("PIL.Image", reason=NEEDS_REPORT)
RNG = np.random.default_rng(0)
SHAPE = (6, 9)
GREY = RNG.integers(0, 256, SHAPE, np.uint8)
COLOUR = RNG.integers(0, 256, (*SHAPE, 3), np.uint8)
ALPHA = RNG.integers(1, 256, SHAPE, np.uint8)
WIDE = RNG.integers(0, 65536, SHAPE, np.uint16)


def luma(colour: np.ndarray) -> np.ndarray:
    """Return the luma of Rec. 601, computed pixel by pixel."""
    flat = colour.reshape(-1, 3).astype(int).tolist()
    values = [round((299 * r + 587 * g + 114 * b) / 1000) for r, g, b in flat]
    return np.array(values).reshape(colour.shape[:-1])


def read(folder: Path) -> np.ndarray:
    """Return the single image of a folder."""
    [image] = images_from_folder(folder).images
    return image.astype(int)


def numbered(folder: Path, names: list[str]) -> None:
    """Write images whose grey level is their position in `names`."""
    for k, name in enumerate(names):
        Image.fromarray(np.full(SHAPE, k, np.uint8)).save(folder / name)


ORDERS = {
    "counters": ["frame_1.png", "frame_2.png", "frame_10.png", "frame_11.png"],
    "padded": ["images-00009.png", "images-00010.png", "images-00100.png"],
    "bag export": ["frame000000.jpg", "frame000001.jpg", "frame000010.jpg"],
    "stamps": ["1403636579.763555584.png", "1403636579.813555456.png", "1403636580.013555456.png"],
    "nanoseconds": ["999999999.png", "1000000000.png"],
    "two numbers": ["day2_9.png", "day2_10.png", "day10_1.png"],
    "bare first": ["frame.png", "frame1.png", "frame2.png"],
    "letters": ["a-1.png", "a.png", "a_1.png", "ab.png"],
}


@pytest.mark.parametrize("order", ORDERS)
def test_images_are_in_natural_order(order: str, tmp_path: Path) -> None:
    names = ORDERS[order]
    numbered(tmp_path, names)
    result = images_from_folder(tmp_path)
    assert result.names == tuple(names)
    np.testing.assert_allclose(result.images.mean(axis=(1, 2)), np.arange(len(names)), atol=0.5)
    differs = sorted(names) != names
    assert len(result.notes) == differs
    for note in result.notes:
        early, late = note.rpartition(" in natural order, ")[2].split(" before ")
        assert names.index(early) + 1 == names.index(late)
        assert early > late


def test_names_of_equal_digits_keep_their_alphabetical_order() -> None:
    parts = ["", ".", "-", "_", "a", "B", "07x", "10-", "é"]
    names = ["".join(each) + ".png" for each in itertools.product(parts, repeat=3)]
    assert sorted(names, key=natural_key) == sorted(names)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["a_1.png", "a_1.jpg"], r"a_1\.jpg and a_1\.png; keep one of each"),
        (["a_1.png", "A_1.png"], r"A_1\.png and a_1\.png"),
        (["a_1.png", "a_01.png", "a_2.png"], r"a_01\.png and a_1\.png"),
        (["12.25.png", "12.5.png"], r"12\.5\.png and 12\.25\.png is ambiguous"),
        (["0.9.png", "0.10.png"], r"0\.9\.png and 0\.10\.png is ambiguous"),
    ],
)
def test_ambiguous_names_are_refused(names: list[str], message: str, tmp_path: Path) -> None:
    numbered(tmp_path, names)
    with pytest.raises(ParameterError, match=message):
        images_from_folder(tmp_path)


def test_other_entries_are_skipped_and_listed(tmp_path: Path) -> None:
    numbered(tmp_path, ["a.png", "b.JPG"])
    for name in (".DS_Store", "._a.png", ".hidden.png", "Thumbs.db", "README.txt", "raw.npy"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "more.png").mkdir()
    os.mkfifo(tmp_path / "pipe.png")
    outside = tmp_path.with_name(tmp_path.name + "-outside.png")
    Image.fromarray(np.full(SHAPE, 2, np.uint8)).save(outside)
    (tmp_path / "c.png").symlink_to(outside)
    result = images_from_folder(tmp_path)
    assert result.names == ("a.png", "b.JPG", "c.png")
    assert result.images[2, 0, 0] == 2
    note, rare = result.notes
    assert rare == f"{tmp_path}: of another suffix than .png, but used: b.JPG"
    for name in (".DS_Store", "._a.png", ".hidden.png", "Thumbs.db", "README.txt", "raw.npy",
                 "more.png/", "pipe.png"):  # fmt: skip
        assert name in note


def test_broken_images_are_named_all_at_once(tmp_path: Path) -> None:
    numbered(tmp_path, ["a.png", "b.jpg", "c.png"])
    (tmp_path / "empty.png").touch()
    (tmp_path / "gone.png").symlink_to(tmp_path / "nowhere")
    for name in ("cut.png", "cut2.jpg", "cut3.webp", "cut4.tif"):
        Image.fromarray(RNG.integers(0, 256, (64, 64), np.uint8)).save(tmp_path / name)
        whole = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(ParameterError, match="7 of 10 images cannot be read") as caught:
        images_from_folder(tmp_path)
    for name in ("empty.png (the file is empty)", "gone.png", "cut.png", "cut2.jpg", "cut3.webp",
                 "cut4.tif", "text.png"):  # fmt: skip
        assert name in str(caught.value)


def palette(with_alpha: bool) -> Any:
    image = Image.fromarray(GREY % 8, "P")
    image.putpalette(COLOUR.reshape(-1, 3)[:8].ravel().tolist())
    if with_alpha:
        image.info["transparency"] = bytes(range(0, 256, 32))
    return image


def colours_of(indices: np.ndarray) -> np.ndarray:
    return COLOUR.reshape(-1, 3)[:8][indices % 8]


CMYK = np.dstack([COLOUR, ALPHA])
RIGHT = {
    "1": (Image.fromarray(GREY > 99), "png", np.where(GREY > 99, 255, 0)),
    "L": (Image.fromarray(GREY), "png", GREY),
    "LA": (Image.fromarray(np.dstack([GREY, ALPHA]), "LA"), "png", GREY),
    "P": (palette(False), "png", luma(colours_of(GREY))),
    "P with transparency": (palette(True), "png", luma(colours_of(GREY))),
    "P in a GIF": (palette(False), "gif", luma(colours_of(GREY))),
    "RGB": (Image.fromarray(COLOUR), "png", luma(COLOUR)),
    "RGBA": (Image.fromarray(np.dstack([COLOUR, ALPHA])), "png", luma(COLOUR)),
    "RGBX": (Image.fromarray(np.dstack([COLOUR, ALPHA]), "RGBX"), "tif", luma(COLOUR)),
    "RGB in a bitmap": (Image.fromarray(COLOUR), "bmp", luma(COLOUR)),
    "RGB in a PPM": (Image.fromarray(COLOUR), "ppm", luma(COLOUR)),
    "I;16": (Image.fromarray(WIDE), "png", WIDE // 256),
    "I;16 in a TIFF": (Image.fromarray(WIDE), "tif", WIDE // 256),
}


@pytest.mark.parametrize("mode", RIGHT)
def test_modes_become_grey_levels(mode: str, tmp_path: Path) -> None:
    image, suffix, expected = RIGHT[mode]
    image.save(tmp_path / f"a.{suffix}")
    np.testing.assert_array_equal(read(tmp_path), expected)


def test_modes_that_pillow_makes_of_others(tmp_path: Path) -> None:
    opaque = np.dstack([COLOUR, np.full(SHAPE, 255, np.uint8)])
    y, cb, cr = (np.array([[level]], np.uint8) for level in (150, 120, 140))
    hue = np.array([[[85, 255, 200]]], np.uint8)  # green
    for image, expected, tolerance in (
        (Image.fromarray(opaque).convert("RGBa"), luma(COLOUR), 0),
        (Image.fromarray(np.dstack([GREY, opaque[..., 3]]), "LA").convert("La"), GREY, 0),
        (palette(True).convert("PA"), luma(colours_of(GREY)), 0),
        (Image.fromarray(np.dstack([y, cb, cr]), "YCbCr"), 150, 1),
        (Image.fromarray(hue, "HSV"), round(0.587 * 200), 1),
    ):
        levels = grey_levels(image, "TIFF", {}).astype(int)
        np.testing.assert_allclose(levels, expected, atol=tolerance, err_msg=image.mode)


def tiff(pixels: bytes, photometric: int, samples: int, bits: int, order: str = "<") -> bytes:
    """Return a bare TIFF file of `SHAPE`, written field by field."""
    tags = [(256, SHAPE[1]), (257, SHAPE[0]), (258, bits), (259, 1), (262, photometric),
            (273, 8), (277, samples), (278, SHAPE[0]), (279, len(pixels))]  # fmt: skip
    entries = []
    after = 8 + len(pixels) + 2 + 12 * len(tags) + 4
    for tag, value in tags:
        if tag == 258 and samples > 2:
            entries.append(struct.pack(f"{order}HHII", tag, 3, samples, after))
        else:
            entries.append(struct.pack(f"{order}HHII", tag, 4, 1, value))
    head = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", 42, 8 + len(pixels))
    sizes = struct.pack(f"{order}{samples}H", *[bits] * samples) if samples > 2 else b""
    directory = struct.pack(f"{order}H", len(tags)) + b"".join(entries) + bytes(4)
    return head + pixels + directory + sizes


@pytest.mark.parametrize(("bits", "order"), [(8, "<"), (8, ">"), (16, "<"), (16, ">")])
def test_tiff_whose_zero_is_white_is_never_a_negative(
    bits: int, order: str, tmp_path: Path
) -> None:
    levels = WIDE >> (16 - bits)
    kind = f"{order}u{bits // 8}"
    for photometric, stored in ((1, levels), (0, 2**bits - 1 - levels.astype(int))):
        content = tiff(stored.astype(kind).tobytes(), photometric, 1, bits, order)
        (tmp_path / "a.tif").write_bytes(content)
        if (photometric, bits, order) == (0, 16, ">"):  # Pillow has no such reader
            with pytest.raises(ParameterError, match=r"a\.tif \(cannot identify"):
                read(tmp_path)
        else:
            np.testing.assert_array_equal(read(tmp_path), WIDE // 256)


def test_images_of_a_rare_suffix_are_named(tmp_path: Path) -> None:
    numbered(tmp_path, ["1.png", "2.PNG", "3.jpg", "4.png", "5.bmp"])
    [note] = images_from_folder(tmp_path).notes
    assert note.endswith("of another suffix than .png, but used: 3.jpg, 5.bmp")
    (tmp_path / "3.jpg").unlink()
    (tmp_path / "5.bmp").unlink()
    assert images_from_folder(tmp_path).notes == ()


@pytest.mark.parametrize("order", ["<", ">"])
def test_both_byte_orders_of_16_bits(order: str, tmp_path: Path) -> None:
    pixels = WIDE.astype(f"{order}u2").tobytes()
    (tmp_path / "a.tif").write_bytes(tiff(pixels, 1, 1, 16, order))
    np.testing.assert_array_equal(read(tmp_path), WIDE // 256)


def test_cmyk_is_subtractive(tmp_path: Path) -> None:
    """Printed colour: red = 255 (1 - cyan) (1 - black), and so on."""
    (tmp_path / "a.tif").write_bytes(tiff(CMYK.tobytes(), 5, 4, 8))
    inks = CMYK.astype(float) / 255.0
    expected = luma(np.rint(255.0 * (1.0 - inks[..., :3]) * (1.0 - inks[..., 3:])))
    np.testing.assert_allclose(read(tmp_path), expected, atol=1)


@pytest.mark.parametrize("white", [True, False])
def test_adobe_cmyk_jpeg_is_inverted(white: bool, tmp_path: Path) -> None:
    ink = np.full((16, 16, 4), 0 if white else 255, np.uint8)
    Image.fromarray(ink, "CMYK").save(tmp_path / "a.jpg")
    np.testing.assert_allclose(read(tmp_path), 255 if white else 0, atol=2)
    content = (tmp_path / "a.jpg").read_bytes()
    at = content.index(b"\xff\xee")
    length = 2 + int.from_bytes(content[at + 2 : at + 4], "big")
    assert b"Adobe" in content[at : at + length]
    (tmp_path / "a.jpg").write_bytes(content[:at] + content[at + length :])
    with pytest.raises(ParameterError, match=r"a\.jpg \(CMYK without a marker"):
        images_from_folder(tmp_path)


@pytest.mark.parametrize("mode", ["I", "F", "LAB"])
def test_modes_without_defined_grey_levels_are_refused(mode: str, tmp_path: Path) -> None:
    if mode == "LAB":
        (tmp_path / "a.tif").write_bytes(tiff(COLOUR.tobytes(), 8, 3, 8))
    else:
        Image.fromarray(WIDE.astype(np.int32 if mode == "I" else np.float32)).save(
            tmp_path / "a.tif"
        )
    with pytest.raises(ParameterError, match=rf"a\.tif \(pixels of mode '{mode}' have no"):
        images_from_folder(tmp_path)


def test_16_bit_graymap_is_scaled_by_its_maximum(tmp_path: Path) -> None:
    levels = (WIDE >> 4).astype(">u2")
    header = f"P5 {SHAPE[1]} {SHAPE[0]} 4095\n".encode()
    (tmp_path / "a.pgm").write_bytes(header + levels.tobytes())
    np.testing.assert_allclose(read(tmp_path), levels / 4095 * 255, atol=1)


def test_images_of_fewer_than_16_bits_in_16_are_refused(tmp_path: Path) -> None:
    for k in range(2):
        Image.fromarray(WIDE >> 4).save(tmp_path / f"{k}.png")
    with pytest.raises(ParameterError, match=r"brightest level .* of 65535; scale"):
        images_from_folder(tmp_path)
    Image.fromarray(WIDE).save(tmp_path / "2.png")  # the others are dark, but of 16 bits
    assert len(images_from_folder(tmp_path)) == 3


TURNS = {
    1: lambda x: x, 2: lambda x: x[:, ::-1], 3: lambda x: x[::-1, ::-1], 4: lambda x: x[::-1],
    5: lambda x: x.T, 6: lambda x: x.T[:, ::-1], 7: lambda x: x[::-1, ::-1].T,
    8: lambda x: x.T[::-1],
}  # fmt: skip
"""Image as it is to be seen, from the stored one, by the value of the EXIF tag."""


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif", "webp"])
@pytest.mark.parametrize("orientation", TURNS)
def test_orientation_is_applied(orientation: int, suffix: str, tmp_path: Path) -> None:
    stored = np.zeros((16, 32), np.uint8)
    stored[:8, :16], stored[8:, :16] = 200, 100
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True} if suffix == "webp" else {}
    Image.fromarray(stored).save(tmp_path / f"a.{suffix}", exif=exif, **options)
    np.testing.assert_allclose(read(tmp_path), TURNS[orientation](stored), atol=6)


@pytest.mark.parametrize("suffix", ["gif", "png", "webp", "tif"])
def test_animated_files_are_named(suffix: str, tmp_path: Path) -> None:
    frames = [Image.fromarray(RNG.integers(0, 256, (16, 16), np.uint8)) for _ in range(3)]
    frames[0].save(tmp_path / f"film.{suffix}", save_all=True, append_images=frames[1:])
    with pytest.raises(ParameterError, match=rf"film\.{suffix} \(an animation .* of 3 images"):
        images_from_folder(tmp_path)


def test_first_picture_of_a_phone_photo_is_used(tmp_path: Path) -> None:
    """Multi-picture JPEG: the photo and its preview."""
    frames = [Image.fromarray(np.full((16, 16), level, np.uint8)) for level in (100, 7)]
    frames[0].save(tmp_path / "a.jpg", "MPO", save_all=True, append_images=frames[1:])
    assert Image.open(tmp_path / "a.jpg").n_frames == 2
    np.testing.assert_allclose(read(tmp_path), 100, atol=2)


def test_content_of_another_format_than_the_suffix_is_read(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.fromarray(GREY).save(buffer, "PNG")
    (tmp_path / "a.jpg").write_bytes(buffer.getvalue())
    np.testing.assert_array_equal(read(tmp_path), GREY)
