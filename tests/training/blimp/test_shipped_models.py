"""Shipped models against their accuracy targets, on held-out real flights."""

from __future__ import annotations

import json

import numpy as np
import pytest

from snn_control.controllers import Altitude, load
from snn_control.controllers.adapting import Adapting
from snn_control.engines.native import NativeEngine
from snn_control.network import Network
from snn_control.network.mismatch import mismatched
from snn_control.resources import models_folder
from snn_control.training.blimp.imitation import correlation, pid_targets, published_fit
from snn_control.training.optimisation import read_optimisation
from tests.flights import EVALUATION, recorded_log

TARGETS = {"blimp-altitude": (0.10, 0.96), "blimp-altitude-delay": (0.05, 0.99)}
MODELS = sorted(path.stem for path in models_folder().glob("blimp-*.json"))


def networks(name: str) -> dict[str, Network]:
    controller = load(name)
    assert isinstance(controller, Adapting | Altitude)
    return {network.name: network for network in controller.networks}


def output(network: Network, errors: np.ndarray) -> np.ndarray:
    return NativeEngine(network).run(errors[:, None]).readouts[:, 0]


@pytest.mark.parametrize("name", MODELS)
def test_size_delay_and_provenance(name: str) -> None:
    parts = networks(name)
    assert sum(network.n_spiking for network in parts.values()) <= 160
    if not name.endswith("-delay"):
        for network in parts.values():
            position = {p.name: k for k, p in enumerate(network.populations)} | {"input": -1}
            forward = [c for c in network.connections if position[c.source] < position[c.target]]
            assert all(c.delay_ticks == 0 for c in forward)
    about = json.loads((models_folder() / f"{name}.json").read_text())["about"]
    assert about["license"] == "Apache-2.0"
    assert read_optimisation(about["name"]).name == name


@pytest.mark.parametrize("flight", EVALUATION)
@pytest.mark.parametrize("name", TARGETS)
def test_imitation_of_p_and_d_on_flights(name: str, flight: str) -> None:
    errors = recorded_log(flight).error_m
    target = pid_targets(errors)["pd"]
    outputs = output(networks(name)["pd"], errors)
    most, least_r = TARGETS[name]
    assert published_fit(outputs, target) <= most
    assert correlation(outputs, target) >= least_r


@pytest.mark.parametrize("flight", EVALUATION)
@pytest.mark.parametrize("name", TARGETS)
def test_imitation_of_the_integral_on_flights(name: str, flight: str) -> None:
    errors = recorded_log(flight).error_m
    target = pid_targets(errors)["i"]
    outputs = output(networks(name)["i"], errors)
    assert np.abs(outputs - target).mean() <= 0.06
    assert correlation(outputs, target) >= 0.97


@pytest.mark.parametrize("name", TARGETS)
def test_a_held_integral_does_not_drift(name: str) -> None:
    errors = np.zeros(1000)
    errors[:40] = 1.0
    outputs = output(networks(name)["i"], errors)
    assert outputs[100] == pytest.approx(3.0, abs=0.1)
    assert abs(outputs[-1] - outputs[-601]) <= 0.05


@pytest.mark.parametrize("name", TARGETS)
def test_five_percent_of_mismatch_keeps_the_imitation(name: str) -> None:
    flights = [recorded_log(flight).error_m for flight in EVALUATION]
    network = networks(name)["pd"]
    fits = [
        np.mean([published_fit(output(changed, e), pid_targets(e)["pd"]) for e in flights])
        for changed in (mismatched(network, np.random.default_rng(k), 0.05) for k in range(20))
    ]
    assert np.mean(fits) <= 0.15
