"""Every shipped model in every target of exports: replayed, or refused by name."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

from snn_control.controllers import load, model_names
from snn_control.errors import ParameterError
from snn_control.export.registry import EXPORTERS
from tests.needs import NEEDS_TEST

COMPILERS = ("cc", "gcc", "clang")
PACKAGES = {"nir": ("nir",), "onnx": ("onnx", "onnxruntime")}


@pytest.mark.parametrize("name", model_names())
@pytest.mark.parametrize("target", EXPORTERS)
def test_models_are_replayed_or_refused(target: str, name: str, tmp_path: Path) -> None:
    if target == "c" and not any(map(shutil.which, COMPILERS)):
        pytest.skip("no C compiler: install one, for example gcc")
    if not all(map(find_spec, PACKAGES.get(target, ()))):
        pytest.skip(NEEDS_TEST)
    exporter, out = EXPORTERS[target], tmp_path / "out"
    try:
        manifest = exporter.load()(load(name).to_program(), out, "net", exporter.precisions[0])
    except ParameterError as refusal:
        message = str(refusal)
        assert "cannot express" in message or "cannot be exported" in message
        assert not list(tmp_path.iterdir())
        return
    assert manifest["verification"]["spike_mismatches"] == 0
    assert {path.name for path in out.iterdir()} == {*manifest["files"], "manifest.json"}


def test_precisions_of_a_target() -> None:
    for exporter in EXPORTERS.values():
        assert exporter.precision(None) == exporter.precisions[0]
        assert [exporter.precision(each) for each in exporter.precisions] == [*exporter.precisions]
        with pytest.raises(ParameterError, match=exporter.precisions[0]):
            exporter.precision("float8")
