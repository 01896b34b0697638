"""Command line of `fit`, from flight logs to a parameter file that `eval` reads."""

import json

import pytest
import yaml

from snn_control.cli.main import main
from snn_control.controllers import PID
from snn_control.envs.blimp.parameter_file import read_parameters, write_parameters
from snn_control.errors import ConfigError
from snn_control.training.blimp.system import Blimp
from snn_control.training.environment import make_environment
from snn_control.training.rollout import rollout

HEADER = "time_s,h_ref_m,h_meas_m,u_motor_units\n"
TRUTH = {"thrust_gain_m_s2": 1.5, "transport_delay_s": 0.22, "hover_motor_units": 3.4}
BLIMP = TRUTH | {"spread": 0.0, "reference_hold_s": 20.0}


@pytest.fixture(scope="module")
def logs(tmp_path_factory):
    """Logs of two flights of a blimp with known parameters under the PID."""
    folder = tmp_path_factory.mktemp("my logs")
    env = make_environment(Blimp.environment, preset="clean", parameters=BLIMP, duration_s=100.0)
    for seed in (1, 2):
        t = rollout(PID(), env, seed=seed).trace
        columns = (t["time_s"], t["height_ref_m"], t["range_m"], t["motor_command"])
        rows = "".join(
            ",".join(f"{x:.6f}" for x in row) + "\n" for row in zip(*columns, strict=True)
        )
        (folder / f"{seed}.csv").write_text("# recorded flight\n" + HEADER + rows)
    return [str(folder / "1.csv"), str(folder / "2.csv")]


def test_fitted_parameters_are_written_and_used_by_eval(logs, tmp_path, capsys):
    out = tmp_path / "blimp.yaml"
    assert main(["fit", *logs, "--out", str(out)]) == 0
    text = capsys.readouterr().out
    assert text.splitlines()[-1] == str(out)
    assert "m/s^2" in text
    fitted = yaml.safe_load(out.read_text())
    assert fitted == read_parameters(out)
    for name, value in TRUTH.items():
        assert fitted[name] == pytest.approx(value, rel=0.15), name
    words = ["eval", "pid", "--episodes", "1", "--duration-s", "100", "--parameters", str(out)]
    assert main(words) == 0


def test_json_has_replay_errors_of_each_log(logs, capsys):
    assert main(["fit", logs[0], "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["rmse_m"] < 0.02 < result["rmse_before_m"]
    assert [f["path"] for f in result["flights"]] == logs[:1]
    assert len(result["flights"][0]["window_rmse_m"]) == 9
    assert "out" not in result


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        (HEADER, "0 rows"),
        (HEADER + "0,1,1,3\n1,1,one,3\n", "line 3"),
        ("time_s,h_ref_m,h_meas_m\n0,1,1\n1,1,1\n", "u_motor_units"),
        (HEADER + "".join(f"{k / 10},1,1,3\n" for k in range(50)), "needs 13.0 s"),
    ],
)
def test_a_malformed_log_is_named_in_a_one_line_error(text, message, tmp_path, capsys):
    path = tmp_path / "log.csv"
    path.write_text(text)
    out = tmp_path / "blimp.yaml"
    assert main(["fit", str(path), "--out", str(out)]) == 1
    error = capsys.readouterr().err
    assert len(error.splitlines()) == 1
    assert message in error
    assert str(path) in error
    assert not out.exists()


def test_a_fit_at_its_bounds_is_a_warning_everywhere(tmp_path, capsys):
    path, out = tmp_path / "log.csv", tmp_path / "blimp.yaml"
    rows = (f"{k / 10:.1f},1,{1 + k / 100:.2f},{-5 + 0.01 * k:.2f}\n" for k in range(200))
    path.write_text(HEADER + "".join(rows))  # it climbs although the motors pull it down
    assert main(["fit", str(path), "--json", "--out", str(out)]) == 0
    printed = capsys.readouterr()
    warnings = json.loads(printed.out)["warnings"]
    assert any("hover command is 0 motor units" in warning for warning in warnings)
    assert any("is at its bound" in warning for warning in warnings)
    for warning in warnings:
        assert f"WARNING: {warning}" in printed.err
        assert f"# WARNING: {warning}" in out.read_text()
    assert read_parameters(out)["hover_motor_units"] == 0.0
    assert main(["fit", str(path)]) == 0
    printed = capsys.readouterr()
    assert printed.err.count("WARNING") == len(warnings)
    assert "WARNING" not in printed.out


def test_wrong_use(tmp_path, capsys):
    assert main(["fit"]) == 2
    assert main(["fit", str(tmp_path / "none.csv")]) == 1
    with pytest.raises(ConfigError, match=r"none\.yaml"):
        read_parameters(tmp_path / "none.yaml")


def test_an_unwritable_parameter_file_is_an_error_with_a_remedy(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="choose another"):
        write_parameters({"spread": 0.0}, tmp_path / "file" / "blimp.yaml", "my blimp")
