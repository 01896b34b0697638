"""Each kind of run has the sections that apply to it, in the order of the page."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from snn_control.report.inputs import LATENCY_KEYS, SWIM_KEYS, ReportInputs
from snn_control.report.sections import SECTIONS

TIME_S = np.arange(20) * 0.1
STILL = np.zeros(20)
SWIM = dict.fromkeys(SWIM_KEYS, np.zeros((20, 3))) | {"time_s": TIME_S}
LATENCY = dict.fromkeys(LATENCY_KEYS, STILL + 0.001)
FLIGHT = {"time_s": TIME_S, "height_m": STILL, "height_ref_m": STILL, "command": STILL}
TRANSFER = {"error_m": STILL, "net:pd": STILL}
STUDY = {"study": "toy", "question": "what a toy does", "summary": "", "rows": [], "figures": []}
MODULES = {
    "module_places": np.array([[0], [9]]),
    "module_mean": np.ones((2, 1)),
    "module_spread": np.ones((2, 1)),
    "module_wins": np.ones((2, 1)),
    "module_due": np.ones(1),
}
ORDER = [
    *("study", "result", "precision-recall", "similarity", "queries", "modules", "video"),
    *("response", "swim", "spikes", "latency", "learning", "transfer", "wiring", "operations"),
    "provenance",
]
ALWAYS = ["result", "video", "spikes", "learning", "wiring", "operations", "provenance"]
"""Sections that say what is missing."""


def ids(**given) -> list[str]:
    """Return the sections of a run of which some inputs are given."""
    run = ReportInputs(Path("nowhere"), {"seed": 0, "versions": {}}, {})
    run = dataclasses.replace(run, **given)
    return [section.make(run).id for section in SECTIONS if section.applies(run)]


def in_order(*names: str) -> list[str]:
    """Return sections in the order of the page."""
    return sorted(names, key=ORDER.index)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, [*ALWAYS, "response", "transfer"]),
        ({"traces": {"net": FLIGHT}}, [*ALWAYS, "response", "transfer"]),
        ({"traces": {"net": SWIM}, "transfer": TRANSFER}, [*ALWAYS, "swim"]),
        ({"traces": {"net": SWIM | FLIGHT}}, [*ALWAYS, "swim"]),
        ({"place": MODULES}, [*ALWAYS, "response", "transfer", "modules"]),
    ],
)
def test_a_run_shows_what_it_has_and_what_it_lacks(given, expected):
    assert ids(**given) == in_order(*expected)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"study": STUDY}, ["study", "provenance"]),
        ({"traces": {"net": LATENCY}}, ["latency", "provenance"]),
        ({"traces": {"net": LATENCY | FLIGHT}}, ["response", "latency", "provenance"]),
        (
            {"study": STUDY, "traces": {"net": SWIM | FLIGHT}, "transfer": TRANSFER},
            ["study", "response", "swim", "transfer", "provenance"],
        ),
        ({"study": STUDY, "place": MODULES}, ["study", "modules", "provenance"]),
        (
            {"study": STUDY, "videos": {"net": Path("net.mp4")}},
            ["study", "video", "provenance"],
        ),
    ],
)
def test_studies_and_runs_on_a_bus_show_only_what_they_have(given, expected):
    assert ids(**given) == in_order(*expected)
