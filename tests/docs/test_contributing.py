"""Places to edit in CONTRIBUTING: existing and complete."""

from __future__ import annotations

import re
from importlib import import_module

import pytest

from snn_control.network.neurons import NEURON_MODELS, PARAMETERS
from tests.paths import ROOT

PAGE = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
REGISTRIES = re.findall(r"`([a-z_/]+\.py)`(?::| \()[^|]*?((?:`[A-Z_]+`(?:, )?)+)", PAGE)


def row(thing: str) -> str:
    (line,) = re.findall(rf"^\| {thing} \|.*$", PAGE, re.M)
    return line


def test_every_file_that_is_named_exists() -> None:
    paths = re.findall(r"`((?:[a-z_]+/)*[a-z0-9_]+\.(?:py|md|yaml))`", PAGE)
    assert len(paths) > 15
    for path in paths:
        places = (path, f"snn_control/{path}", f"docs/{path}")
        assert any((ROOT / place).is_file() for place in places), path


@pytest.mark.parametrize(("path", "names"), REGISTRIES, ids=lambda value: value)
def test_every_registry_that_is_named_exists(path: str, names: str) -> None:
    module = import_module("snn_control." + path.removesuffix(".py").replace("/", "."))
    for name in re.findall(r"[A-Z_]+", names):
        assert len(vars(module)[name]) > 0


def test_the_page_lists_the_registries() -> None:
    paths = {path for path, _ in REGISTRIES}
    assert {"training/systems.py", "evolution/__init__.py", "ros/nodes.py"} <= paths


def test_the_places_of_a_neuron_model_are_all_of_them() -> None:
    named = set(re.findall(r"`((?:network|engines)/[a-z_/]+\.py)`", row("neuron model")))
    mentioned = set()
    for layer in ("network/neurons", "engines"):
        for path in (ROOT / "snn_control" / layer).rglob("*.py"):
            text = path.read_text("utf-8")
            if re.search(r"\b(IWTA|iwta)\b", text) and path.name != "iwta.py":
                mentioned.add(path.relative_to(ROOT / "snn_control").as_posix())
    assert mentioned == named
    assert NEURON_MODELS.keys() == PARAMETERS.keys()


@pytest.mark.parametrize(
    ("thing", "layer", "own", "symbol"),
    [
        ("strategy", "evolution", "genetic.py", "Genetic"),
        ("study", "studies", "swimmer_transfer.py", "swimmer-transfer"),
    ],
)
def test_a_strategy_and_a_study_have_one_further_place(
    thing: str, layer: str, own: str, symbol: str
) -> None:
    (place,) = re.findall(r"`([a-z_]+/[a-z_]+\.py)` \(`[A-Z]+`\)", row(thing))
    users = {
        path.relative_to(ROOT / "snn_control").as_posix()
        for path in (ROOT / "snn_control" / layer).rglob("*.py")
        if re.search(rf"[\"' ]{symbol}[\"',\n)]", path.read_text("utf-8")) and path.name != own
    }
    assert users == {place}
