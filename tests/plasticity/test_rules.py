"""Every registered rule on both engines: results equal bit for bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from snn_control.errors import ParameterError, UnknownNameError
from snn_control.plasticity import forward_model, rules
from snn_control.plasticity.optional_kernel import is_compiled
from snn_control.plasticity.rules import RULES, rule
from snn_control.plasticity.triplet_stdp import TripletSTDP


def arguments(name: str, rng: np.random.Generator) -> tuple[Any, ...]:
    """Return random arguments of a rule; the first is usually its state."""
    row = rng.normal(size=forward_model.SIZE)
    row[forward_model.ZZ] = 1.0
    rates = rng.uniform(0.0, 80.0, 5)
    numbers = TripletSTDP().numbers(1e-4)
    k, n, batch = 3, 6, 4
    lateral = rng.normal(size=(k, n))
    return {
        "decode": lambda: (rng.normal(size=(2, 5)), rng.normal(size=5), np.zeros(2)),
        "firing-rate": lambda: (rates, rng.integers(0, 3, 5).astype(np.float64), 1e-3, 0.3),
        "fixed-share": lambda: (rng.dirichlet(np.ones(8)), 4, 4, 0.01),
        "forward-model": lambda: (row, 0, 0.3, 0.4, 1.1, rng.random(4), 1.0, 3.0, 0.5),
        "forward-model-kalman": lambda: (row, 0, 0.3, 0.02, 1.0, 3.0, 0.5),
        "hlop-extract": lambda: (
            lateral, rng.normal(size=(k, n)), rng.normal(size=(batch, n)), 1, 0.01,
            int(rng.integers(2)) * 40, np.zeros((k + 1, batch + n)),
        ),
        "hlop-project": lambda: (lateral, 2, rng.normal(size=(batch, n)), np.zeros((batch, n))),
        "intrinsic-threshold": lambda: (rng.random(5), rates, 30.0, 0.01, 1e-3, 0.0, 2.0),
        "pes": lambda: (
            rng.normal(size=(2, 5)), rng.normal(size=5), rng.normal(size=2), 0.3, 0.1, 1.0, 0.1,
            2.0,
        ),
        "synaptic-scaling": lambda: (rng.normal(size=(5, 3)), rates, 30.0, 0.5, 1e-3, 2.0),
        "triplet-stdp-arrival": lambda: (0.3, rng.random(), numbers),
        "triplet-stdp-spike": lambda: (0.3, rng.random(), rng.random(), numbers),
        "weight-sum": lambda: (rng.random((4, 2)), rng.integers(0, 3, (4, 2)), 3, 5.0),
    }[name]()  # fmt: skip


@pytest.mark.parametrize("name", RULES)
def test_engines_agree_bit_for_bit(name: str) -> None:
    native, reference = rule(name), rule(name, "reference")
    assert is_compiled(native)
    assert not is_compiled(reference)
    assert native.__doc__ == reference.__doc__
    for seed in range(20):
        ours, theirs = (arguments(name, np.random.default_rng(seed)) for _ in range(2))
        assert native(*ours) == reference(*theirs)
        for own, other in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(own, other)


@pytest.mark.parametrize("name", RULES)
def test_a_rule_changes_only_its_state(name: str) -> None:
    """Repeated on equal arguments, a rule has equal results: it holds no state."""
    results = []
    for _ in range(2):
        passed = arguments(name, np.random.default_rng(3))
        results.append((rule(name)(*passed), passed))
    assert results[0][0] == results[1][0]
    for first, second in zip(results[0][1], results[1][1], strict=True):
        np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("engine", ["torch", "integer", "c", ""])
def test_an_engine_without_rules_is_refused(engine: str) -> None:
    with pytest.raises(ParameterError, match=r"rule pes: engine .* runs no rules.*native or ref"):
        rule("pes", engine)


def test_an_unknown_rule_proposes_the_closest() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown rule 'pess'. Did you mean: `pes`"):
        rule("pess")


def test_native_rules_name_the_missing_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "is_compiled", lambda function: False)
    with pytest.raises(ImportError, match=r'pip install "numba>=0.61"; or use .*reference'):
        rule("pes")
    assert callable(rule("pes", "reference"))
