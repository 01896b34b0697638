"""Spiking population against closed forms, and the study of its homeostasis on few runs."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from snn_control.errors import ParameterError
from snn_control.studies.adaptation import homeostat_limit
from snn_control.studies.support.population import Population, PopulationConfig

SETTINGS = PopulationConfig()


def mean_rate(population: Population) -> float:
    population.advance(1000)
    return population.advance(30_000)


@pytest.mark.parametrize("noise_sd", [0.1, 0.35])
@pytest.mark.parametrize("rate", [15.0, 32.0, 50.0])
def test_rate_without_recurrence_is_that_of_siegert(noise_sd: float, rate: float) -> None:
    settings = dataclasses.replace(SETTINGS, noise_sd=noise_sd, rate=rate)
    population = Population(settings, loop_gain=0.0, eta=0.0, seed=1)
    assert settings.stationary_rate(settings.drive_at_target()) == pytest.approx(rate)
    assert mean_rate(population) == pytest.approx(rate, rel=0.03)


@pytest.mark.parametrize("loop_gain", [0.0, 0.5, 0.8])
def test_recurrence_has_its_loop_gain(loop_gain: float) -> None:
    """Change of the rate by all thresholds: the slope without recurrence over 1 - gain."""
    rates = []
    for theta in (0.98, 1.02):
        population = Population(SETTINGS, loop_gain=loop_gain, eta=0.0, seed=2)
        population.thresholds[:] = theta
        rates.append(mean_rate(population))
    slope = (rates[0] - rates[1]) / 0.04
    assert slope == pytest.approx(SETTINGS.threshold_slope() / (1.0 - loop_gain), rel=0.1)


def test_homeostasis_holds_the_target_against_a_shift() -> None:
    population = Population(SETTINGS, loop_gain=0.5, eta=0.002, seed=3)
    population.thresholds[:] = 0.8
    population.advance(20_000)
    assert population.advance(20_000) == pytest.approx(SETTINGS.rate, rel=0.01)
    assert population.thresholds.mean() == pytest.approx(1.0, abs=0.02)


def test_a_population_out_of_range_is_refused() -> None:
    for change in ({"neurons": 0}, {"rate": 0.0}, {"tau_m_s": -0.02}):
        with pytest.raises(ParameterError, match="expected"):
            dataclasses.replace(SETTINGS, **change)


def config(**settings: Any) -> homeostat_limit.Config:
    own: dict[str, Any] = {
        "seeds": 3, "calibration_seeds": 3, "loop_gains": (0.9,), "ratios": (0.3, 10.0),
        "duration_s": 60.0,
    }  # fmt: skip
    return homeostat_limit.Config(**own | settings)


def test_too_fast_homeostasis_diverges_is_refused_and_detected() -> None:
    reported: list[str] = []
    result = homeostat_limit.run(config(), progress=reported.append)
    without, fast, slow = result.rows
    assert [row["ratio"] for row in result.rows] == [None, 0.3, 10.0]
    assert fast["relative_sd"] > 5.0 * without["relative_sd"]
    assert (fast["unsafe"], fast["refused"], fast["detected_if_run"]) == (1.0, 1.0, 1.0)
    assert (fast["detected"], fast["missed"]) == (0.0, 0.0)
    assert 0.0 < fast["detected_after_s"] < 20.0
    assert slow["relative_sd"] < 1.4 * without["relative_sd"]
    for row in (without, slow):
        assert (row["unsafe"], row["refused"], row["false_alarms"]) == (0.0, None, 0.0)
    assert "3 of 6 runs are unsafe" in result.summary
    assert len(reported) == 1


def test_runs_that_a_smaller_factor_accepts_are_detected() -> None:
    """Unsafe runs exactly at the limit, which a factor of 1 accepts."""
    row = homeostat_limit.run(config(ratios=(1.0,), factor=1.0, unsafe=1.2)).rows[1]
    assert row["unsafe"] > 0.5
    assert row["refused"] == 0.0
    assert row["detected"] > 0.5
    assert row["detected"] + row["missed"] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"loop_gains": (1.0,)}, "below 1"),
        ({"ratios": (0.0,)}, "ratios"),
        ({"factor": 0.5}, "factor"),
        ({"unsafe": 1.0}, "unsafe"),
        ({"duration_s": 20.0}, "twice the window"),
        ({"calibration_seeds": 0}, "calibration seed"),
        ({"margin": 0.0}, "margin"),
    ],
)
def test_settings_out_of_range_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        config(**change)


def test_seeds_differ_and_repeat() -> None:
    first, again, other = (
        Population(SETTINGS, loop_gain=0.5, eta=0.01, seed=seed) for seed in (1, 1, 2)
    )
    rates = [[p.advance(100) for _ in range(20)] for p in (first, again, other)]
    assert rates[0] == rates[1] != rates[2]
    np.testing.assert_array_equal(first.thresholds, again.thresholds)
