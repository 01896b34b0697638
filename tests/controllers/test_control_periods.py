"""Models at other control periods: the remedy of a refusal is accepted."""

from __future__ import annotations

from contextlib import suppress

import pytest

from snn_control import load
from snn_control.controllers import model_names
from snn_control.controllers.files import BUILT_IN
from snn_control.errors import ControlPeriodError, ParameterError
from snn_control.network import resample

MODELS = [name for name in model_names() if name not in BUILT_IN]


@pytest.mark.parametrize("period_s", [0.01, 0.02, 0.05, 0.07, 0.2, 0.33])
@pytest.mark.parametrize("name", MODELS)
def test_the_named_options_are_accepted(name: str, period_s: float) -> None:
    with pytest.raises(ControlPeriodError, match=f"the requested one is {period_s:g} s") as refused:
        load(name, control_period_s=period_s)
    message = str(refused.value)
    options = {"control_period_s": period_s, "resample": True}
    if "max_lag_change=1" in message:
        with pytest.raises(ControlPeriodError, match="max_lag_change="):
            load(name, **options)
        assert load(name, max_lag_change=1.0, **options).control_period_s == period_s
    elif "resample=True" in message:
        assert load(name, **options).control_period_s == period_s
    else:
        assert "it cannot be resampled: " in message
        with pytest.raises(ControlPeriodError):
            load(name, max_lag_change=1.0, **options)


def test_each_kind_of_remedy_occurs() -> None:
    def remedy(name: str, period_s: float) -> str:
        with pytest.raises(ControlPeriodError) as refused:
            load(name, control_period_s=period_s)
        return str(refused.value).partition("run it at its own period")[2]

    assert remedy("swimmer-graded", 0.05) == ", or load it with resample=True"
    assert remedy("blimp-altitude-delay", 0.2).startswith(
        ", or load it with resample=True, max_lag_change=1, which changes its transients"
    )
    assert remedy("swimmer-spiking", 0.05).startswith("; it cannot be resampled: swimmer_5: b->")


@pytest.mark.parametrize("period_s", [0.05, 0.2])
@pytest.mark.parametrize("name", ["blimp-published-lif", "blimp-published-iwta"])
def test_a_named_lag_change_is_accepted(name: str, period_s: float) -> None:
    options = {"control_period_s": period_s, "resample": True}
    changes = []
    for network in load(name).networks:
        with suppress(ControlPeriodError):
            resample(network, period_s)
            continue
        with pytest.raises(ControlPeriodError, match=r"max_lag_change=\d\.\d+") as refused:
            resample(network, period_s)
        changes.append(float(str(refused.value).rpartition("max_lag_change=")[2]))
        resample(network, period_s, max_lag_change=changes[-1])
    assert load(name, max_lag_change=max(changes), **options).control_period_s == period_s
    with pytest.raises(ControlPeriodError):
        load(name, max_lag_change=max(changes) - 0.02, **options)


@pytest.mark.parametrize("change", [float("nan"), -0.1, 1.1, float("inf")])
def test_a_lag_change_outside_0_to_1_is_refused(change: float) -> None:
    with pytest.raises(ParameterError, match="max_lag_change is"):
        load("blimp-altitude", control_period_s=0.2, resample=True, max_lag_change=change)
