"""Study of swapped labels: rows, pairing, separate seeds, and its claims on few seeds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from snn_control.errors import MissingExtraError, ParameterError
from snn_control.studies.adaptation import concept_shift
from snn_control.studies.support.digits import stream
from tests.needs import NEEDS_DIGITS


def config(**settings: Any) -> concept_shift.Config:
    own: dict[str, Any] = {"seeds": 2, "tuning_seeds": 1, "samples": 2000, "swap_every": (0, 100)}
    return concept_shift.Config(**own | settings)


def by_rule(rows: list[dict[str, Any]], **where: Any) -> dict[str, dict[str, Any]]:
    chosen = (row for row in rows if all(row[key] == where[key] for key in where))
    return {row["rule"]: row for row in chosen}


def test_every_rule_has_a_row_in_every_condition() -> None:
    pytest.importorskip("sklearn", reason=NEEDS_DIGITS)
    reported: list[str] = []
    settings = config()
    result = concept_shift.run(settings, progress=reported.append)
    rules = [
        *concept_shift.constants(settings), concept_shift.BEST, *concept_shift.adaptive(settings),
    ]  # fmt: skip
    assert len(result.rows) == 4 * len(rules)
    assert len(reported) == 4
    assert [len(figure["data"]) for figure in result.figures] == [len(rules)] * 2
    for noise in (0.0, 0.3):
        for swap in (0, 100):
            rows = by_rule(result.rows, swap_every=swap, noise=noise)
            assert list(rows) == rules
            best = rows[concept_shift.BEST]
            same = [r for r in rules if rows[r]["accuracy"] == best["accuracy"]]
            assert any(rule.startswith("constant") for rule in same)
            assert (best["over_best"], best["over_best_ci95"]) == (0.0, 0.0)
            for row in rows.values():
                middle = (row["accuracy_low"] + row["accuracy_high"]) / 2
                assert middle == pytest.approx(row["accuracy"])
                assert row["over_best"] == pytest.approx(row["accuracy"] - best["accuracy"])
                assert 0.05 < row["accuracy"] < 1.0


def test_best_constant_is_that_of_the_largest_mean() -> None:
    results = {"a": np.array([[0.5, 1], [0.7, 1]]), "b": np.array([[0.1, 1], [0.9, 1]])}
    assert concept_shift.best_of(results) == "a"


def test_fixed_share_exceeds_the_best_constant_at_a_fast_shift() -> None:
    pytest.importorskip("sklearn", reason=NEEDS_DIGITS)
    settings = config(seeds=5, samples=8000, swap_every=(100,), noise=(0.0,))
    rows = by_rule(concept_shift.run(settings).rows)
    share = rows["fixed share"]
    assert share["over_best"] - share["over_best_ci95"] > 0.0
    assert rows["need, as published"]["over_best"] < 0.0


@pytest.mark.slow
def test_fixed_share_reaches_the_best_constant_without_and_with_shifts() -> None:
    """With random labels within 3 points of it."""
    pytest.importorskip("sklearn", reason=NEEDS_DIGITS)
    rows = concept_shift.run(concept_shift.Config(swap_every=(0, 500, 100))).rows
    for swap in (0, 500, 100):
        clean, noisy = (by_rule(rows, swap_every=swap, noise=noise) for noise in (0.0, 0.3))
        assert clean["fixed share"]["over_best"] > -0.001
        assert noisy["fixed share"]["over_best"] > -0.03


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"first_seed": 999}, "change first_seed"),
        ({"tuning_seeds": 0}, "tuning seed"),
        ({"samples": 100}, "samples is 100"),
        ({"swap_every": (5,)}, "swap_every"),
        ({"noise": (1.5,)}, "noise"),
        ({"readouts": ()}, "readout"),
        ({"constants": (-0.1,)}, "constants"),
        ({"share": 0.0}, "share"),
    ],
)
def test_settings_out_of_range_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        config(**change)


def test_missing_scikit_learn_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(module: str, extra: str) -> None:
        raise MissingExtraError(f'{module}: pip install "snn_control[{extra}]"')

    monkeypatch.setattr(stream, "require", missing)
    stream.digit_images.cache_clear()
    with pytest.raises(MissingExtraError, match=r'pip install "snn_control\[digits\]"'):
        concept_shift.run(config())
