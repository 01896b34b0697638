"""What a page tells to cite."""

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


def flown(environment: str) -> inputs.ReportInputs:
    found = inputs.Evaluation("mine", "subject", environment, "default", (), [], {}, {})
    return replace(EMPTY, evaluations=[found])


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (study("place"), PLACES),
        (replace(EMPTY, place={"similarity": np.zeros(1)}), PLACES),
        (flown("snn_control/Route-v0"), PLACES),
        (study("swimmer-damage"), ["swimmer"]),
        (flown(Swimmer.environment), ["swimmer"]),
        (replace(EMPTY, config={"name": "swimmer-graded"}), ["swimmer"]),
        (study("mismatch"), ["blimp"]),
        (flown(f"{Blimp.environment} over ROS 2"), ["blimp"]),
        (replace(EMPTY, config={"name": "blimp-demo"}), ["blimp"]),
        (flown("mine/Rail-v0"), []),
    ],
    ids=str,
)  # fmt: skip
def test_a_run_cites_what_it_is_of(given: inputs.ReportInputs, expected: list[str]) -> None:
    assert provenance.works(given) == expected


@pytest.mark.parametrize("name", STUDIES)
def test_each_study_cites_something(name: str) -> None:
    assert provenance.works(study(name))


def test_all_works_are_among_the_citations() -> None:
    assert set(provenance.WORKS) <= set(CITATIONS)


def test_the_page_of_a_place_study_cites_places_and_no_blimp(tmp_path: Path) -> None:
    Run.create(tmp_path, command="snn-control study place", config={}, seed=0).finish()
    content = {"study": "place", "question": "", "summary": "", "rows": [], "figures": []}
    (tmp_path / "study.json").write_text(json.dumps(content))
    (*_, bibtex) = provenance.make(inputs.read(tmp_path)).listings
    for cited in ("2209.08723", "10.1109/ICRA.2012.6224623", "@software{snn_control"):
        assert cited in bibtex.text
    assert "burgers" not in bibtex.text
