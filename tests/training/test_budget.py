"""Texts of budgets, and the fraction used."""

from __future__ import annotations

import pytest

from snn_control.errors import ConfigError
from snn_control.training.budget import Budget


@pytest.mark.parametrize(
    "text", ["", "60", "0s", "-1gen", "1.5gen", "gen", "60m", "nan s", "0steps", "1e5steps"]
)
def test_a_wrong_budget_is_an_error_with_the_three_forms(text: str) -> None:
    with pytest.raises(ConfigError, match=r"60s.*200gen.*180000steps"):
        Budget.parse(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("60s", Budget(seconds=60.0)),
        ("0.5s", Budget(seconds=0.5)),
        ("200gen", Budget(generations=200)),
        ("180000steps", Budget(environment_steps=180_000)),
    ],
)
def test_budgets_are_parsed(text: str, expected: Budget) -> None:
    assert Budget.parse(text) == expected


@pytest.mark.parametrize("text", ["20s", "4gen", "8000steps"])
def test_each_kind_of_budget_has_its_measure(text: str) -> None:
    budget = Budget.parse(text)
    assert budget.spent(0, 0.0, 0) == 0.0
    assert budget.spent(1, 5.0, 2000) == 0.25
    assert budget.spent(5, 25.0, 9000) == 1.0


def test_only_budgets_in_steps_need_an_environment() -> None:
    for text in ("60s", "200gen"):
        Budget.parse(text).check(in_environment=False)
    steps = Budget.parse("180000steps")
    steps.check(in_environment=True)
    with pytest.raises(ConfigError, match="runs no environment; give seconds"):
        steps.check(in_environment=False)
