"""Sections of each kind of run, in the order of the page."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from snn_control.errors import RunError
from snn_control.report.inputs import LATENCY_KEYS, SWIM_KEYS, ReportInputs, read
from snn_control.report.sections import SECTIONS, adaptation, cores, supervision
from snn_control.supervision.modes import Mode
from tests.report.run_folder import bare_run

TIME_S = np.arange(20) * 0.1
STILL = np.zeros(20)
SWIM = dict.fromkeys(SWIM_KEYS, np.zeros((20, 3))) | {"time_s": TIME_S}
LATENCY = dict.fromkeys(LATENCY_KEYS, STILL + 0.001)
HEIGHT = {"time_s": TIME_S, "height_m": STILL, "height_ref_m": STILL, "command": STILL}
SUPERVISED = HEIGHT | {
    "mode": np.array([2.0] * 12 + [7.0] * 8),
    "mode_names": np.array([*Mode]),
    "measured_m": STILL + 1.0,
    "estimate_m": STILL + 1.0,
    "estimate_sd_m": STILL + 0.01,
    "lidar_trusted": np.array([1.0] * 10 + [0.5] * 2 + [0.0] * 8),
    "filter_s": STILL + 1e-4,
    "step_s": STILL + 1e-5,
}
LEARNED = HEIGHT | {
    "learned_gain_m_s2": np.linspace(1.1, 0.9, 20),
    "learned_bias_m_s2": STILL - 0.2,
    "hypothesis_changes": np.array([0.0] * 15 + [1.0] * 5),
    "learning": np.array([1.0] * 16 + [0.0] * 4),
    "weight_0": STILL + 0.4,
    "weight_1": STILL + 0.6,
}
TRANSFER = {"error_m": STILL, "net:pd": STILL}
CORES = {
    "net": [
        {"core": "cortex-m4f", "equal": True, "instructions_first": 17836,
         "instructions_mean": 8555.4, "instructions_later": 8701, "flash_bytes": 4477,
         "state_bytes": 540, "stack_bytes": 392, "ram_bytes": 932},
        {"core": "other", "equal": False, "instructions_first": None, "instructions_mean": None,
         "instructions_later": None, "flash_bytes": 1, "state_bytes": 1, "stack_bytes": 1,
         "ram_bytes": 2},
    ]
}  # fmt: skip
STUDY = {"study": "toy", "question": "toy question", "summary": "", "rows": [], "figures": []}
MODULES = {
    "module_places": np.array([[0], [9]]),
    "module_mean": np.ones((2, 1)),
    "module_spread": np.ones((2, 1)),
    "module_wins": np.ones((2, 1)),
    "module_due": np.ones(1),
}
ORDER = [
    *("study", "result", "precision-recall", "similarity", "queries", "modules", "video"),
    *(
        "response",
        "swim",
        "supervision",
        "adaptation",
        "spikes",
        "latency",
        "learning",
        "transfer",
        "wiring",
        "operations",
        "cores",
    ),
    "provenance",
]
ALWAYS = ["result", "video", "spikes", "learning", "wiring", "operations", "provenance"]
"""Sections that are present without data."""


def ids(**inputs) -> list[str]:
    """Return the sections of a run with these inputs."""
    run = ReportInputs(Path("nowhere"), {"seed": 0, "versions": {}}, {})
    run = dataclasses.replace(run, **inputs)
    return [section.make(run).id for section in SECTIONS if section.applies(run)]


def in_order(*names: str) -> list[str]:
    """Return sections in the order of the page."""
    return sorted(names, key=ORDER.index)


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({}, [*ALWAYS, "response", "transfer"]),
        ({"traces": {"net": HEIGHT}}, [*ALWAYS, "response", "transfer"]),
        ({"traces": {"net": SWIM}, "transfer": TRANSFER}, [*ALWAYS, "swim"]),
        ({"traces": {"net": SWIM | HEIGHT}}, [*ALWAYS, "swim"]),
        ({"cores": CORES}, [*ALWAYS, "response", "transfer", "cores"]),
        ({"place": MODULES}, [*ALWAYS, "response", "transfer", "modules"]),
    ],
)
def test_a_run_has_sections_for_data_and_missing_data(inputs, expected):
    assert ids(**inputs) == in_order(*expected)


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({"study": STUDY}, ["study", "provenance"]),
        ({"traces": {"net": LATENCY}}, ["latency", "provenance"]),
        ({"traces": {"net": LATENCY | HEIGHT}}, ["response", "latency", "provenance"]),
        (
            {"traces": {"net": LATENCY | SUPERVISED}},
            ["response", "supervision", "latency", "provenance"],
        ),
        (
            {"traces": {"net": LATENCY | LEARNED}},
            ["response", "adaptation", "latency", "provenance"],
        ),
        (
            {"study": STUDY, "traces": {"net": SWIM | HEIGHT}, "transfer": TRANSFER},
            ["study", "response", "swim", "transfer", "provenance"],
        ),
        ({"study": STUDY, "place": MODULES}, ["study", "modules", "provenance"]),
        (
            {"study": STUDY, "videos": {"net": Path("net.mp4")}},
            ["study", "video", "provenance"],
        ),
    ],
)
def test_studies_and_bus_runs_have_sections_for_data_only(inputs, expected):
    assert ids(**inputs) == in_order(*expected)


def test_supervision_shows_trust_modes_and_energy():
    inputs = ReportInputs(Path("nowhere"), {}, {}, traces={"net": SUPERVISED})
    section = supervision.make(inputs)
    modes, energy = section.tables
    assert modes.rows == [("auto", "1.2", "1"), ("coast", "0.7", "1")]
    assert [row[0] for row in energy.rows] == [
        "sensing: lidar", "computing: checks and estimate", "computing: controller",
    ]  # fmt: skip
    assert energy.rows[0][1:] == ("9.0", "18")
    assert float(energy.rows[1][2]) == pytest.approx(1000 * 20 * 1e-4 / 1.9, rel=0.01)
    names = {trace.name for trace in section.figures[0].figure.data}
    assert {"true", "measured", "estimated", "lidar not trusted", "lidar silent"} <= names


def test_adaptation_shows_parameters_hypotheses_and_rest():
    inputs = ReportInputs(Path("nowhere"), {}, {}, traces={"net": LEARNED})
    section = adaptation.make(inputs)
    (table,) = section.tables
    assert table.rows[0][1:3] == ("1.100", "0.900")
    assert table.rows[2][2] == "1"
    assert table.rows[3][2] == "80%"
    names = {trace.name for trace in section.figures[0].figure.data}
    assert {"thrust gain", "lift less weight", "hypothesis 1", "learning rests"} <= names


def test_cores_show_instructions_and_sizes():
    section = cores.make(ReportInputs(Path("nowhere"), {}, {}, cores=CORES))
    (table,) = section.tables
    assert table.rows[0] == (
        "Cortex-M4F", "yes", "17,836", "8,555", "8,701", "4,477", "540", "392", "932",
    )  # fmt: skip
    assert table.rows[1][:5] == ("other", "no", "-", "-", "-")
    assert table.marks == ["", "behind"]


@pytest.mark.parametrize("content", ["[", "[]", '{"cores": [{"core": "aarch64"}]}', '{"cores": 3}'])
def test_a_damaged_export_is_named(content, tmp_path):
    bare_run(tmp_path / "run")
    manifest = tmp_path / "run" / "exports" / "net" / "manifest.json"
    manifest.parent.mkdir(parents=True)
    manifest.write_text(content)
    with pytest.raises(RunError, match=r"exports/net/manifest.json"):
        read(tmp_path / "run")


def test_exports_without_cores_are_left_out(tmp_path):
    bare_run(tmp_path / "run")
    for name, content in (("a", {"cores": CORES["net"]}), ("b", {"verification": None})):
        manifest = tmp_path / "run" / "exports" / name / "manifest.json"
        manifest.parent.mkdir(parents=True)
        manifest.write_text(json.dumps(content))
    assert read(tmp_path / "run").cores == {"a": CORES["net"]}
