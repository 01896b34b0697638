"""Tutorial on your own robot: its package written, installed and run block by block."""

import json

import pytest

from snn_control.controllers.files import ENTRY_POINT_GROUP
from snn_control.evolution import Strategy
from tests.docs.guide_package import TUTORIALS, installed, run_commands, run_python
from tests.docs.pages import blocks

PAGE = TUTORIALS / "own_robot.md"
REPORT = """
import json
from snn_control.errors import UnknownNameError
from snn_control.controllers import model_names
from snn_control.envs import environments
from snn_control.evolution import strategy_names

try:
    snn_control.load("spiking-pt")
except UnknownNameError as error:
    message = str(error)
print(json.dumps({
    "metrics": episode.metrics,
    "names": [*model_names(), *environments(), *strategy_names()],
    "message": message,
    "spikes": episode.trace["spikes"].tolist(),
    "force": episode.trace["force_n"].tolist(),
    "error": episode.trace["position_error_m"].tolist(),
    "speed": episode.trace["speed_m_s"].tolist(),
}))
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    return installed(tmp_path_factory, "own_robot.md")


@pytest.fixture(scope="module")
def outcome(package):
    steps = [b for b in blocks(PAGE, "python") if not b.startswith("# my_robot/")]
    assert len(steps) == 5
    done = run_python(package, "\n".join([*steps, REPORT]))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_blocks_run_and_the_cart_arrives(outcome):
    assert outcome["metrics"]["final_error_m"] < 0.02
    assert outcome["metrics"]["spikes_per_s"] == pytest.approx(sum(outcome["spikes"]) / 10.0)


def test_the_network_rounds_the_force_of_the_tutorial(outcome):
    forces = [10 * e - 4 * v for e, v in zip(outcome["error"], outcome["speed"], strict=True)]
    clipped = [max(-5.0, min(5.0, force)) for force in forces]
    assert outcome["force"] == pytest.approx(clipped, abs=0.1 + 1e-9)


def test_entry_points_make_all_three_known(outcome):
    assert {"spiking-pd", "my_robot/Rail-v0", "random-search", "pid"} <= set(outcome["names"])
    assert "spiking-pd" in outcome["message"]


def test_the_commands_of_the_guide_pass(package):
    run_commands(package, "own_robot.md")


def test_it_is_evolved_from_yaml_alone(package):
    outputs = run_commands(package, "own_robot.md", 1)
    assert len(outputs) == 4
    (line, *_) = outputs
    assert "rail-gains: return " in outputs[line]
    rows = (package / "runs" / "gains" / "metrics.jsonl").read_text().splitlines()
    costs = [json.loads(row)["best"] for row in rows]
    assert costs[-1] < costs[0]
    text = next(text for text in blocks(PAGE, "yaml") if "method: evolve" in text)
    assert len(text.strip().splitlines()) - 1 <= 8
    assert "reward" in "".join(outputs.values()).lower()


def test_an_entry_point_must_be_a_controller(package):
    info = package / "impostor-0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: impostor\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text(
        f"[{ENTRY_POINT_GROUP}]\nimpostor = my_robot.rail:Rail\n"
    )
    done = run_python(package, "import snn_control; snn_control.load('impostor')")
    assert done.returncode != 0
    assert "ConfigError" in done.stderr
    assert "is not a subclass of Controller" in done.stderr


def test_the_tutorial_counts_the_hooks_of_a_strategy():
    assert len(Strategy.__abstractmethods__) == 6
    assert "six short hooks are left" in PAGE.read_text("utf-8")
    assert "Subclasses implement six methods" in (Strategy.__doc__ or "")
