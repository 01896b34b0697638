"""Whole controllers on engine `c`: equal steps, refusals, prebuilt libraries, cache folder."""

from __future__ import annotations

import copy
import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snn_control import resources
from snn_control.cli.main import main
from snn_control.controllers import load, model_names, save
from snn_control.controllers.adapted import adapted
from snn_control.controllers.adapting import Adapting
from snn_control.controllers.c_controller import CController
from snn_control.controllers.engine_names import ENGINES
from snn_control.controllers.files import BUILT_IN
from snn_control.engines.integer.program import IntegerProgram, program_format
from snn_control.errors import ObservationError, ParameterError, UnknownNameError
from snn_control.export.c.build import build_library, cached_library
from snn_control.export.c.source import c_source
from tests.controllers.in_c_without_numba import commands
from tests.controllers.test_conformance import observations, outputs
from tests.export.test_c import NEEDS_COMPILER
from tests.paths import ROOT

pytestmark = pytest.mark.skipif(
    not any(map(shutil.which, ("cc", "gcc", "clang"))), reason=NEEDS_COMPILER
)
NAMES = [name for name in model_names() if name not in BUILT_IN]
IN_C = [name for name in NAMES if name != "blimp-adaptive"]


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Cache folder of a test."""
    folder = tmp_path_factory.getbasetemp() / "cache"
    monkeypatch.setenv("SNN_CONTROL_CACHE", str(folder))
    return folder


@pytest.mark.parametrize("name", NAMES)
def test_steps_equal_those_of_python_bit_for_bit(name: str) -> None:
    in_c, python = load(name, engine="c"), load(name)
    assert isinstance(in_c, Adapting if name == "blimp-adaptive" else CController)
    for kind in ("observation_names", "action_names", "order_names", "control_period_s", "about"):
        assert getattr(in_c, kind) == getattr(python, kind)
    for row in observations(python):
        np.testing.assert_array_equal(in_c.step(row), python.step(row))
        np.testing.assert_array_equal(in_c.spikes, python.spikes)
        readouts = in_c.readouts
        assert {key: readouts[key] for key in python.readouts} == python.readouts
    assert in_c.to_document().settings == python.to_document().settings
    assert in_c.adapts == python.adapts


def test_integers_are_those_of_their_engine(tmp_path: Path) -> None:
    python = load("blimp-altitude")
    form = program_format(python.to_program(), 8)
    engine, in_c = IntegerProgram(form), CController(python, "int8")
    document = "0" * 64
    source = c_source(python.to_program(), "altitude", "int8", document)
    library = build_library(source, tmp_path)
    prebuilt = CController(python, library=library, model_sha256=document)
    for row in np.random.default_rng(0).normal(0.0, 0.4, (200, 1)).astype(np.float32):
        integers = engine.advance(form.inputs[0].quantised(row))
        expected = integers * 2.0 ** -form.exponents[0]
        for controller in (in_c, prebuilt):
            np.testing.assert_array_equal(controller.step(row.astype(np.float64)), expected)
            np.testing.assert_array_equal(controller.spikes, engine.spikes)
            readouts = controller.readouts
            assert readouts["pd"] + readouts["i"] == pytest.approx(expected[0], abs=1e-4)
    for wrong in (np.nan, np.inf, 1e300):
        with pytest.raises(ObservationError):
            in_c.step(np.array([wrong]))


@pytest.mark.parametrize("name", IN_C)
def test_wrong_observations_change_nothing(name: str) -> None:
    controller = load(name, engine="c")
    rows = observations(controller)
    expected = outputs(controller, rows)
    controller.reset()
    for k, row in enumerate(rows):
        for wrong in (
            np.full_like(row, np.nan),
            np.full_like(row, -np.inf),
            np.zeros(len(row) + 1),
        ):
            with pytest.raises(ObservationError):
                controller.step(wrong)
        np.testing.assert_array_equal(outputs(controller, row[None])[0], expected[k])


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda c: pickle.loads(pickle.dumps(c))]
)
@pytest.mark.parametrize("name", ["blimp-altitude", "swimmer-spiking"])
def test_a_copy_has_its_own_state(name: str, copied: Any) -> None:
    controller = load(name, engine="c")
    rows = observations(controller)
    outputs(controller, rows[:60])
    again = copied(controller)
    expected = outputs(controller, rows[60:])
    np.testing.assert_array_equal(outputs(again, rows[60:]), expected)


def test_orders_of_a_swimmer() -> None:
    in_c, python = load("swimmer-spiking", engine="c"), load("swimmer-spiking")
    rows = observations(python)
    for controller in (in_c, python):
        controller.take_orders([0.5, -0.3, 0.0])
    np.testing.assert_array_equal(outputs(in_c, rows)[:, :5], outputs(python, rows)[:, :5])
    for wrong in ([1.0], [np.nan, 0.0, 0.0]):
        with pytest.raises(ParameterError, match="orders"):
            in_c.take_orders(wrong)
    with pytest.raises(ParameterError, match="orders"):
        load("blimp-altitude", engine="c").take_orders([1.0])


@pytest.mark.parametrize("engine", ENGINES)
def test_engines_by_name_agree(engine: str) -> None:
    rows = observations(load("blimp-altitude"))
    actual = outputs(load("blimp-altitude", engine=engine), rows)
    expected = outputs(load("blimp-altitude"), rows)
    if engine == "integer":
        assert 0.0 < np.abs(actual - expected)[:, 0].mean() < 0.05
    else:
        np.testing.assert_array_equal(actual, expected)


def test_an_unknown_engine_lists_the_choices() -> None:
    with pytest.raises(UnknownNameError, match="native"):
        load("blimp-altitude", engine="nativ")
    with pytest.raises(ParameterError, match="takes no option 'engine'"):
        load("pid", engine="c")


def test_a_controller_in_c_adapts_in_python() -> None:
    in_c, python = (adapted(load("blimp-altitude", engine=engine)) for engine in ("c", "native"))
    rng = np.random.default_rng(1)
    for _ in range(200):
        range_m = 1.0 + rng.normal(0.0, 0.05)
        row = np.array([1.0 - range_m, 1.0, range_m, 0.1])
        assert in_c.step(row) == python.step(row)
    assert in_c.model.parameters == python.model.parameters
    assert in_c.snapshot() == python.snapshot()


def exported(model: str, folder: Path, precision: str = "float64", name: str = "") -> Path:
    """Export and build a library as a user does."""
    arguments = ["export", model, "--out", str(folder), "--precision", precision, "--no-verify"]
    assert main([*arguments, *(["--name", name] if name else [])]) == 0
    (header,) = folder.glob("*.h")
    library = folder / f"lib{header.stem}.so"
    flags = "-std=c99 -O2 -ffp-contract=off -shared -fPIC"
    command = ["cc", *flags.split(), "-o", str(library), str(header.with_suffix(".c"))]
    subprocess.run(command, check=True)
    return library


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_a_prebuilt_library_is_used(
    precision: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    library = exported("blimp-altitude", tmp_path / "out", precision)
    rows = observations(load("blimp-altitude"))
    expected = outputs(load("blimp-altitude"), rows)
    monkeypatch.setenv("PATH", "")
    controller = load("blimp-altitude", engine="c", library=library)
    tolerance = 0.0 if precision == "float64" else 1e-5
    np.testing.assert_allclose(outputs(controller, rows), expected, rtol=0.0, atol=tolerance)


def test_a_library_of_another_model_is_refused(tmp_path: Path) -> None:
    library = exported("blimp-altitude-delay", tmp_path / "out")
    with pytest.raises(ParameterError, match="is of a model with the hash"):
        load("blimp-altitude", engine="c", library=library)
    with pytest.raises(ParameterError, match="has the layout"):
        load("swimmer-spiking", engine="c", library=library)
    for options in ({}, {"engine": "native"}, {"engine": "c", "n_links": 4}):
        with pytest.raises(ParameterError, match="expected engine='c' without further options"):
            load("swimmer-spiking", library=library, **options)
    with pytest.raises(ParameterError, match="runs in C as a whole"):
        load("blimp-adaptive", engine="c", library=library)


def test_a_file_that_is_no_library_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "liba.so"
    for content in (None, b"text"):
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(ParameterError, match="no library of an export 'a'"):
            load("blimp-altitude", engine="c", library=path)
    source = c_source(load("blimp-altitude").to_program(), "other", "float64")
    shutil.copy(build_library(source, tmp_path), path)
    with pytest.raises(ParameterError, match="no library of an export 'a'"):
        load("blimp-altitude", engine="c", library=path)


def test_a_saved_model_runs_in_c(tmp_path: Path) -> None:
    path = save(load("swimmer-graded", n_links=8, engine="c"), tmp_path / "model")
    rows = observations(load(path))
    np.testing.assert_array_equal(outputs(load(path, engine="c"), rows), outputs(load(path), rows))


@pytest.mark.parametrize("blocks", [True, False])
def test_no_compiler_of_python_is_imported(blocks: bool) -> None:
    command = [sys.executable, "-m", "tests.controllers.in_c_without_numba", *["block"] * blocks]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [value.hex() for value in commands("native")]


def test_libraries_are_kept_in_the_cache(cache: Path, tmp_path: Path) -> None:
    source = c_source(load("blimp-altitude").to_program(), "kept", "float64")
    library = cached_library(source)
    assert library.is_relative_to(cache / "snn_control" / "c")
    before = library.stat().st_mtime_ns
    assert cached_library(source).stat().st_mtime_ns == before
    assert cached_library(source, tmp_path) == tmp_path / library.parent.name / "libkept.so"


def test_folders_that_others_can_write_are_not_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    monkeypatch.setenv("CHOSEN", str(first))
    monkeypatch.setenv("XDG_CACHE_HOME", str(second))
    assert resources.cache_folder("CHOSEN", "c") == first / "snn_control" / "c"
    (first / "snn_control" / "c").chmod(0o777)
    assert resources.cache_folder("CHOSEN", "c") == second / "snn_control" / "c"
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    assert resources.cache_folder("CHOSEN", "c") is None
