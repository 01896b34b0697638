"""Resampled networks: rates and slopes from closed forms, and refusals."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snn_control.controllers import PID, Altitude, PIDConfig, load, save
from snn_control.controllers.blimp.counter_integral import CounterIntegral, counter_integral
from snn_control.engines.reference import ReferenceEngine
from snn_control.errors import ControlPeriodError, ParameterError
from snn_control.network import Connection, Network, Population, Readout, Shared, expand, resample
from snn_control.network.neurons import (
    IWTA,
    LIF,
    Graded,
    IntegrateAndFire,
    LeakyIntegrator,
    NeuronParams,
)

PERIOD_S = 0.1
PERIODS_S = (0.05, 0.1, 0.2, 0.08)


def chain(*populations: NeuronParams, weights: tuple[float, ...], **options: Any) -> Network:
    """Return a chain of neurons from the input to the read-out of the last one."""
    chained = [Population(f"p{k}", 1, params) for k, params in enumerate(populations)]
    ends = ["input", *(p.name for p in chained)]
    return Network(
        "chain",
        PERIOD_S,
        ("x",),
        tuple(chained),
        tuple(
            Connection(a, b, np.array([[w]]))
            for a, b, w in zip(ends[:-1], ends[1:], weights, strict=True)
        ),
        (Readout("y", chained[-1].name),),
        **options,
    )


def run_held(network: Network, period_s: float, x: float, seconds: float) -> Any:
    resampled = resample(network, period_s)
    assert resampled.control_period_s == period_s
    return ReferenceEngine(resampled).run(np.full((round(seconds / period_s), 1), x))


@pytest.mark.parametrize("period_s", PERIODS_S)
@pytest.mark.parametrize("drive", [1.2, 1.7, 3.0])
@pytest.mark.parametrize("normalised", [True, False])
def test_a_leaky_neuron_keeps_its_rate(period_s: float, drive: float, normalised: bool) -> None:
    """Interval of tau log(I / (I - threshold)) s, rounded up to a whole number of ticks."""
    tau_s = 2.0
    gain = 1.0 if normalised else -math.expm1(-PERIOD_S / tau_s)
    lif = LIF(tau_mem_s=tau_s, reset="hard", normalised=normalised)
    network = chain(lif, weights=(gain,))
    interval_s = tau_s * math.log(drive / (drive - 1.0))
    tick_s = resample(network, period_s).dt_s
    expected = tick_s * (math.floor(interval_s / tick_s) + 1)
    spikes = run_held(network, period_s, drive, 300.0).spikes.sum()
    assert 300.0 / spikes == pytest.approx(expected, rel=0.02)
    assert abs(300.0 / spikes - interval_s) < 1.1 * tick_s


@pytest.mark.parametrize("period_s", PERIODS_S)
@pytest.mark.parametrize("x", [0.04, 0.21, 0.37])
def test_an_integrator_of_spikes_keeps_its_slope(period_s: float, x: float) -> None:
    """Chain of an IF neuron (weight and bias once a tick) and a perfect integrator of spikes."""
    weight, bias, threshold, quantum = 0.9, 0.05, 1.0, 0.3
    network = chain(
        IntegrateAndFire(threshold=threshold, bias=bias),
        LeakyIntegrator(tau_mem_s=np.inf),
        weights=(weight, quantum),
    )
    y = run_held(network, period_s, x, 400.0).readouts[:, 0]
    slope = quantum * (weight * x + bias) / threshold / PERIOD_S
    assert y[-1] / 400.0 == pytest.approx(slope, rel=0.01)


@pytest.mark.parametrize("period_s", PERIODS_S)
def test_a_perfect_integrator_keeps_its_slope(period_s: float) -> None:
    network = chain(LeakyIntegrator(tau_mem_s=np.inf, bias=0.01), weights=(0.25,))
    y = run_held(network, period_s, 0.4, 20.0).readouts[:, 0]
    assert y[-1] == pytest.approx((0.25 * 0.4 + 0.01) / PERIOD_S * 20.0, rel=1e-9)


@pytest.mark.parametrize("period_s", PERIODS_S)
@pytest.mark.parametrize("normalised", [True, False])
def test_a_filter_settles_at_the_same_value(period_s: float, normalised: bool) -> None:
    params = LeakyIntegrator(tau_mem_s=1.5, tau_syn_s=0.9, bias=0.2, normalised=normalised)
    network = chain(params, weights=(0.7,))
    gain = -1 / math.expm1(-PERIOD_S / 0.9)
    gain *= 1.0 if normalised else -1 / math.expm1(-PERIOD_S / 1.5)
    y = run_held(network, period_s, 1.3, 60.0).readouts[-1, 0]
    assert y == pytest.approx(gain * (0.7 * 1.3 + 0.2), rel=1e-9)


@pytest.mark.parametrize("period_s", PERIODS_S)
@pytest.mark.parametrize("normalised", [True, False])
def test_a_filter_of_spikes_keeps_its_mean(period_s: float, normalised: bool) -> None:
    """Filter of an IF neuron with 2.3 spikes a second: mean = rate * charge of a spike."""
    tau_s, weight = 1.0, 0.6
    network = chain(
        IntegrateAndFire(),
        LeakyIntegrator(tau_mem_s=tau_s, normalised=normalised),
        weights=(1.0, weight),
    )
    y = run_held(network, period_s, 0.23, 400.0).readouts[:, 0]
    charge_s = weight * PERIOD_S
    charge_s *= 1.0 if normalised else -1 / math.expm1(-PERIOD_S / tau_s)
    assert y[len(y) // 2 :].mean() == pytest.approx(2.3 * charge_s, rel=0.01)


def test_a_multiple_of_the_tick_only_changes_the_hold_time() -> None:
    """At k periods the network runs k ticks on a held input, with unchanged outputs."""
    network = chain(
        LIF(tau_mem_s=3.0, bias=0.1), LeakyIntegrator(tau_mem_s=2.0), weights=(0.4, 0.3)
    )
    slower = resample(network, 0.3, max_lag_change=1.0)
    assert (slower.sub_ticks, slower.dt_s) == (3, pytest.approx(0.1))
    x = np.random.default_rng(0).normal(1.0, 1.0, (200, 1))
    every = ReferenceEngine(network).run(np.repeat(x, 3, axis=0))
    third = ReferenceEngine(slower).run(x)
    np.testing.assert_allclose(third.readouts, every.readouts[2::3], rtol=1e-12)
    back = resample(slower, 0.1, max_lag_change=1.0)
    assert (back.sub_ticks, back.dt_s) == (1, pytest.approx(0.1))


def test_the_same_period_changes_nothing() -> None:
    network = chain(LIF(tau_mem_s=0.1), weights=(1.0,))
    assert resample(network, network.control_period_s) is network


@pytest.mark.parametrize("period_s", [0.05, 0.1, 0.2])
def test_counted_spikes_keep_integrating_the_error(period_s: float) -> None:
    """Thermometer code into a perfect integrator: i = ki * integral of e."""
    network = resample(counter_integral(CounterIntegral()), period_s)
    t = np.arange(0, 40, 0.05)[:: round(period_s / 0.05)]
    errors = 0.3 * np.sin(2 * np.pi * t / 9) + 0.02
    integral = ReferenceEngine(network).run(errors[:, None]).readouts[:, 0]
    np.testing.assert_allclose(integral, 0.75 * np.cumsum(errors) * period_s, atol=0.07)


def test_delays_stay_in_seconds() -> None:
    base = chain(LeakyIntegrator(), weights=(1.0,))
    delayed = dataclasses.replace(
        base, connections=(Connection("input", "p0", np.ones((1, 1)), delay_ticks=2),)
    )
    half = resample(delayed, 0.05)
    assert half.connections[0].delay_ticks == 4
    pulse = np.zeros((10, 1))
    pulse[0] = 1.0
    assert np.flatnonzero(ReferenceEngine(half).run(pulse).readouts[:, 0]).tolist() == [4]
    with pytest.raises(ControlPeriodError, match=r"input->p0@2: .* 2\.5 ticks .* whole number"):
        resample(delayed, 0.08)
    assert resample(delayed, 0.2).sub_ticks == 2
    with pytest.raises(ControlPeriodError, match=r"0\.2 s is shorter than the new period of 0\.3"):
        resample(delayed, 0.3)


def test_an_adaptation_trace_keeps_its_effect() -> None:
    """Spikes raise the threshold: in steady state, drive = base + a tau rate."""
    params = IWTA(
        threshold=1.0, adaptation=0.4, tau_adaptation_s=4.0, tau_mem_s=1.0, normalised=True
    )
    network = chain(params, weights=(1.0,))
    rates = [
        run_held(network, period_s, 2.0, 800.0).spikes[-round(600.0 / period_s) :].sum() / 600.0
        for period_s in (0.1, 0.05, 0.08)
    ]
    np.testing.assert_allclose(rates, rates[0], rtol=0.05)


def test_shared_parameters_stay_shared() -> None:
    network = counter_integral(CounterIntegral())
    half = resample(network, 0.05)
    (before,), (after,) = (
        [c.weights for c in n.connections if c.label == "sense->count"] for n in (network, half)
    )
    assert isinstance(after, Shared)
    np.testing.assert_allclose(expand(after), expand(before) / 2, rtol=1e-12)


@pytest.mark.parametrize(
    ("network", "period_s", "message"),
    [
        (chain(LIF(tau_mem_s=0.1), weights=(1.0,)), 0.05, r"p0\.tau_mem_s: .*max_lag_change="),
        (chain(LIF(tau_mem_s=0.1), weights=(1.0,)), 0.2, r"p0\.tau_mem_s"),
        (chain(IntegrateAndFire(), Graded(), weights=(1.0, 1.0)), 0.05, "p0->p1: spikes"),
        (chain(IntegrateAndFire(), LIF(), weights=(1.0, 1.0)), 0.05, "p0->p1: spikes"),
    ],
)
def test_changes_of_behaviour_are_refused(network: Network, period_s: float, message: str) -> None:
    with pytest.raises(ControlPeriodError, match=message):
        resample(network, period_s)


def test_a_loop_of_integrators_is_refused_unless_accepted() -> None:
    """Washout filter, which keeps its steady-state slope, but not its transient."""
    one = np.ones((1, 1))
    network = Network(
        "washout",
        PERIOD_S,
        ("x",),
        (
            Population("change", 1, LeakyIntegrator()),
            Population("past", 1, LeakyIntegrator(tau_mem_s=np.inf)),
        ),
        (
            Connection("input", "change", one),
            Connection("past", "change", -one, delay_ticks=1),
            Connection("change", "past", 0.5 * one),
        ),
        (Readout("y", "change"),),
    )
    with pytest.raises(ControlPeriodError, match="change, past: the time constant of a loop"):
        resample(network, 0.05)
    half = resample(network, 0.05, max_lag_change=1.0)
    ramp = np.arange(0, 10, 0.05)[:, None]
    assert ReferenceEngine(half).run(ramp).readouts[-1] == pytest.approx(PERIOD_S / 0.5)


@pytest.mark.parametrize("period_s", [0.0, -0.1, math.nan, math.inf])
def test_a_period_must_be_positive(period_s: float) -> None:
    with pytest.raises(ParameterError, match="not positive"):
        resample(chain(LeakyIntegrator(), weights=(1.0,)), period_s)


def derivative(delay_ticks: int) -> Network:
    """Return p e + d (e - delayed e) in one memoryless neuron."""
    return Network(
        "pd",
        PERIOD_S,
        ("height_error_m",),
        (Population("pd", 1, LeakyIntegrator()),),
        (
            Connection("input", "pd", np.array([[9.0 + 70.0]])),
            Connection("input", "pd", np.array([[-70.0]]), delay_ticks=delay_ticks),
        ),
        (Readout("pd", "pd"),),
    )


@pytest.mark.parametrize("period_s", [0.05, 0.1, 0.2, 0.04])
def test_a_difference_to_a_delayed_input_keeps_its_gain(period_s: float) -> None:
    """Derivative term on a ramp of 1 m/s: d times the delay of 0.2 s."""
    ramp = np.arange(0, 4, period_s)[:, None]
    y = ReferenceEngine(resample(derivative(2), period_s)).run(ramp).readouts
    np.testing.assert_allclose(y[-5:], 9.0 * ramp[-5:] + 70.0 * 0.2, rtol=1e-9)


def test_a_controller_is_refused_or_resampled_on_request(tmp_path: Path) -> None:
    path = save(Altitude([derivative(2), counter_integral(CounterIntegral())]), tmp_path / "x")
    with pytest.raises(ControlPeriodError, match=r"0\.1 s.* 0\.05 s.*resample=True"):
        load(path, control_period_s=0.05)
    assert load(path, control_period_s=0.1).control_period_s == 0.1
    assert load(path, control_period_s=0.05, resample=True).control_period_s == 0.05
    with pytest.raises(ControlPeriodError, match="whole number"):
        load(path, control_period_s=0.07, resample=True)
    pid = load("pid", control_period_s=0.05, config=PIDConfig(kp=3.0))
    assert isinstance(pid, PID)
    assert (pid.config.kp, pid.control_period_s) == (3.0, 0.05)
