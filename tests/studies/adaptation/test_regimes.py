"""Regimes: learning, protection by HLOP, return to the read-out of a regime, errors."""

from __future__ import annotations

import numpy as np
import pytest

from snn_control.errors import ParameterError, UnknownNameError
from snn_control.studies.adaptation import regimes
from snn_control.studies.adaptation.support.regime_readouts import FEATURES, RULES, RegimeReadout

COLUMNS = ("controller", "condition", "iae_ratio", "iae_ratio_low", "iae_ratio_high",
           "iae_ratio_worst", "overshoot_m", "sign_changes_per_min")  # fmt: skip


def test_protection_of_the_first_regime_forbids_the_second() -> None:
    config = regimes.Config(seeds=1, features=("constant",), rules=("plain", "hlop"), regime_s=70.0)
    rows = {(row["controller"], row["condition"]): row for row in regimes.run(config).rows}
    assert all(set(COLUMNS) <= row.keys() for row in rows.values())
    assert [condition for _, condition in rows][:4] == ["A", "B", "C", "A again"]
    plain, hlop = rows["constant, plain", "B"], rows["constant, hlop", "B"]
    assert hlop["iae_m_s"] > 1.5 * plain["iae_m_s"]
    assert hlop["protected_share"] == pytest.approx(1.0)
    assert hlop["free_rank"] == 0.0
    assert plain["protected_share"] == 0.0


@pytest.mark.parametrize("features", list(FEATURES))
@pytest.mark.parametrize("rule", RULES)
def test_every_rule_learns_a_bias_in_the_first_regime(features: str, rule: str) -> None:
    """Rise of the read-out at a constant height error of 5 cm, and changes of the regime."""
    readout = RegimeReadout(features, rule, ((0.0, "A"), (20.0, "B"), (40.0, "A")))
    readout.reset(1)
    learned = []
    for k in range(600):
        command = readout.step(np.array([0.05, 1.0, 0.1, 4.1 - 1e-4 * k])).item()
        learned.append(command - readout._inner.readouts["pd"])
    assert learned[150] > 0.5
    assert np.isfinite(learned).all()


def test_an_own_readout_is_that_of_the_last_visit() -> None:
    readout = RegimeReadout("constant", "own readout", ((0.0, "A"), (20.0, "B"), (40.0, "A")))
    decoders = []
    for k in range(450):
        readout.step(np.array([0.05 if k < 200 else -0.05, 1.0, 0.1, 4.0]))
        decoders.append(readout._decoder[0, 0])
    assert decoders[390] < decoders[198]
    assert decoders[400] == pytest.approx(decoders[198], abs=0.1)


def test_unknown_names_are_refused() -> None:
    with pytest.raises(UnknownNameError):
        regimes.Config(features=("nope",))
    with pytest.raises(UnknownNameError):
        regimes.Config(rules=("nope",))
    with pytest.raises(ParameterError, match="regime_s"):
        regimes.Config(regime_s=1.0)
    with pytest.raises(UnknownNameError):
        RegimeReadout("nope", "plain", ((0.0, "A"),))
