"""Study of the hold on a lidar that is read, or sends, only when it is due."""

from __future__ import annotations

import math

import numpy as np
import pytest

from snn_control.controllers import load
from snn_control.errors import ParameterError, UnknownNameError
from snn_control.studies.adaptive_sensing import Config, run
from snn_control.studies.support.sensed_flights import OnDelta, Sampled, hold_height
from snn_control.supervision.send_on_delta import DeltaConfig
from snn_control.supervision.sensing_rate import FixedRate, VarianceLimit

ROWS = {
    "fixed rate",
    "fixed rate, Q from the NIS",
    "P > tau^2, fixed Q",
    "P > tau^2, Q from the NIS",
    "send-on-delta, hold",
    "send-on-delta, prediction",
    "send-on-delta, estimate",
    "send-on-delta, prediction, 20 % lost, no key frames",
    "send-on-delta, prediction, 20 % lost, key frames",
    "send-on-delta, estimate, 20 % lost, each a key frame",
}


def test_every_trigger_has_a_row_beside_the_fixed_rate_at_its_mean_rate() -> None:
    config = Config(seeds=2, duration_s=150.0, rates_hz=(1.0,), limits_m=(0.02,), deltas_m=(0.02,))
    rows = run(config).rows
    assert {row["trigger"] for row in rows} == ROWS
    assert len(rows) == 2 * len(ROWS)
    for row in rows:
        ratio = row["rmse_m"] / row["fixed_rmse_m"]
        assert row["rmse_ratio"] == pytest.approx(ratio)
        assert 0.005 < row["rmse_m"] < 0.5
        assert 0.2 < row["mean_rate_hz"] < 1.6
    fixed, predicted = (
        next(r for r in rows if (r["conditions"], r["trigger"]) == ("steady", trigger))
        for trigger in ("fixed rate", "send-on-delta, prediction")
    )
    assert fixed["rmse_ratio"] == 1.0
    assert fixed["mean_rate_hz"] == pytest.approx(1.0, abs=0.02)
    assert predicted["rmse_ratio"] < 0.9


def test_a_limit_of_the_variance_is_a_fixed_rate_and_runs_are_paired() -> None:
    model = load("blimp-altitude")
    limited = hold_height(model, Sampled(VarianceLimit(0.02)), 3, 120.0, "steady")
    fixed = hold_height(model, Sampled(FixedRate(1.0 / limited.rate_hz)), 3, 120.0, "steady")
    assert fixed.rate_hz == pytest.approx(limited.rate_hz, abs=0.02)
    assert fixed.rmse_m == pytest.approx(limited.rmse_m, rel=0.3)
    again = hold_height(model, Sampled(FixedRate(1.0 / limited.rate_hz)), 3, 120.0, "steady")
    assert again == fixed


def test_a_delta_of_zero_sends_every_range_and_equals_full_sensing() -> None:
    model = load("blimp-altitude")
    full = hold_height(model, Sampled(FixedRate(1e-3)), 4, 90.0, "alternating")
    stream = DeltaConfig(0.0, math.inf)
    sent = hold_height(model, OnDelta(stream, "predict"), 4, 90.0, "alternating")
    assert sent.rate_hz == pytest.approx(full.rate_hz, rel=0.01)
    np.testing.assert_allclose(sent.rmse_m, full.rmse_m, rtol=0.05)


@pytest.mark.parametrize(
    "wrong", [{"duration_s": 30.0}, {"loss": 1.0}, {"rates_hz": ()}, {"deltas_m": ()}]
)
def test_settings_out_of_range_are_errors(wrong: dict[str, object]) -> None:
    with pytest.raises(ParameterError, match=next(iter(wrong))):
        Config(**wrong)  # type: ignore[arg-type]
    with pytest.raises(UnknownNameError, match="steady"):
        Config(conditions=("steadi",))
