"""Growth of a Pareto front: hypervolume against a closed form, and its box after a resume."""

import json

import numpy as np
import pytest

from snn_control.controllers import load
from snn_control.runs import Run
from snn_control.training.evolution.front import FrontGrowth, save_front
from snn_control.training.evolution.objective import parse_objectives
from tests.controllers.test_network_controller import NetworkController, network

OBJECTIVES = parse_objectives(["error_m", "reward"])
COSTS = np.array([[0.0, 10.0], [4.0, 0.0], [2.0, 5.0]])


def test_the_hypervolume_is_that_of_rectangles_in_the_box_of_the_first_generation():
    """Corners at a half of both axes: one quarter; at the best of both: the whole box."""
    growth = FrontGrowth(OBJECTIVES)
    first = growth.record(COSTS, np.array([[2.0, 5.0]]))
    assert first["box"] == [[0.0, 0.0], [4.0, 10.0]]
    assert first["hypervolume"] == pytest.approx(0.25)
    assert first["objectives"] == {"error_m": 2.0, "reward": -5.0}
    later = growth.record(COSTS - 100.0, np.array([[0.0, 0.0], [1.0, -10.0]]))
    assert "box" not in later
    assert later["hypervolume"] == pytest.approx(1.0 + 0.75)
    worse = growth.record(COSTS, np.array([[4.0, 10.0], [9.0, -3.0]]))
    assert worse["hypervolume"] == 0.0


def test_a_resumed_run_keeps_its_box():
    growth = FrontGrowth(OBJECTIVES)
    records = [growth.record(COSTS, COSTS)]
    again = FrontGrowth(OBJECTIVES, [*records, {"generation": 2}])
    front = np.array([[1.0, 1.0]])
    assert again.record(COSTS * 7, front) == growth.record(COSTS * 7, front)


def test_equal_and_infinite_costs_have_a_finite_hypervolume():
    growth = FrontGrowth(OBJECTIVES)
    costs = np.array([[1.0, 2.0], [1.0, 3.0], [np.inf, np.inf]])
    record = growth.record(costs, costs[:1])
    assert record["box"] == [[1.0, 2.0], [1.0, 3.0]]
    assert np.isfinite(record["hypervolume"])


def test_models_and_values_are_written_by_ascending_cost(tmp_path):
    run = Run.create(tmp_path / "run", command="x", config={}, seed=0)
    front = np.zeros((3, 1)), np.array([[2.0, -7.0], [1.0, -3.0], [2.0, -7.0]])

    def make(genome):
        return NetworkController(network())

    save_front(run, "own", OBJECTIVES, front, make, {"generation": 4})
    rows = json.loads((run.folder / "exports" / "front.json").read_text())
    assert [(row["error_m"], row["reward"]) for row in rows] == [(1.0, 3.0), (2.0, 7.0)]
    assert [row["costs"] for row in rows] == [[1.0, -3.0], [2.0, -7.0]]
    model = load(run.folder / rows[1]["model"])
    assert dict(model.about) == {"name": "own-01", "generation": 4}
