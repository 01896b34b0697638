"""Page of a swimmer: body wave and spikes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from snn_control.controllers import load
from snn_control.runs import Run
from snn_control.training.evaluate import evaluate, write_evaluation
from tests.needs import NEEDS_REPORT

pytest.importorskip("plotly", reason=NEEDS_REPORT)


def test_the_page_shows_wave_and_spikes(tmp_path: Path) -> None:
    from snn_control.report import render_report

    run = Run.create(tmp_path / "run", command="", config=None, seed=0)
    for name in ("swimmer-spiking", "swimmer-graded"):
        swimmer = load(name, n_links=4)
        evaluation = evaluate(swimmer, name, seeds=[3], n_ticks=200)
        write_evaluation(evaluation, run.folder, swimmer)
    run.finish()
    page = render_report(run.folder)
    assert re.findall(r'<section id="([a-z]+)"', page)[:3] == ["result", "video", "swim"]
    assert 'id="response"' not in page
    assert 'id="plot-spikes"' in page
    with np.load(run.folder / "traces" / "swimmer-spiking.npz") as trace:
        assert trace["joint_rad"].shape == trace["effort"].shape == (200, 3)
        assert trace["population_sizes"].tolist() == [6, 6]
        speeds = trace["forward_speed_m_s"]
        assert len(trace["spike_tick"]) > 0
    with np.load(run.folder / "traces" / "swimmer-graded.npz") as trace:
        assert "spike_tick" not in trace
    assert "recorded in another episode" not in page
    other = load("swimmer-graded", n_links=4)
    evaluation = evaluate(other, "the-other", seeds=[4], n_ticks=200)
    write_evaluation(evaluation, run.folder, other)
    assert "recorded in another episode: the-other." in render_report(run.folder)
    episode = json.loads((run.folder / "eval" / "swimmer-spiking-default.json").read_text())
    assert episode["mean"]["mean_speed_m_s"] == pytest.approx(speeds.mean(), rel=0.02)
