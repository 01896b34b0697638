"""NIR files of whole controllers in other frameworks: their cells in the loop of this package."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.nir_frameworks.cases import cases, inputs
from benchmarks.nir_frameworks.cells import cell_maker
from benchmarks.nir_frameworks.episode import run_beside
from benchmarks.nir_frameworks.loop import run_mapped
from benchmarks.nir_frameworks.stock import run_stock
from benchmarks.onboard.nir_matrix import compared, in_framework, text
from snn_control.controllers import load
from snn_control.engines.reference import ReferenceEngine
from snn_control.export.nir.files import export_nir, write_nir
from snn_control.export.run_program import add_readouts, run_program
from tests.needs import NEEDS_TEST

nir = pytest.importorskip("nir", reason=NEEDS_TEST)
FRAMEWORKS = ("norse", "snntorch", "sinabs")


def require_framework(name: str) -> None:
    if find_spec(name) is None:
        pytest.skip(f"needs {name}: pip install {name}")


def mapped_controller(framework: str, model: str, n_ticks: int, folder: Path) -> None:
    """Compare a controller of mapped cells with the reference engine, spike for spike."""
    require_framework(framework)
    program, x = load(model).to_program(), inputs()[:n_ticks]
    export_nir(program, folder / "out", "net", verify=False)
    make = cell_maker(framework, torch.float64)
    with torch.no_grad():
        results = [
            run_mapped(nir.read(folder / "out" / f"{network.name}.nir"), make, x, torch.float64)
            for network in program.networks
        ]
    expected = run_program(program, ReferenceEngine, x)
    spikes = np.concatenate([result.spikes for result in results], axis=1)
    np.testing.assert_array_equal(spikes, expected.spikes)
    readouts = np.concatenate([result.readouts for result in results], axis=1)
    actions = add_readouts(program, readouts)
    np.testing.assert_allclose(actions, expected.actions, rtol=0, atol=1e-12)
    assert expected.spikes.sum() > 10 * n_ticks


def test_a_whole_controller_of_norse_cells(tmp_path: Path) -> None:
    mapped_controller("norse", "blimp-altitude", 200, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("model", ["blimp-altitude", "blimp-altitude-delay"])
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_whole_controllers_of_cells_of_a_framework(
    framework: str, model: str, tmp_path: Path
) -> None:
    mapped_controller(framework, model, 1824, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_an_episode_with_cells_of_a_framework(framework: str) -> None:
    """Closed loop of 150 s with a reference step, every spike equal."""
    require_framework(framework)
    difference = run_beside(framework, "blimp-altitude", 150.0, 1)
    assert difference.spikes_equal
    assert difference.max_abs_error < 1e-12
    assert difference.n_ticks > 1000
    assert difference.n_spikes > 10 * difference.n_ticks


def test_the_importer_of_norse_runs_a_layer(tmp_path: Path) -> None:
    """A layer with time constants, in the importer of Norse; its spikes are the read-outs."""
    network, x = cases()["leaky"], inputs()[:300]
    write_nir(network, tmp_path / "a.nir")
    with torch.no_grad():
        outputs = run_stock("norse", nir.read(tmp_path / "a.nir"), x, network.dt_s)
    expected = ReferenceEngine(network).run(x)
    np.testing.assert_array_equal(outputs, expected.readouts)
    assert 0.01 < expected.spikes.mean() < 0.5


def test_rows_of_the_matrix() -> None:
    network, x = cases()["thermometer"], inputs()[:20]
    expected = ReferenceEngine(network).run(x)
    wrong = expected.readouts.copy()
    wrong[3, 5] += 2.0
    assert text(compared(expected, expected.readouts, expected.spikes)) == "0 of 1600, 0.0e+00"
    assert text(compared(expected, wrong, None)) == "1 of 20 ticks, 2.0e+00"
    assert text(compared(expected, wrong[:, :3], None)) == "outputs of shape (20, 3)"
    missing = in_framework("no_such_framework", "stock", Path("a.nir"), Path("x.npy"), "float64")
    assert text(missing) == "not installed"
