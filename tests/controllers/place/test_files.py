"""Place maps on disk."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

import numpy as np
import pytest

from snn_control.controllers.place import PlaceConfig, PlaceRecognizer
from snn_control.errors import ModelFileError, ParameterError
from snn_control.runs.checksums import CHECKSUM, to_json
from tests.controllers.place.seasons import (
    SUMMER,
    WINTER,
    N,
)


def test_loaded_map_gives_the_same_answers(
    recognizer: PlaceRecognizer, saved: Path, tmp_path: Path
) -> None:
    for image in WINTER[:30]:
        recognizer.match(image, 5)
    again = PlaceRecognizer.load(recognizer.save(tmp_path / "again"))
    recognizer.reset_sequence()
    recognizer.add(SUMMER[3])
    again.add(SUMMER[3])
    for image in WINTER[60:80]:
        one, other = recognizer.match(image, 5), again.match(image, 5)
        np.testing.assert_array_equal(one.scores, other.scores)
        assert (one.probability, one.known) == (other.probability, other.known)


def test_missing_settings_are_errors(saved: Path, tmp_path: Path) -> None:
    arrays = saved.with_suffix(".safetensors").read_bytes()
    for field in dataclasses.fields(PlaceConfig):
        document = json.loads(saved.read_text())
        del document["config"][field.name]
        (tmp_path / "m.json").write_bytes(to_json(document))
        (tmp_path / "m.safetensors").write_bytes(arrays)
        with pytest.raises(ModelFileError, match=f"config.{field.name} is missing"):
            PlaceRecognizer.load(tmp_path / "m")


def test_deployed_map_is_small_and_constant(saved: Path, tmp_path: Path) -> None:
    whole = PlaceRecognizer.load(saved)
    path = whole.save(tmp_path / "deployed", deployed=True)
    deployed = PlaceRecognizer.load(path)
    assert path.with_suffix(".safetensors").stat().st_size < N * (784 + 40) + 30_000
    for image in WINTER[60:70]:
        np.testing.assert_array_equal(deployed.match(image, 4).scores, whole.match(image, 4).scores)
    for change in (
        lambda: deployed.add(SUMMER[0]),
        lambda: deployed.remove(0),
        lambda: deployed.merge(whole),
        lambda: deployed.fuse([0, 1]),
    ):
        with pytest.raises(ParameterError, match="deployed=True"):
            change()
    again = PlaceRecognizer.load(deployed.save(tmp_path / "again"))
    with pytest.raises(ParameterError, match="deployed=True"):
        again.add(SUMMER[0])


def test_broken_and_newer_files_are_errors(saved: Path, tmp_path: Path) -> None:
    text = re.sub(rf',\n "{CHECKSUM}": "[0-9a-f]*"', "", saved.read_text())
    assert CHECKSUM not in json.loads(text)
    for broken, message in (
        (text.replace('"schema_version": 1', '"schema_version": 2'), "schema_version is 2"),
        (text.replace('"seed": 0', '"seed": -1'), "seed"),
        (text.replace('"levels": 8', '"level": 8'), "Did you mean: `levels`"),
        (text.replace('"next_number": 240', '"next_number": 3'), "'numbers' .* expected 0 to 2"),
        (text.replace('"bias": 0.0', '"bias": "x"'), "bias"),
        (text.replace('"bias": 0.0', '"bias": -1000.0'), "expected -4 to 4"),
        (text[:-20], "not a JSON document"),
    ):
        assert broken != text
        (tmp_path / "m.json").write_text(broken)
        (tmp_path / "m.safetensors").write_bytes(saved.with_suffix(".safetensors").read_bytes())
        with pytest.raises(ModelFileError, match=message):
            PlaceRecognizer.load(tmp_path / "m")
    with pytest.raises(ModelFileError, match="No such file"):
        PlaceRecognizer.load(tmp_path / "none")
