"""Tutorial on your own system: the cart evolved, compared, reported and run on the bus."""

import json

import pytest

from tests.docs.guide_package import installed, run_commands, run_python
from tests.ros.conftest import NEEDS_ROS


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    return installed(tmp_path_factory, "own_robot.md", "own_system.md")


@pytest.fixture(scope="module")
def outputs(package):
    return run_commands(package, "own_system.md")


def test_evolution_makes_a_sluggish_cart_quick(package, outputs):
    rows = (package / "runs" / "rail" / "metrics.jsonl").read_text().splitlines()
    costs = [json.loads(row)["best"] for row in rows]
    assert costs[-1] < 0.5 * costs[0]
    assert json.loads(rows[-1])["environment_steps"] == 6 * 8 * 2 * 200


def test_the_result_stands_beside_the_baseline(package, outputs):
    (line,) = (line for line in outputs if " evolve " in line)
    assert "rail-evolved: stops " in outputs[line]
    assert " mm from the mark" in outputs[line]
    folder = package / "runs" / "rail"
    documents = {path.stem: json.loads(path.read_text()) for path in folder.glob("eval/*.json")}
    roles = {document["controller"]: document["role"] for document in documents.values()}
    assert roles == {"rail-evolved": "subject", "by-hand": "baseline"}
    assert {document["environment"] for document in documents.values()} == {"my_robot/Rail-v0"}


def test_the_page_shows_spikes_and_wiring(package, outputs):
    page = (package / "runs" / "rail" / "report" / "index.html").read_text("utf-8")
    for section in ("result", "learning", "spikes", "wiring", "operations", "provenance"):
        assert f'<section id="{section}"' in page
    assert "by-hand" in page


def test_compare_and_eval_print_the_metric_of_the_cart(package, outputs):
    for verb in ("eval", "compare"):
        (line,) = (line for line in outputs if f" {verb} " in line)
        assert "final_error_m" in outputs[line]


def test_it_is_listed_and_misspelt_names_are_proposed(package):
    code = "from snn_control.training.systems import system, system_names; print(system_names())"
    assert (
        "['blimp', 'blimp_adaptive', 'corridor', 'swimmer', 'rail']"
        in run_python(package, code).stdout
    )
    done = run_python(package, code + "; system('rial')")
    assert "Did you mean: `rail`?" in done.stderr


def test_it_is_run_on_the_bus_and_its_bag_replays(package, outputs):
    pytest.importorskip("rclpy", reason=NEEDS_ROS)
    ((line, output),) = run_commands(package, "own_system.md", 1).items()
    assert " fly runs/rail --sim" in line
    assert "final_error_m" in output
    assert "offline replay: bit-identical" in output
    folder = package / "runs" / "bus"
    documents = [json.loads(path.read_text()) for path in folder.glob("eval/*.json")]
    errors = {d["controller"]: d["mean"]["final_error_m"] for d in documents}
    assert errors["rail"] == pytest.approx(errors["rail-in-process"], abs=0.02)
    assert (folder / "report" / "index.html").is_file()
