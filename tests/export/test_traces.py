"""Replay of exports over recorded heights and episodes in the loop, bit for bit."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from snn_control import make
from snn_control.controllers import load
from snn_control.controllers.c_controller import CController
from snn_control.engines.integer.program import IntegerProgram
from snn_control.export.c.build import build_library
from snn_control.export.c.library import CLibrary
from snn_control.export.c.source import c_source
from snn_control.training.evaluate import run_episode
from tests.export.test_c import NEEDS_COMPILER
from tests.flights import DEVELOPMENT, EVALUATION, recorded_log

pytestmark = pytest.mark.skipif(
    not any(map(shutil.which, ("cc", "gcc", "clang"))), reason=NEEDS_COMPILER
)


@pytest.mark.parametrize("precision", ["float64", "int8"])
@pytest.mark.parametrize("model", ["blimp-altitude", "blimp-altitude-delay"])
@pytest.mark.parametrize("name", [*DEVELOPMENT, *EVALUATION])
def test_recorded_heights(name: str, model: str, precision: str, tmp_path: Path) -> None:
    log = recorded_log(name)
    errors = log.error_m[np.isfinite(log.error_m)].astype(np.float32)
    assert len(errors) > 300
    controller = load(model)
    program = controller.to_program()
    source = c_source(program, "replay", precision)
    library = CLibrary(build_library(source, tmp_path), "replay", program, precision)
    integers = None if source.form is None else IntegerProgram(source.form)
    for error in errors:
        row, expected = np.array([error], np.float64), np.zeros(0)
        if integers is None:
            library.inputs[:] = row
            expected, spikes = controller.step(row), controller.spikes
        else:
            assert library.quantise(row)
            assert source.form is not None
            units = integers.advance(source.form.inputs[0].quantised(row))
            expected = units.astype(np.float64)
            spikes = integers.spikes
        assert library.step()
        np.testing.assert_array_equal(library.outputs, expected)
        np.testing.assert_array_equal(library.spikes, spikes)


@pytest.mark.parametrize(
    ("model", "environment", "duration_s"),
    [("blimp-altitude", "snn_control/BlimpAltitude-v1", 60.0),
     ("swimmer-spiking", "snn_control/Swim-v0", None)],
)  # fmt: skip
def test_episodes_in_the_loop(model: str, environment: str, duration_s: float | None) -> None:
    options = {} if duration_s is None else {"duration_s": duration_s}
    episodes = []
    for controller in (load(model), CController(load(model))):
        env = make(environment, **options)
        episodes.append(run_episode(controller, env, 4))
        env.close()
    python, compiled = episodes
    assert compiled.total_reward == python.total_reward
    for name, values in python.trace.items():
        np.testing.assert_array_equal(compiled.trace[name], values)
