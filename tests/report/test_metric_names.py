"""Display of metrics and of the ends of their intervals."""

from __future__ import annotations

from snn_control.report.metric_names import METRICS, metric_name


def test_ends_of_an_interval_have_the_unit_of_their_metric() -> None:
    name = metric_name("overshoot_m_high")
    assert name.in_unit == f"{METRICS['overshoot_m'].label}, high end, cm"
    assert name.scale == 100
    assert name.lower_is_better is None


def test_an_unknown_metric_has_its_name() -> None:
    assert metric_name("yield_low").label == "yield_low"
    assert metric_name("yield").in_unit == "yield"
