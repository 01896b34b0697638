"""Rows of a comparison against the metrics of the episodes, and errors."""

import dataclasses

import numpy as np
import pytest

from snn_control.controllers import PID, PIDConfig
from snn_control.controllers.blimp.quantised_twin import QuantisedTwin
from snn_control.errors import ConfigError, ParameterError, UnknownNameError
from snn_control.training.comparison import compare_rows, load_all
from snn_control.training.evaluate import evaluate
from snn_control.training.model_name import load_named


@pytest.fixture(scope="module")
def evaluations():
    seeds = range(50, 54)
    return [
        evaluate(pid, name, seeds=seeds, preset="clean", duration_s=100.0)
        for name, pid in (("pid", PID()), ("soft", PID(PIDConfig(kp=4.0))))
    ]


def test_rows_hold_means_and_paired_ratios(evaluations):
    rows = {(r["metric"], r["controller"]): r for r in compare_rows(evaluations, "pid")}
    mine, theirs = (
        np.array([e.metrics["rmse_m"] for e in evaluations[k].episodes]) for k in (1, 0)
    )
    row = rows["rmse_m", "soft"]
    assert row["mean"] == pytest.approx(mine.mean())
    assert row["ratio"] == pytest.approx(mine.mean() / theirs.mean())
    assert row["ratio"] > 1.0
    assert "ratio" not in rows["rmse_m", "pid"]
    assert rows["spikes_per_s", "soft"]["mean"] == 0.0
    turned = {(r["metric"], r["controller"]): r for r in compare_rows(evaluations, "soft")}
    assert turned["rmse_m", "pid"]["ratio"] == pytest.approx(1 / row["ratio"])


def test_comparisons_need_a_known_name_and_equal_seeds(evaluations):
    with pytest.raises(UnknownNameError, match="Did you mean: `soft`"):
        compare_rows(evaluations, "sofd")
    other = dataclasses.replace(evaluations[1], seeds=(1, 2, 3, 4))
    with pytest.raises(ConfigError, match="same seeds"):
        compare_rows([evaluations[0], other], "pid")


def test_episodes_of_two_bodies_are_not_compared():
    evaluations = []
    for name in ("swimmer:4-links", "swimmer:untrained:4-links", "swimmer:5-links"):
        swimmer = load_named(name)
        evaluations.append(evaluate(swimmer, name, seeds=[1], n_ticks=50))
    assert compare_rows(evaluations[:2], "swimmer:4-links")
    with pytest.raises(ConfigError, match=r"options of swimmer:4-links.*of swimmer:5-links"):
        compare_rows(evaluations, "swimmer:4-links")


def test_short_names_must_differ():
    assert list(load_all(["pid", "blimp-altitude"])) == ["pid", "blimp-altitude"]
    with pytest.raises(ConfigError, match="occurs twice"):
        load_all(["pid", "pid"])


def test_a_twin_is_named_after_its_controller():
    assert isinstance(load_all(["blimp-altitude-twin"])["blimp-altitude-twin"], QuantisedTwin)
    with pytest.raises(ParameterError, match="has a twin"):
        load_all(["pid-twin"])
    with pytest.raises(UnknownNameError, match="Did you mean: `blimp-altitude`"):
        load_all(["blimp-altitud-twin"])
