from __future__ import annotations

from dataclasses import fields
from importlib.metadata import EntryPoint
from typing import Any

import pytest

from snn_control import evolution
from snn_control.errors import ConfigError, ParameterError, UnknownNameError
from snn_control.evolution import Genetic, make_strategy, strategy_names, strategy_type


def with_entry_point(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    point = EntryPoint("external", value, evolution.ENTRY_POINT_GROUP)

    def entry_points(group: str, **select: str) -> list[EntryPoint]:
        return [point] if select in ({}, {"name": "external"}) else []

    monkeypatch.setattr(evolution, "entry_points", entry_points)


def test_unknown_names_suggest_a_similar_one() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean: `cma_es`"):
        make_strategy("cma-es", 3, 1)
    with pytest.raises(UnknownNameError, match="processes"):
        evolution.make_executor("process", lambda genome, seed: 0.0)


def test_another_package_can_register_a_strategy(monkeypatch: pytest.MonkeyPatch) -> None:
    with_entry_point(monkeypatch, "snn_control.evolution.genetic:Genetic")
    assert "external" in strategy_names()
    assert strategy_type("external") is Genetic


def test_an_entry_point_must_be_a_strategy(monkeypatch: pytest.MonkeyPatch) -> None:
    with_entry_point(monkeypatch, "snn_control.evolution.genetic:GeneticConfig")
    with pytest.raises(ConfigError, match="not a subclass of Strategy"):
        strategy_type("external")


@pytest.mark.parametrize("name", sorted(evolution.STRATEGIES))
def test_every_field_of_a_config_is_checked(name: str) -> None:
    config_type: Any = strategy_type(name).config_type
    for field in fields(config_type):
        is_text = isinstance(field.default, str)
        for bad in ["other"] if is_text else [-1.0, float("nan")]:
            with pytest.raises(ParameterError, match=field.name):
                config_type(**{field.name: bad})
