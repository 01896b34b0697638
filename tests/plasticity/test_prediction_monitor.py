"""Monitor of predictions: divergence, its end, retries."""

from __future__ import annotations

import math

from snn_control.plasticity.prediction_monitor import PredictionMonitor


def monitor(rest_s: float = 1000.0) -> PredictionMonitor:
    return PredictionMonitor(limit=25.0, recovered=4.0, tau_s=2.0, rest_s=rest_s)


def ticks_until(made: PredictionMonitor, nis: float, message: str) -> int:
    """Return the number of measurements of a NIS until a message."""
    for tick in range(1, 1000):
        if message in made.update(nis, 0.1):
            return tick
    raise AssertionError(message)


def test_the_mean_follows_its_closed_form() -> None:
    """1 + (80 - 1) (1 - exp(-t / tau)) exceeds 25 at t = -2 ln(1 - 24 / 79) s."""
    expected = math.ceil(-2.0 * math.log(1.0 - 24.0 / 79.0) / 0.1)
    made = monitor()
    assert ticks_until(made, 80.0, "mean squared") == expected
    assert made.diverged
    ticks_until(made, 1.0, "agree again")
    assert not made.diverged


def test_one_outlier_is_no_divergence() -> None:
    made = monitor()
    assert not made.update(1e9, 0.1)
    assert not made.diverged


def test_learning_is_tried_again_in_time_and_the_predictions_stay_unused() -> None:
    made = monitor(rest_s=2.0)
    ticks_until(made, 1e9, "mean squared")
    assert made.rests
    events = [made.wait(0.1) for _ in range(21)]
    assert events[:19] == [""] * 19
    assert "learning is tried again" in events
    assert not made.rests
    assert made.diverged, "until they agree"
    assert not made.wait(1e3), "no rest"
    ticks_until(made, 1.0, "agree again")
    assert not made.diverged


def test_a_second_divergence_rests_again() -> None:
    made = monitor(rest_s=0.1)
    ticks_until(made, 1e9, "mean squared")
    made.wait(0.1)
    assert ticks_until(made, 1e9, "mean squared") > 1
    assert made.rests


def test_another_hypothesis_has_time_to_prove_itself_once() -> None:
    before, after = monitor(), monitor()
    for made in (before, after):
        while made.mean < 24.0:
            made.update(50.0, 0.1)
    after.change_hypothesis()
    assert after.mean == 12.5
    for _ in range(5):
        after.update(20.0, 0.1)
    mean = after.mean
    after.change_hypothesis()
    assert after.mean == mean
    assert ticks_until(after, 80.0, "mean squared") > ticks_until(before, 80.0, "mean squared")


def test_a_failure_counts_until_the_predictions_agree() -> None:
    made = monitor()
    made.fail("prediction is not finite")
    assert made.diverged == "prediction is not finite"
    assert ticks_until(made, 1.0, "agree again") > 10
