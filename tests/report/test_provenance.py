"""Citations on the report page."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from snn_control.citations import CITATIONS
from snn_control.report import inputs
from snn_control.report.sections import provenance
from snn_control.runs import Run
from snn_control.studies import STUDIES
from snn_control.training.blimp.system import Blimp
from snn_control.training.swimmer.system import Swimmer

PLACES = ["place", "seqslam"]
EMPTY = inputs.ReportInputs(Path(), {}, {})


def study(name: str) -> inputs.ReportInputs:
    return replace(EMPTY, study={"study": name})


def evaluated(environment: str) -> inputs.ReportInputs:
    evaluation = inputs.Evaluation("mine", "subject", environment, "default", (), [], {}, {})
    return replace(EMPTY, evaluations=[evaluation])


@pytest.mark.parametrize(
    ("report_inputs", "expected"),
    [
        (study("place"), PLACES),
        (replace(EMPTY, place={"similarity": np.zeros(1)}), PLACES),
        (evaluated("snn_control/Route-v0"), PLACES),
        (study("swimmer-damage"), ["swimmer"]),
        (evaluated(Swimmer.environment), ["swimmer"]),
        (replace(EMPTY, config={"name": "swimmer-graded"}), ["swimmer"]),
        (study("mismatch"), ["blimp"]),
        (study("strategies"), ["cma-es", "deap"]),
        (evaluated(f"{Blimp.environment} over ROS 2"), ["blimp"]),
        (replace(EMPTY, config={"name": "blimp-demo"}), ["blimp"]),
        (evaluated("mine/Rail-v0"), []),
    ],
    ids=str,
)  # fmt: skip
def test_a_run_cites_the_work_it_builds_on(
    report_inputs: inputs.ReportInputs, expected: list[str]
) -> None:
    assert provenance.works(report_inputs) == expected


@pytest.mark.parametrize("name", STUDIES)
def test_each_study_cites_something(name: str) -> None:
    assert provenance.works(study(name))


def test_all_works_are_among_the_citations() -> None:
    assert set(provenance.WORKS) <= set(CITATIONS)


def test_a_place_study_cites_places_and_not_the_blimp(tmp_path: Path) -> None:
    Run.create(tmp_path, command="snn-control study place", config={}, seed=0).finish()
    content = {"study": "place", "question": "", "summary": "", "rows": [], "figures": []}
    (tmp_path / "study.json").write_text(json.dumps(content))
    (*_, bibtex) = provenance.make(inputs.read(tmp_path)).listings
    for cited in ("2209.08723", "10.1109/ICRA.2012.6224623", "@software{snn_control"):
        assert cited in bibtex.text
    assert "burgers" not in bibtex.text
