"""Checks of controllers: each fault fails the check for it."""

import numpy as np
import pytest

from snn_control.checks import check
from snn_control.checks.controller import check_controller
from snn_control.controllers import Controller, files, model_names


class Good(Controller):
    """Valid PI controller; each subclass below has one fault."""

    observation_names = ("error_m",)
    action_names = ("force_n",)
    control_period_s = 0.05

    def __init__(self):
        self.reset()

    def reset(self, seed=None):
        self.total = 0.0
        self.rng = np.random.default_rng(seed)

    def _step(self, observation):
        self.total += observation[0]
        return np.array([observation[0] + 0.1 * self.total + 0.01 * self.rng.normal()])

    @property
    def readouts(self):
        return {"total": self.total}


class NoPeriod(Good):
    control_period_s = float("nan")


class ListNames(Good):
    action_names = ["force_n"]  # type: ignore[assignment]  # noqa: RUF012


class Scalar(Good):
    def _step(self, observation):
        return float(observation[0])


class SingleFloat(Good):
    def _step(self, observation):
        return super()._step(observation).astype(np.float32)


class Reused(Good):
    buffer = np.zeros(1)

    def _step(self, observation):
        self.buffer[:] = super()._step(observation)
        return self.buffer


class Diverges(Good):
    def _step(self, observation):
        return np.array([np.inf if self.total > 1 else super()._step(observation)[0]])


class KeepsItsSumOnReset(Good):
    def reset(self, seed=None):
        self.total = getattr(self, "total", 0.0)
        self.rng = np.random.default_rng(seed)


class AcceptsNan(Good):
    def step(self, observation):
        return self._step(np.nan_to_num(observation[:1]))


class LateRefusal(Good):
    def step(self, observation):
        self.total += float(np.nan_to_num(observation[0], posinf=1.0)) + 0.1
        return super().step(observation)


class NanReadout(Good):
    @property
    def readouts(self):
        return {"total": float("nan")}


class NewKeys(Good):
    @property
    def readouts(self):
        return {f"total{len(str(self.total))}": 1.0}


class InstanceDependent(Good):
    made = 0

    def __init__(self):
        type(self).made += 1
        self.gain = float(self.made)
        super().__init__()

    def _step(self, observation):
        return self.gain * super()._step(observation)


FAULTS = {
    NoPeriod: "names and control period",
    ListNames: "names and control period",
    Scalar: "actions",
    SingleFloat: "actions",
    Reused: "actions",
    Diverges: "actions",
    KeepsItsSumOnReset: "reset",
    AcceptsNan: "bad observations",
    LateRefusal: "bad observations",
    NanReadout: "read-outs",
    NewKeys: "read-outs",
    InstanceDependent: "replay by another instance",
}


@pytest.mark.parametrize("name", model_names())
def test_shipped_controllers_pass(name):
    outcomes = check_controller(name)
    assert [o for o in outcomes if not o.passed] == []


def test_valid_controller_passes(monkeypatch):
    monkeypatch.setitem(files.BUILT_IN, "mine", Good)
    outcomes = check("controller/mine")
    assert [o for o in outcomes if not o.passed] == []
    assert len(outcomes) == 7


@pytest.mark.parametrize(("cls", "name"), FAULTS.items(), ids=lambda x: getattr(x, "__name__", ""))
def test_each_fault_fails_its_check(cls, name, monkeypatch):
    monkeypatch.setitem(files.BUILT_IN, "mine", cls)
    failed = {o.name: o for o in check_controller("mine") if not o.passed}
    assert name in failed
    assert failed[name].detail
    assert failed[name].remedy


def test_corrupt_file_is_named(tmp_path):
    path = tmp_path / "mine.json"
    path.write_text("{")
    path.with_suffix(".safetensors").touch()
    (outcome,) = check(str(path))
    assert not outcome.passed
    assert "mine.json" in outcome.detail
