"""Display of metrics, and of intervals in the tables of studies."""

from __future__ import annotations

from snn_control.report.metric_names import metric_name
from snn_control.report.study_file import part_tables, study_table


def test_an_unknown_metric_has_its_name() -> None:
    assert metric_name("yield").in_unit == "yield"


def test_both_forms_of_an_interval_are_merged() -> None:
    row = {"a": 2.0, "a_low": 1.5, "a_high": 2.5, "b": 1.0, "b_ci95": 0.25, "overshoot_m": 0.1,
           "overshoot_m_low": 0.08, "overshoot_m_high": 0.12}  # fmt: skip
    columns, cells = study_table([row])
    assert columns == ("a", "b", "Overshoot, cm")
    assert cells == [("2 ± 0.5", "1 ± 0.25", "10 ± 2")]
    (part,) = part_tables([row], [{"title": "t", "labels": ["b"], "columns": ["a"]}])
    assert part.rows == [("1 ± 0.25", "2 ± 0.5")]


def test_a_column_of_a_limit_without_a_mean_is_kept() -> None:
    assert study_table([{"price_low": 3.0}]) == (("price low",), [("3",)])
