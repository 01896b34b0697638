"""Study of imitation: every configuration on every seed, compared on held-out errors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from snn_control.errors import ParameterError
from snn_control.runs import Run
from snn_control.studies.imitation import Config, imitation_on, run
from snn_control.studies.support.sequences import error_sequences
from snn_control.training.blimp.task import AltitudeTask
from snn_control.training.blimp.train_config import TrainConfig
from snn_control.training.evolve import EvolveConfig
from snn_control.training.optimisation import read_optimisation

EVOLVED = """
method: evolve
system: blimp
name: small
strategy_config: {population: 6}
task: {sizes: {pairs: 6}, sequences: 2, sequence_ticks: 60, closed_loop: 0.0, scenarios: 1}
"""
TRAINED = """
method: gradient
name: free
network: {encode: 8, hidden: 6}
batch: 8
sequences: 2
validation_sequences: 1
sequence_ticks: 100
"""


def test_configurations_of_both_verbs_run_on_each_seed(tmp_path: Path) -> None:
    for name, text in (("small", EVOLVED), ("free", TRAINED)):
        (tmp_path / f"{name}.yaml").write_text(text)
    configs = tuple(str(tmp_path / f"{name}.yaml") for name in ("small", "free"))
    study = tmp_path / "study"
    result = run(Config(configs=configs, seeds=2, budget="3gen"), folder=study)
    assert [row["config"] for row in result.rows[:1] + result.rows[-1:]] == ["small", "free"]
    errors = list(error_sequences(()).values())
    for name in ("small", "free"):
        fits = []
        for seed in (0, 1):
            folder = study / "seeds" / f"{name}-{seed}"
            assert Run.open(folder).manifest["status"] == "finished"
            assert Run.open(folder).manifest["seed"] == seed
            fits.append(imitation_on(folder, errors)[0].mean())
        whole = next(r for r in result.rows if (r["config"], r["errors"]) == (name, "all"))
        np.testing.assert_allclose(whole["pd_fit"], np.mean(fits))
        np.testing.assert_allclose(whole["worst_fit"], np.max(fits))


@pytest.mark.parametrize("alone", [False, True])
def test_configurations_imitate_further_logs(alone: bool, tmp_path: Path) -> None:
    for name, text in (("small", EVOLVED), ("free", TRAINED)):
        (tmp_path / f"{name}.yaml").write_text(text)
    log = tmp_path / "log.csv"
    rows = [f"{k / 10:.1f},1.0,{1 + 0.2 * np.sin(k / 9):.2f}" for k in range(120)]
    log.write_text("time_s,h_ref_m,h_meas_m\n" + "\n".join(rows) + "\n")
    configs = tuple(str(tmp_path / f"{name}.yaml") for name in ("small", "free"))
    config = Config(
        configs=configs, seeds=1, budget="1gen", training_flights=(log,), synthetic=not alone
    )
    run(config, folder=tmp_path / "study")
    seeds = tmp_path / "study" / "seeds"
    evolved = read_optimisation(seeds / "small-0" / "config.yaml")
    assert isinstance(evolved, EvolveConfig)
    assert isinstance(evolved.task, AltitudeTask)
    trained = read_optimisation(seeds / "free-0" / "config.yaml")
    assert isinstance(trained, TrainConfig)
    assert isinstance(evolved.task, AltitudeTask)
    assert evolved.task.flights == trained.flights == (str(log),)
    assert (evolved.task.sequences, trained.flight_share) == ((0, 1.0) if alone else (2, 0.3))


def test_unsuitable_models_and_settings_are_errors() -> None:
    with pytest.raises(ParameterError, match="no network"):
        imitation_on("pid", [np.zeros(10)])
    with pytest.raises(ParameterError, match="training_flights"):
        Config(synthetic=False)
    with pytest.raises(ParameterError, match="folder"):
        run(Config())
