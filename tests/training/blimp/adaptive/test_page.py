"""Traces of adapting blimps for their section of the page."""

from __future__ import annotations

import pytest

from snn_control.report.inputs import ADAPTATION_KEYS
from snn_control.training.evaluate import evaluate
from snn_control.training.model_name import load_named


@pytest.mark.parametrize("name", ["blimp-adaptive", "pid:adapting"])
def test_trace_of_an_adapting_blimp(name: str) -> None:
    result = evaluate(load_named(name), name, seeds=[1], duration_s=30.0).episodes[0]
    assert set(ADAPTATION_KEYS) <= result.trace.keys()
    assert any(key.startswith("weight_") for key in result.trace)
