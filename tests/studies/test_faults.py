"""Study of faults: outages with durations of their own, choice of faults."""

from __future__ import annotations

import pytest

from snn_control.errors import ParameterError, UnknownNameError
from snn_control.studies.faults import CELLS, Config, run
from snn_control.supervision.faults import Fault, FaultKind
from snn_control.training.blimp.supervised.fault_matrix import DECLARED
from snn_control.training.blimp.supervised.flight import FlightSettings, fly

OUTAGES = Config(
    seeds=1,
    channels=("lidar", "lidar+barometer"),
    kinds=("off-60s", "off-10s"),
    scenarios=("hover", "step", "gusts-hover"),
)


def test_the_loss_of_an_outage_counts_until_its_end_in_hover() -> None:
    rows = run(OUTAGES).rows
    assert [(row["scenario"], row["channel"], row["fault"]) for row in rows] == [
        ("hover", "lidar", "off-60s"),
        ("hover", "lidar+barometer", "off-10s"),
        ("gusts-hover", "lidar", "off-60s"),
        ("gusts-hover", "lidar+barometer", "off-10s"),
    ]
    for row in rows:
        assert 0.0 < row["loss_mean_m"] == row["loss_max_m"] <= 0.4
        assert row["detected_share"] == 1.0
        assert row["detected_p50_s"] == row["detected_p95_s"] <= 0.5
        assert row["trusted_again_s"] < 1.5
        assert "estimate" in row["declared"]


def test_the_loss_is_that_of_two_separate_episodes() -> None:
    settings = FlightSettings(55.0, reference_m=lambda _: 1.4)
    off = [Fault(name, FaultKind.OFF, 30.0, 40.0) for name in ("lidar", "barometer")]
    faulty, healthy = (fly(7000, faults, settings) for faults in (off, ()))
    during = (faulty.time_s >= 30.0) & (faulty.time_s < 40.0)
    config = Config(seeds=1, channels=("lidar+barometer",), scenarios=("hover",))
    (row,) = run(config).rows
    loss_m = abs(faulty.height_m - healthy.height_m)[during].max()
    assert row["loss_max_m"] == pytest.approx(loss_m, abs=1e-9)


def test_motors_wrong_in_both_directions_are_reported() -> None:
    kinds = ("wrong", "wrong-negative")
    rows = run(Config(seeds=1, channels=("motor",), kinds=kinds, scenarios=("hover",))).rows
    assert tuple(row["fault"] for row in rows) == kinds
    assert all(row["detected_share"] == 1.0 for row in rows)
    assert rows[0]["loss_max_m"] != rows[1]["loss_max_m"]


def test_the_default_covers_all_faults() -> None:
    config = Config()
    assert {*DECLARED} < {(channel, name) for channel, name in CELLS}
    assert {(channel, name) for channel in config.channels for name in config.kinds} > {*CELLS}


def test_unknown_faults_and_combinations_without_a_fault_are_errors() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean: `lidar`"):
        Config(channels=("lidr",))
    with pytest.raises(UnknownNameError, match="unknown fault 'off-61s'"):
        Config(kinds=("off-61s",))
    with pytest.raises(ParameterError, match="for outages hover or gusts-hover"):
        Config(kinds=("off-60s",), scenarios=("step",))
