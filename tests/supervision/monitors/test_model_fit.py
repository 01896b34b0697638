"""Agreement of one position sensor with the model, on scripted measurements of a point mass."""

from __future__ import annotations

import math

import pytest

from snn_control.errors import ParameterError
from snn_control.supervision.monitors.model_fit import ModelFit, ModelFitConfig
from snn_control.supervision.observer import Observer
from tests.supervision.point_mass import NOISE, PointMass

SD_M, PERIOD_S = 0.006, 0.1


class FitBench:
    """Check of a vehicle that is at rest at 1 m by its sensor, at 10 Hz."""

    def __init__(self, **config: float) -> None:
        self.observer = Observer(PointMass(damping_per_s=0.3), NOISE)
        self.fit = ModelFit(self.observer, ModelFitConfig(**config))
        self.now_s = 0.0
        self.observer.start(1.0, SD_M, 0.0, 0.0)

    def measure(self, measured_m: float, after_s: float = PERIOD_S, corrects: bool = True) -> str:
        self.now_s += after_s
        self.observer.predict(self.now_s)
        made = self.observer.position(measured_m, SD_M)
        fault = self.fit.disagreement(measured_m, made.innovation, self.now_s)
        if corrects and not fault:
            self.observer.correct(made)
            self.fit.corrected(self.now_s)
        return fault

    def hover(self, n: int = 60) -> set[str]:
        return {self.measure(1.0 + 0.01 * (k % 2)) for k in range(n)}

    def first_fault(self, seconds: float = 30.0) -> tuple[float, str]:
        """Repeat 1 m until it is refused; return the time and the fault."""
        start_s = self.now_s
        while self.now_s - start_s < seconds:
            if fault := self.measure(1.0, corrects=False):
                return self.now_s - start_s, fault
        return math.inf, ""


def test_a_sensor_that_agrees_is_accepted() -> None:
    assert FitBench().hover(300) == {""}


def test_a_stuck_value_disagrees_once_the_commands_must_have_moved_the_vehicle() -> None:
    """0.5 m/s^2 for t moves it by 0.25 t^2, within 30 %, beyond gate and two deviations."""
    bench = FitBench(nis_max=1e6)
    bench.hover()
    bench.observer.model.send(0.5, bench.now_s)
    at_s, fault = bench.first_fault()
    assert 1.2 < at_s < 4.0
    assert "the model predicts" in fault


def test_innovations_beyond_their_variance_disagree() -> None:
    bench = FitBench(gate_m=100.0)
    bench.hover()
    faults = [bench.measure(1.0 + 0.1 * (-1) ** k) for k in range(20)]
    assert any("deviate from the model" in fault for fault in faults)


def test_an_acceleration_beyond_the_model_disagrees() -> None:
    bench = FitBench(gate_m=100.0, nis_max=1e6)
    bench.hover()
    faults = [bench.measure(1.0 + 0.15 * (PERIOD_S * k) ** 2) for k in range(60)]
    assert any("does not follow the commands" in fault for fault in faults)


def test_after_a_silence_the_predictions_start_again() -> None:
    bench = FitBench(nis_max=1e6)
    bench.hover()
    bench.observer.model.send(0.5, bench.now_s)
    for _ in range(20):
        bench.measure(1.0, corrects=False)
    bench.measure(1.0, after_s=1.0, corrects=False)
    assert bench.observer.branches == []


def test_a_refused_sensor_leaves_the_estimate_of_the_model() -> None:
    """Return to the prediction from before the wrong corrections."""
    bench = FitBench(nis_max=1e6)
    bench.hover()
    bench.observer.model.send(0.5, bench.now_s)
    start_s = bench.now_s
    while not bench.measure(1.0):
        assert bench.now_s - start_s < 20.0
    held_m = bench.observer.position_m
    bench.fit.return_to_model()
    assert bench.observer.position_m > held_m + 0.1
    assert bench.observer.branches == []


def test_other_branches_are_left_alone() -> None:
    bench = FitBench()
    other = bench.observer.branch(0.0)
    bench.hover()
    bench.fit.reset()
    assert bench.observer.branches == [other]


def test_invalid_limits_are_refused() -> None:
    for change in ({"gate_m": 0.0}, {"nis_max": math.inf}, {"window_s": -1.0}):
        with pytest.raises(ParameterError, match="a finite number above 0"):
            ModelFitConfig(**change)
