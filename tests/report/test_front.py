"""Sections of a run with several objectives, and of one in an environment of any origin."""

import json

import numpy as np
import pytest

from snn_control.errors import RunError
from snn_control.report.inputs import read
from snn_control.report.sections import front, response, signals
from snn_control.runs.checksums import pack_arrays
from tests.report.run_folder import bare_run

ROWS = [
    {"model": "exports/front/00.json", "reward": 9.0, "rmse_m": 0.5, "costs": [-9.0, 0.5]},
    {"model": "exports/front/01.json", "reward": 8.0, "rmse_m": 0.1, "costs": [-8.0, 0.1]},
    {"model": "exports/front/02.json", "reward": 1.0, "rmse_m": 0.0, "costs": [-1.0, 0.0]},
]


@pytest.fixture
def inputs(tmp_path):
    run = bare_run(tmp_path / "run")
    for k in range(3):
        best = {"reward": 7.0 + k, "rmse_m": 0.1}
        record = {"generation": k, "best": -9.0, "median": 0.0, "evaluations": k}
        run.log(record | {"hypervolume": 0.5 + k, "objectives": best})
    run.finish()
    for name in ("exports", "traces"):
        (run.folder / name).mkdir()
    (run.folder / "exports" / "front.json").write_text(json.dumps(ROWS))
    arrays = {
        "observations": np.zeros((5, 2)), "observation_names": np.array(["x_m", "v_m_s"]),
        "actions": np.ones((5, 1)), "action_names": np.array(["force_n"]), "seed": np.array(3),
    }  # fmt: skip
    (run.folder / "traces" / "own.npz").write_bytes(pack_arrays(arrays))
    return read(run.folder)


def test_the_front_marks_the_knee_and_has_a_command_for_each_member(inputs):
    assert front.applies(inputs)
    section = front.make(inputs)
    (table,) = section.tables
    assert table.columns[1:3] == ("Reward", "RMSE of the whole run, cm")
    assert [row[0] for row in table.rows] == ["00.json", "01.json (knee)", "02.json"]
    command = f"snn-control eval {inputs.folder.as_posix()}/exports/front/00.json"
    assert table.rows[0][1:] == ("9", "50", command)
    scatter, growth = (figure.figure for figure in section.figures)
    assert scatter.data[0].x == (9.0, 8.0, 1.0)
    assert scatter.data[0].y == (50.0, 10.0, 0.0)
    assert "RMSE of the whole run, cm: 10" in scatter.data[0].hovertext[1]
    assert (scatter.data[1].x, scatter.data[1].y) == ((8.0,), (10.0,))
    assert growth.data[0].y == (0.5, 1.5, 2.5)
    assert growth.data[1].y == (7.0, 8.0, 9.0)


def test_signals_replace_the_response(inputs):
    assert signals.applies(inputs)
    assert not response.applies(inputs)
    (figure,) = signals.make(inputs).figures
    titles = [axis.title.text for axis in figure.figure.select_yaxes()]
    assert titles == ["x_m", "v_m_s", "force_n"]
    assert figure.figure.data[2].y.tolist() == [1.0] * 5


def test_a_front_without_costs_is_read_and_a_damaged_one_is_an_error(inputs):
    path = inputs.folder / "exports" / "front.json"
    path.write_text(json.dumps([{"model": "exports/front/00.json", "rmse_m": 0.5}]))
    assert front.make(inputs).tables[0].rows[0][0] == "00.json (knee)"
    for text in ("[", "[]", "[1]", "{}"):
        path.write_text(text)
        with pytest.raises(RunError, match="not a Pareto front"):
            front.make(inputs)
