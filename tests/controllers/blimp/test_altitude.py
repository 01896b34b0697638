"""Altitude controller: sum of networks, and refusal of unsuitable ones."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from snn_control.controllers import Altitude
from snn_control.controllers.blimp.counter_integral import CounterIntegral, counter_integral
from snn_control.engines.native import NativeEngine
from snn_control.errors import ControlPeriodError, ParameterError
from snn_control.network import Connection, Network, Population, Readout
from snn_control.network.neurons import LIF, LeakyIntegrator


def tripwire(name: str, gain: float, threshold: float, period_s: float = 0.1) -> Network:
    """Return a neuron with a read-out of `gain` that spikes above an error of `threshold`."""
    return Network(
        name,
        period_s,
        ("height_error_m",),
        (
            Population("cell", 1, LIF(threshold=threshold, reset="hard")),
            Population("out", 1, LeakyIntegrator()),
        ),
        (
            Connection("input", "cell", np.ones((1, 1))),
            Connection("cell", "out", np.array([[gain]])),
        ),
        (Readout(name, "out"),),
    )


def test_the_command_is_the_sum_of_the_readouts() -> None:
    controller = Altitude(
        [tripwire("pd", 2.0, 0.1), tripwire("i", 0.5, 0.3), tripwire("feed", -0.25, 0.5)]
    )
    for error, pd, i, feed in (
        (0.0, 0, 0, 0),
        (0.2, 2, 0, 0),
        (0.4, 2, 0.5, 0),
        (0.6, 2, 0.5, -0.25),
    ):
        action = controller.step(np.array([error]))
        spikes = sum(value != 0 for value in (pd, i, feed))
        assert controller.readouts == {"pd": pd, "i": i, "feed": feed, "spikes": spikes}
        assert action.tolist() == [pd + i + feed]
        assert controller.spikes.tolist() == [float(v != 0) for v in (pd, i, feed)]


def test_networks_are_independent() -> None:
    errors = 0.4 * np.sin(np.arange(200) / 9)[:, None]
    networks = [counter_integral(CounterIntegral(ki=k), name=f"i{k}") for k in (0.5, 0.9)]
    renamed = [
        dataclasses.replace(n, readouts=(dataclasses.replace(n.readouts[0], name=n.name),))
        for n in networks
    ]
    alone = [NativeEngine(n).run(errors) for n in renamed]
    controller = Altitude(renamed)
    for k, error in enumerate(errors):
        action = controller.step(error)
        assert action.item() == sum(trace.readouts[k, 0] for trace in alone)
        assert controller.readouts["spikes"] == sum(trace.spikes[k].sum() for trace in alone)


def test_unsuitable_networks_are_errors() -> None:
    with pytest.raises(ParameterError, match="at least one"):
        Altitude([])
    with pytest.raises(ParameterError, match="read-out names must differ"):
        Altitude([tripwire("pd", 1.0, 0.1), tripwire("pd", 1.0, 0.1)])
    other = dataclasses.replace(tripwire("pd", 1.0, 0.1), inputs=("depth_m",))
    with pytest.raises(ParameterError, match=r"'pd' takes \('depth_m',\).*height_error_m"):
        Altitude([other])
    with pytest.raises(ControlPeriodError, match=r"'i' was made for.*0\.05 s.*0\.1 s.*resample"):
        Altitude([tripwire("pd", 1.0, 0.1), tripwire("i", 1.0, 0.1, period_s=0.05)])
