"""Every kind of fault of every stream of the blimp: declared reaction, one seed, 20 s."""

from __future__ import annotations

import functools
import math

import pytest

from snn_control.errors import ParameterError, UnknownNameError
from snn_control.supervision.faults import Fault, FaultKind
from snn_control.training.blimp.supervised.fault_matrix import (
    DECLARED,
    VARIANTS,
    detected_s,
    fault_of,
    faults_of,
    trusted_again_s,
)
from snn_control.training.blimp.supervised.flight import (
    CHANNELS,
    FlightSettings,
    SupervisedFlight,
    fly,
)

SEED, START_S, STOP_S = 7101, 8.0, 14.0
SETTINGS = FlightSettings(20.0, reference_m=lambda time_s: 1.4 if time_s < 11.0 else 1.1)
CELLS = [(channel.name, kind) for channel in CHANNELS for kind in FaultKind]
SENSORS = ("lidar", "barometer", "accelerometer")


@functools.cache
def healthy() -> SupervisedFlight:
    return fly(SEED, (), SETTINGS)


def faulty(channel: str, kind: FaultKind) -> SupervisedFlight:
    fault = fault_of(channel, kind, START_S, STOP_S, SEED)
    return fly(SEED, () if kind is FaultKind.OK else (fault,), SETTINGS)


def test_every_cell_is_declared() -> None:
    assert set(DECLARED) == set(CELLS)
    assert all(reaction.text for reaction in DECLARED.values())


@pytest.mark.parametrize(("channel", "kind"), CELLS)
def test_the_reaction_is_the_declared_one(channel: str, kind: FaultKind) -> None:
    flight, reaction = faulty(channel, kind), DECLARED[channel, kind]
    assert flight.loss_m(healthy(), START_S, 20.0) <= reaction.loss_m
    delay_s = detected_s(flight, channel, kind, START_S, STOP_S)
    if reaction.detected:
        assert delay_s <= 3.5
    modes = {mode for at_s, mode, _ in flight.modes if at_s >= START_S}
    if reaction.loss_m < math.inf:
        assert modes <= {"auto", "coast"}
    others = [name for name in SENSORS if name != channel]
    if channel != "motor":
        assert all((flight.supervised[name + "_trusted"] != 0.0).all() for name in others)
        assert not (flight.supervised["actuator_fault"] == 1.0).any()
    if channel in SENSORS:
        assert trusted_again_s(flight, channel, STOP_S) < 1.5


def test_a_flight_without_a_fault_is_that_of_the_kind_ok() -> None:
    fault = Fault("lidar", FaultKind.OK, START_S, STOP_S)
    flight = fly(SEED, (fault,), SETTINGS)
    assert flight.loss_m(healthy(), 0.0, 20.0) == 0.0


def test_faults_of_other_channels_and_without_effect_are_refused() -> None:
    with pytest.raises(UnknownNameError, match="lidar"):
        fly(SEED, (Fault("lidr", FaultKind.OFF),), SETTINGS)
    with pytest.raises(ParameterError, match="changed no message"):
        fly(SEED, (Fault("battery", FaultKind.SLOW, rate_hz=5.0),), SETTINGS)


@pytest.mark.parametrize(("channel", "name"), VARIANTS)
def test_the_reaction_to_a_further_fault_is_the_declared_one(channel: str, name: str) -> None:
    variant = VARIANTS[channel, name]
    stop_s = 30.0 + (variant.coasting_s or 10.0)
    settings = FlightSettings(stop_s + 5.0, reference_m=lambda _: 1.4)
    flight = fly(SEED, faults_of(channel, name, 30.0, stop_s, SEED), settings)
    assert flight.loss_m(fly(SEED, (), settings), 30.0, stop_s) <= variant.reaction.loss_m
    assert detected_s(flight, channel, variant.kind, 30.0, stop_s) <= 3.5
    assert {mode for at_s, mode, _ in flight.modes if 29.0 <= at_s < stop_s} <= {"auto", "coast"}
    if variant.coasting_s is not None:
        assert trusted_again_s(flight, channel, stop_s) < 1.5


def test_a_lasting_outage_of_lidar_and_barometer_ends_in_a_landing_on_the_estimate() -> None:
    faults = faults_of("lidar+barometer", "off-10s", 30.0, 75.0, SEED)
    flight = fly(SEED, faults, FlightSettings(75.0, reference_m=lambda _: 1.4))
    modes = [mode for at_s, mode, _ in flight.modes if at_s > 29.0 and mode != "auto"]
    assert list(dict.fromkeys(modes)) == ["coast", "land", "stop"]
    assert flight.first_mode(30.0, "land") == pytest.approx(10.0, abs=1.0)
    assert flight.height_m[-1] < 0.2
    assert flight.command[-1] == 0.0


def test_all_sensors_at_once_end_in_a_landing() -> None:
    """Without any sensor the blimp acts on the model, lands, and stops its motors."""
    faults = [Fault(name, FaultKind.OFF, 5.0) for name in SENSORS]
    flight = fly(SEED, faults, FlightSettings(45.0, reference_m=lambda _: 1.4))
    modes = [mode for at_s, mode, _ in flight.modes if at_s > 4.0 and mode != "auto"]
    assert list(dict.fromkeys(modes)) == ["coast", "land", "stop"]
    assert flight.height_m[-1] < 0.2
    assert flight.command[-1] == 0.0


def test_contradictory_streams_never_raise_into_the_loop() -> None:
    faults = [
        Fault("lidar", FaultKind.WRONG, 5.0, 15.0, offset=0.6),
        Fault("barometer", FaultKind.WRONG, 6.0, 15.0, offset=-2.0),
        Fault("accelerometer", FaultKind.GARBAGE, 7.0, 15.0, seed=3),
        Fault("battery", FaultKind.GARBAGE, 5.0, 15.0, seed=4),
        Fault("setpoint", FaultKind.GARBAGE, 5.0, 15.0, seed=5),
        Fault("motor", FaultKind.GARBAGE, 8.0, 12.0, seed=6),
    ]
    flight = fly(SEED, faults, FlightSettings(30.0, reference_m=lambda _: 1.4))
    assert not flight.loop.modes.failure
    assert abs(flight.command).max() <= 10.0
    assert flight.modes[-1][1] in ("auto", "coast")
