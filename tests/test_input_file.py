"""Names of input files: absent ones, and ones that may not be examined."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from snn_control.errors import ConfigError
from snn_control.input_file import is_file, is_folder


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
