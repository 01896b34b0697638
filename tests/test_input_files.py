"""Input files: absent and closed places; archives of arrays and their members."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snn_control.array_file import pack_npz
from snn_control.envs.route.sources import images_from_npz
from snn_control.errors import ConfigError, ParameterError, RunError
from snn_control.input_file import is_file, is_folder
from snn_control.runs.checksums import pack_arrays, read_arrays
from snn_control.studies.support.place_data import read_traverses

ARRAYS: dict[str, Any] = {
    "file": np.arange(3),
    "allow_pickle": np.array([True, False]),
    "text": np.str_("on"),
    "number": 1.5,
    "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "empty": np.zeros((0, 4), np.uint8),
}


@pytest.mark.parametrize("compress", [False, True])
def test_packed_arrays_of_any_name_are_read_by_us_and_by_numpy(
    compress: bool, tmp_path: Path
) -> None:
    path = tmp_path / "x.npz"
    path.write_bytes(pack_arrays(ARRAYS, compress=compress))
    with np.load(path, allow_pickle=False) as loaded:
        for arrays in (read_arrays(path), loaded):
            assert set(arrays) == set(ARRAYS)
            for name, value in ARRAYS.items():
                np.testing.assert_array_equal(arrays[name], np.asarray(value), strict=True)


def test_python_objects_are_refused_by_name() -> None:
    with pytest.raises(ParameterError, match="array 'notes' has Python objects"):
        pack_npz({"notes": np.array([None, "x"], object)})


def _images(path: Path) -> np.ndarray:
    return images_from_npz(path, "some").images


def _selected(path: Path) -> np.ndarray:
    return read_traverses(f"{path}:some", f"{path}:some", f"{path}:kept").reference


@pytest.mark.parametrize("read", [_images, _selected])
def test_other_members_are_not_read(read: Any, tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (3, 4, 5), np.uint8)
    path, noise = tmp_path / "x.npz", b"\xaa" * 1000
    members = {"kept": np.ones(3, bool), "some": images, "other": np.full(1000, 0xAA, np.uint8)}
    path.write_bytes(pack_npz(members))
    np.testing.assert_array_equal(read(path), images)
    whole = path.read_bytes()
    path.write_bytes(whole.replace(noise, noise[:-1] + b"\xab"))
    np.testing.assert_array_equal(read(path), images)
    with pytest.raises(RunError, match=r"x\.npz.*CRC"):
        read_arrays(path)
    path.write_bytes(whole.replace(images.tobytes(), images.tobytes()[:-1] + b"\0"))
    with pytest.raises(ParameterError, match=r"x\.npz.*CRC"):
        read(path)


def test_a_lack_of_memory_is_no_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise MemoryError

    (tmp_path / "x.npz").write_bytes(pack_arrays(ARRAYS))
    monkeypatch.setattr(np.lib.format, "read_array", fail)
    with pytest.raises(MemoryError):
        read_arrays(tmp_path / "x.npz")


@pytest.mark.parametrize("comment", [b"made by a camera", b"x" * 71, b"md5:12"])
def test_a_comment_of_another_program_is_no_damage(comment: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    np.savez(path, x=np.arange(3))
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = comment
    assert read_arrays(path)["x"].tolist() == [0, 1, 2]


def test_an_archive_cut_in_its_comment_is_refused_or_whole(tmp_path: Path) -> None:
    path, packed = tmp_path / "x.npz", pack_arrays({"x": np.arange(3)})
    n_read = 0
    for n_lost in range(1, 90):
        path.write_bytes(packed[:-n_lost])
        try:
            assert read_arrays(path)["x"].tolist() == [0, 1, 2]
        except RunError:
            continue
        n_read += 1
        assert 64 < n_lost <= 71
    assert n_read == 7, "the limit that the module states"


@pytest.mark.parametrize("examine", [is_file, is_folder])
def test_names_without_a_place_are_no_file(
    examine: Callable[[str | Path], bool], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for name in ("none", "none/x", "file/x", "a" * 5000, "a/" * 3000, "a\0b", "loop"):
        assert not examine(tmp_path / name)


@pytest.mark.parametrize("examine", [is_file, is_folder])
def test_a_place_without_permission_is_an_error_and_not_absent(
    examine: Callable[[str | Path], bool], tmp_path: Path
) -> None:
    folder, user = tmp_path / "closed", os.geteuid()
    folder.mkdir()
    (folder / "x.yaml").touch()
    folder.chmod(0)
    try:
        if user == 0:
            os.seteuid(65534)
        with pytest.raises(ConfigError, match=r"closed/x\.yaml: cannot be read: Permission denied"):
            examine(folder / "x.yaml")
    finally:
        os.seteuid(user)
        folder.chmod(0o700)
