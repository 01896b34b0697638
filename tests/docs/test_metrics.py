"""Page on metrics: every metric with a display name, and every metric of an episode."""

from __future__ import annotations

import re

from snn_control import load, make, rollout
from snn_control.report.metric_names import METRICS
from tests.docs.pages import DOCS

LISTED = set(re.findall(r"`([a-z_0-9]+)`", (DOCS / "reference" / "metrics.md").read_text("utf-8")))
STUDIES = {"speed_m_s", "last_speed_m_s", "return", "best_return", "settling_time_s"}
"""Columns of the tables of studies and of the page."""


def test_every_metric_is_listed() -> None:
    assert METRICS.keys() - STUDIES <= LISTED


def test_metrics_of_episodes_are_listed() -> None:
    blimp = rollout(load("pid"), make("BlimpAltitude-v0", duration_s=60.0), seed=1).metrics
    swimmer = rollout(load("swimmer-graded"), make("Swim-v0"), seed=1).metrics
    corridor = rollout(load("gap"), make("CorridorNav-v0", duration_s=2.0), seed=1).metrics
    assert blimp.keys() | swimmer.keys() | corridor.keys() <= LISTED
