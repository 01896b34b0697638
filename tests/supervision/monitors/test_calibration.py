"""Thresholds from block maxima: rates of false alarms on other data, files."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

from snn_control.errors import ConfigError, ParameterError
from snn_control.supervision.monitors.calibration import Thresholds, block_maxima, threshold


def correlated(hours: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return times and scores at 10 Hz, an autoregressive series as loops have."""
    rng, n = np.random.default_rng(seed), int(hours * 36_000)
    noise, x = rng.standard_normal(n), np.empty(n)
    x[0] = noise[0]
    for k in range(1, n):
        x[k] = 0.9 * x[k - 1] + noise[k]
    return 0.1 * np.arange(n), np.abs(x)


def test_block_maxima_are_those_of_complete_blocks() -> None:
    times = np.arange(0.0, 10.0)
    scores = np.array([1, 5, 2, 3, 9, 4, 0, 1, 2, 99], float)
    assert block_maxima(times, scores, 3.0).tolist() == [5, 9, 2]
    assert block_maxima([0.0, 1.0, 5.0], [1.0, 2.0, 3.0], 1.0).tolist() == [
        1,
        2,
        -math.inf,
        -math.inf,
        -math.inf,
    ]


def test_thresholds_are_order_statistics() -> None:
    maxima = np.arange(120.0)  # two hours of minutes
    assert threshold(maxima, 0.0) == 119.0
    assert threshold(maxima, 1.0) == 117.0
    assert threshold(maxima, 1e6) == 0.0


@pytest.mark.parametrize("rate", [1.0, 4.0])
def test_the_rate_holds_on_other_data(rate: float) -> None:
    limit = threshold(block_maxima(*correlated(20.0, 1)), rate)
    alarms = (block_maxima(*correlated(20.0, 2)) > limit).sum()
    expected = rate * 20.0
    assert abs(alarms - expected) <= 4.0 * math.sqrt(2.0 * expected)


def test_short_and_inconsistent_records_are_refused() -> None:
    for times, scores in (([0.0, 1.0], [1.0, 2.0]), ([0.0], [1.0, 2.0]), ([], [])):
        with pytest.raises(ParameterError):
            block_maxima(times, scores)
    for maxima, rate in (([], 1.0), ([1.0], -1.0), ([1.0], math.nan)):
        with pytest.raises(ParameterError):
            threshold(maxima, rate)


def test_files_are_read_back_and_checked() -> None:
    made = Thresholds(0.125, 12.0, "nominal flight", {"lidar": {"nis": 31.5, "age": math.inf}})
    document = json.loads(json.dumps(made.to_document()))
    assert Thresholds.from_document(document, "file") == made
    assert made.of("lidar", ["nis"]) == {"nis": 31.5}
    with pytest.raises(ConfigError, match="monitor cusum of lidar is not calibrated"):
        made.of("lidar", ["cusum"])
    changes: tuple[dict[str, Any], ...] = (
        {"values": []}, {"values": {"lidar": {"nis": math.nan}}}, {"hour": 1.0},
    )  # fmt: skip
    wrong: list[Any] = [[], {}, *(document | change for change in changes)]
    for content in wrong:
        with pytest.raises(ConfigError, match="file: "):
            Thresholds.from_document(content, "file")
