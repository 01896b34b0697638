"""Study of mismatch against the network run by hand, and draws against their definition."""

import numpy as np
import pytest

from snn_control.controllers import Altitude, load
from snn_control.engines.reference import ReferenceEngine
from snn_control.errors import FlightLogError, ParameterError
from snn_control.network import expand
from snn_control.network.mismatch import mismatched
from snn_control.studies.mismatch import Config, run
from snn_control.studies.support.sequences import error_sequences
from snn_control.training.blimp.imitation import pid_targets

MODEL = "blimp-altitude"


@pytest.fixture
def log(tmp_path):
    """Write a flight log of 120 rows with an error of a slow wave in steps of 1 cm."""
    error = np.round(0.2 * np.sin(np.arange(120) / 12), 2)
    lines = [f"{k / 10:.1f},1.0,{1 - e:.2f}" for k, e in enumerate(error)]
    (tmp_path / "own.csv").write_text("time_s,h_ref_m,h_meas_m\n" + "\n".join(lines) + "\n")
    return tmp_path, error


def by_hand(output, target):
    """Return the published fitness from its definition."""
    a, b = (np.convolve(x, np.ones(4) / 4, "valid") for x in (output, target))
    return np.abs(a - b).mean() + 1 - np.corrcoef(a, b)[0, 1]


def test_without_mismatch_the_fit_is_that_of_the_model(log):
    folder, error = log
    result = run(Config(models=(MODEL,), shares=(0.0,), seeds=2, flights=(folder,)))
    controller = load(MODEL)
    assert isinstance(controller, Altitude)
    pd = next(n for n in controller.networks if n.name == "pd")
    output = ReferenceEngine(pd).run(error[:, None]).readouts[:, 0]
    (row,) = result.rows
    assert row["pd_fit"] == pytest.approx(by_hand(output, pid_targets(error)["pd"]))
    assert row["pd_fit_ci95"] == 0.0
    assert row["model"] == MODEL


def test_the_fit_grows_with_mismatch_and_equal_seeds_repeat(log):
    config = Config(
        models=(MODEL,), shares=(0.0, 0.05, 0.2), seeds=8, flights=(log[0] / "own.csv",)
    )
    first, second = run(config), run(config)
    assert first.rows == second.rows
    fits = [row["pd_fit"] for row in first.rows]
    assert fits == sorted(fits)
    assert fits[2] > fits[0] + 0.1
    assert all(row["pd_fit_ci95"] > 0 for row in first.rows[1:])


def test_draws_have_the_requested_spread():
    controller = load(MODEL)
    assert isinstance(controller, Altitude)
    network = controller.networks[0]
    changed = mismatched(network, np.random.default_rng(1), 0.05)
    before = np.concatenate([expand(c.weights).ravel() for c in network.connections])
    after = np.concatenate([expand(c.weights).ravel() for c in changed.connections])
    ratios = after[before != 0] / before[before != 0] - 1
    assert ratios.std() == pytest.approx(0.05, rel=0.15)
    assert abs(ratios.mean()) < 0.01
    code = changed.population("code").params.expanded("threshold", 80)
    assert not np.allclose(code[::2], code[1::2])


def test_logs_of_one_name_are_all_used(tmp_path):
    for folder, error in (("monday", 0.1), ("tuesday", 0.2)):
        rows = "".join(f"{k / 10:.1f},1.0,{1 - error:.2f}\n" for k in range(20))
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "1.csv").write_text("time_s,h_ref_m,h_meas_m\n" + rows)
        (tmp_path / folder / f"{folder}.csv").write_text("time_s,h_ref_m,h_meas_m\n" + rows)
    sequences = error_sequences([tmp_path / "monday", tmp_path / "tuesday"])
    assert {name: row[0].round(6) for name, row in sequences.items()} == {
        str(tmp_path / "monday" / "1.csv"): 0.1,
        "monday": 0.1,
        str(tmp_path / "tuesday" / "1.csv"): 0.2,
        "tuesday": 0.2,
    }


def test_unsuitable_models_and_settings_are_errors(tmp_path):
    with pytest.raises(ParameterError, match="pid has no network"):
        run(Config(models=("pid",)))
    with pytest.raises(FlightLogError, match="no flight log"):
        run(Config(flights=(tmp_path,)))
    controller = load(MODEL)
    assert isinstance(controller, Altitude)
    with pytest.raises(ParameterError, match="share"):
        mismatched(controller.networks[0], np.random.default_rng(0), -0.1)
