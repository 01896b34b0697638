"""Whole controllers as C beside their Python classes, bit for bit."""

from __future__ import annotations

import functools
import math
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snn_control.controllers import Controller, load
from snn_control.controllers.swimmer.circuit import HalfCentre, swimmer_circuit
from snn_control.controllers.swimmer.homeostasis import Homeostasis
from snn_control.controllers.swimmer.swimmer import Swimmer
from snn_control.controllers.swimmer.trials import SwimmerTrials
from snn_control.engines.native import NativeEngine
from snn_control.errors import ParameterError
from snn_control.export.c.build import FLAGS, build_library, find_compiler
from snn_control.export.c.files import export_c
from snn_control.export.c.library import CLibrary
from snn_control.export.c.replay import (
    fnv1a,
    replay,
    replay_program,
    trace_inputs,
    trace_orders,
)
from snn_control.export.c.source import c_source
from snn_control.training.model_name import load_named
from tests.export.test_c import NEEDS_COMPILER

pytestmark = pytest.mark.skipif(
    not any(map(shutil.which, ("cc", "gcc", "clang"))), reason=NEEDS_COMPILER
)
SINGLE = functools.partial(NativeEngine, dtype=np.float32)
GAINS = Homeostasis(np.array([0.2, 0.3, 0.25, 0.1]), rate_per_s=2.0)
ORDERS = ([0.7, -0.4, 0.0], [0.2, 1.7, 1.0], [1.5, 0.3, 0.0])
"""Speed, turn, frozen."""


def built(controller: Controller, folder: Path, precision: str = "float64") -> CLibrary:
    """Return the compiled library of a controller."""
    program = controller.to_program()
    source = c_source(program, "whole", precision)
    return CLibrary(build_library(source, folder / precision), "whole", program, precision)


def require_equal_ticks(
    controller: Controller, library: CLibrary, rows: np.ndarray, orders: Any = ()
) -> None:
    """Compare actions, spikes and read-outs of all ticks; orders change at equal times."""
    named = controller.to_program().readout_names
    kind = library.outputs.dtype
    for k, row in enumerate(rows.astype(kind)):
        if len(orders) and k % (len(rows) // (len(orders) + 1)) == 0 and k:
            order = orders[k // (len(rows) // (len(orders) + 1)) - 1]
            controller.take_orders(np.array(order, kind).tolist())
            assert library.take_orders(order)
        library.inputs[:] = row
        assert library.step()
        expected = controller.step(row.astype(np.float64))
        np.testing.assert_array_equal(library.outputs, expected.astype(kind))
        np.testing.assert_array_equal(library.spikes, controller.spikes)
        readouts = controller.readouts
        values = np.array([readouts[name] for name in named], kind)
        np.testing.assert_array_equal(library.readouts, values)


def swum(n: int, joints: int = 5) -> np.ndarray:
    """Return joint angles of a body that swims, with noise, stops and extremes."""
    rng, time = np.random.default_rng(4), np.arange(n)[:, None]
    rows = 0.6 * np.sin(0.1 * time - np.arange(joints)) + rng.normal(0.0, 0.1, (n, joints))
    rows[n // 2 : n // 2 + 20] = 0.0
    rows[n // 3 : n // 3 + 10] *= 30.0
    return rows


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("model", ["swimmer-spiking", "swimmer-graded"])
@pytest.mark.parametrize("options", [{}, {"homeostasis": GAINS}, {"posture_start": False}])
def test_swimmers(precision: str, model: str, options: dict, tmp_path: Path) -> None:
    engine = NativeEngine if precision == "float64" else SINGLE
    controller = load(model, engine=engine, **options)
    require_equal_ticks(controller, built(controller, tmp_path, precision), swum(600), ORDERS)


def test_a_swimmer_with_a_half_centre_and_another_length(tmp_path: Path) -> None:
    network = swimmer_circuit(
        7, 0.9, cells="spiking", sub_ticks=15, half_centre=HalfCentre()
    ).network()
    controller = Swimmer(network, posture_start=True)
    require_equal_ticks(controller, built(controller, tmp_path), swum(300, 7), ORDERS)
    with pytest.raises(ParameterError, match="orders"):
        controller.take_orders([1.0])


def test_orders_without_a_meaning_change_nothing(tmp_path: Path) -> None:
    controller = load("swimmer-graded")
    library, rows = built(controller, tmp_path), swum(50)
    for wrong in (math.nan, math.inf):
        assert not library.take_orders([0.5, wrong, 0.0])
    require_equal_ticks(controller, library, rows)


@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_the_spiking_gap_follower(precision: str, tmp_path: Path) -> None:
    engine = NativeEngine if precision == "float64" else SINGLE
    controller, rng = load("corridor-spiking", engine=engine), np.random.default_rng(0)
    rows = np.c_[rng.uniform(0.2, 6.0, (200, 72)), rng.normal(0.0, 0.1, 200)]
    rows[:, :72][rng.random((200, 72)) < 0.3] = -1.0
    rows[100:110, :72] = 0.1
    require_equal_ticks(controller, built(controller, tmp_path, precision), rows)


def test_parts_without_c_are_named() -> None:
    follows = Homeostasis(np.full(4, 0.2), lag_rate=0.5)
    for options, name in (
        ({"homeostasis": follows}, "lag_rate"),
        ({"trials": SwimmerTrials(healthy_m_s=0.1)}, "trials"),
    ):
        with pytest.raises(ParameterError, match=name):
            load("swimmer-graded", **options).to_program()


MODELS = ("swimmer-spiking", "corridor-spiking", "blimp-adaptive", "blimp-altitude:adapting")


@pytest.mark.parametrize("model", MODELS)
def test_extreme_inputs_under_sanitizers(model: str, tmp_path: Path) -> None:
    flags = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    program, random = load_named(model).to_program(), np.random.default_rng(5)
    n_in = len(program.observation_names)
    sizes = 10.0 ** random.uniform(-320.0, 100.0, (2000, n_in))
    sizes *= random.choice([-1.0, 1.0], sizes.shape)
    inputs = np.r_[trace_inputs(program.usual, "float64", 1000), sizes]
    source = c_source(program, "whole", "float64")
    library = CLibrary(build_library(source, tmp_path), "whole", program, "float64")
    expected = fnv1a(replay(library, inputs, trace_orders(program.orders, len(inputs))))
    test = replay_program(source, inputs, program.orders, expected)
    (tmp_path / "whole_test.c").write_text(test)
    sources = [str(tmp_path / name) for name in ("whole.c", "whole_test.c")]
    command = [*find_compiler(), "-std=c99", "-O1", *flags, "-o", str(tmp_path / "run"), *sources]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode and "san" in done.stderr:
        pytest.skip("no sanitizers of the C compiler: install libclang-rt-dev, or use gcc")
    assert not done.returncode, done.stderr
    done = subprocess.run([tmp_path / "run"], capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr[-2000:]


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("model", MODELS)
def test_aarch64_has_equal_bits(model: str, precision: str, tmp_path: Path) -> None:
    for tool, package in (
        ("aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu"),
        ("qemu-aarch64", "qemu-user"),
    ):
        if shutil.which(tool) is None:
            pytest.skip(f"no {tool}: install {package}")
    export_c(load_named(model).to_program(), tmp_path / "out", "whole", precision)
    sources = [str(tmp_path / "out" / name) for name in ("whole.c", "whole_test.c")]
    command = ["aarch64-linux-gnu-gcc", "-static", *FLAGS, "-o", str(tmp_path / "run"), *sources]
    subprocess.run(command, check=True)
    subprocess.run(["qemu-aarch64", str(tmp_path / "run")], check=True)
