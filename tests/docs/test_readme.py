"""What the README names exists: verbs, files, environments, presets, metrics; its snippet runs."""

import json
import re
import subprocess
import sys

import pytest

import snn_control.envs
from snn_control.cli.main import main
from snn_control.cli.registry import VERBS
from snn_control.controllers import Altitude, save
from snn_control.controllers.blimp.counter_integral import CounterIntegral, counter_integral
from snn_control.controllers.blimp.thermometer_pd import ThermometerPD, thermometer_pd
from snn_control.envs.blimp.presets import PRESETS
from snn_control.envs.route.body import can_draw
from snn_control.errors import ModelFileError
from tests.docs.fences import blocks
from tests.paths import ROOT

README = (ROOT / "README.md").read_text("utf-8")
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
TOP = {path.name for path in ROOT.iterdir()}


def ids(path):
    return str(path.relative_to(ROOT))


def paths(text):
    """Return what stands in back quotes and starts with a folder or a file of the checkout."""
    quoted = [q.strip() for q in re.findall(r"`([^`\n]+)`", text)]
    simple = [q for q in quoted if re.fullmatch(r"[\w./-]+", q) and "-v0" not in q]
    return {q for q in simple if ("/" in q and q.split("/")[0] in TOP) or q in TOP}


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_every_path_that_a_page_names_exists(page):
    missing = [path for path in paths(page.read_text("utf-8")) if not (ROOT / path).exists()]
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_every_verb_that_a_page_names_exists(page):
    text = page.read_text("utf-8")
    named = set(re.findall(r"(?:snn-control|python -m snn_control) ([a-z][\w-]*)", text))
    assert named <= VERBS.keys()


def test_readme_tours_every_verb():
    commands = "\n".join(blocks(ROOT / "README.md", "sh"))
    missing = [verb for verb in VERBS if f"snn-control {verb}" not in commands]
    assert not missing, "add a line for each of them to the README's tour of the command line"


def test_options_that_the_readme_uses_are_in_the_help(capsys):
    for line in "\n".join(blocks(ROOT / "README.md", "sh")).splitlines():
        words = line.split("#")[0].split()
        if words[:1] == ["snn-control"]:
            assert main([words[1], "--help"]) == 0
            shown = capsys.readouterr().out
            for option in (word for word in words if word.startswith("--")):
                assert option in shown, line


def test_make_targets_exist():
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.M)
    assert set(re.findall(r"\bmake ([a-z]+)\b", README)) - {"sure"} <= set(targets)


def test_environments_and_presets_exist():
    assert set(re.findall(r"snn_control/\w+-v\d+", README)) <= set(snn_control.envs.environments())
    line = next(line for line in README.splitlines() if line.startswith("- Presets"))
    assert set(re.findall(r"`(\w+)`", line)) <= PRESETS.keys()


def test_snippet_runs_and_metrics_are_named_right(tmp_path):
    snippet, _ = blocks(ROOT / "README.md", "python")
    line = next(line for line in README.splitlines() if line.startswith("- Metrics"))
    metrics = re.findall(r"`(\w+)`", line)
    code = f"{snippet}\nassert set({metrics}) <= set(episode.metrics), episode.metrics\n"
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{code}"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_the_snippet_of_places_names_the_place():
    if not can_draw():
        pytest.skip("no off-screen renderer: see docs/route.md")
    _, snippet = blocks(ROOT / "README.md", "python")
    command = [sys.executable, "-c", snippet]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    place, probability, known, *_, truth = done.stdout.split()
    assert abs(float(place) - float(truth)) <= 1.0
    assert float(probability) > 0.8
    assert known == "True"


def test_a_model_of_another_version_is_refused_in_the_words_of_the_page(tmp_path):
    networks = [thermometer_pd(ThermometerPD()), counter_integral(CounterIntegral())]
    assert sum(network.n_spiking for network in networks) == 158
    path = save(Altitude(networks), tmp_path / "old")
    document = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps(document | {"schema_version": 0}), encoding="utf-8")
    with pytest.raises(ModelFileError) as refused:
        snn_control.load(path)
    page = (ROOT / "docs" / "models.md").read_text("utf-8")
    assert str(refused.value).replace(f"{tmp_path}/", "") in page


def test_shipped_models_state_their_provenance():
    page = (ROOT / "docs" / "models.md").read_text("utf-8")
    for path in sorted((ROOT / "models").glob("*.json")):
        document = json.loads(path.read_text("utf-8"))
        about = document["about"]
        assert about["license"] == "Apache-2.0"
        assert about["made_by"] in page
        assert f"`{path.stem}`" in page
        assert (ROOT / "configs" / f"{path.stem}.yaml").is_file()
