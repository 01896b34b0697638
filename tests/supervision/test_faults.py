"""Injected faults: effect of each kind on a stream, reproducibility, fault files."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from snn_control.config import read_yaml
from snn_control.errors import ConfigError, ParameterError, UnknownNameError
from snn_control.supervision.faults import (
    Channel,
    Fault,
    FaultKind,
    FaultyStream,
    FaultyStreams,
    Message,
    read_faults,
)

LIDAR = Channel("lidar", 0.0, 12.0)
MOTOR = Channel("motor", -10.0, 10.0, rest=0.0)
PERIOD_S, N = 0.1, 100
"""Period of the messages, and their number: 10 s, with the fault from 2 s to 8 s."""


def delivered(channel: Channel, fault: Fault) -> list[tuple[float, float, float]]:
    """Return arrival, stamp and value of each message of a ramp of 1 per s."""
    stream, rows = FaultyStream(channel, [fault]), []
    for k in range(N):
        now_s = round(k * PERIOD_S, 6)
        for message in stream.put(Message(now_s, np.array([now_s])), now_s):
            rows.append((now_s, message.stamp_s, float(message.values[0])))
    return rows


def fault(kind: str, channel: str = "lidar", **settings: float) -> Fault:
    return Fault(channel, FaultKind(kind), 2.0, 8.0, seed=3, **settings)  # type: ignore[arg-type]


def inside(rows: list[tuple[float, float, float]]) -> np.ndarray:
    return np.array([row for row in rows if 2.0 <= row[0] < 8.0])


@pytest.mark.parametrize("kind", [*FaultKind])
@pytest.mark.parametrize("channel", [LIDAR, MOTOR])
def test_messages_outside_the_interval_are_unchanged(channel: Channel, kind: str) -> None:
    settings = {"offset": 1.0} if kind == "wrong" else {}
    rows = delivered(channel, fault(kind, channel.name, **settings))
    rest_s = 8.0 + (0.5 if kind == "delayed" else 0.0)
    outside = [row for row in rows if row[0] < 2.0 or row[0] > rest_s + 1e-9]
    assert outside
    assert all(arrival == stamp == value for arrival, stamp, value in outside)
    np.testing.assert_array_equal(rows, delivered(channel, fault(kind, channel.name, **settings)))


def test_off_is_silent_and_an_actuator_rests() -> None:
    assert not len(inside(delivered(LIDAR, fault("off"))))
    rows = inside(delivered(MOTOR, fault("off", "motor")))
    assert len(rows) == 60
    assert np.all(rows[:, 2] == 0.0)


def test_stuck_repeats_the_last_healthy_value_with_moving_stamps() -> None:
    rows = inside(delivered(LIDAR, fault("stuck")))
    assert np.all(rows[:, 2] == 1.9)
    np.testing.assert_array_equal(rows[:, 0], rows[:, 1])


def test_garbage_covers_the_range_and_is_not_always_finite() -> None:
    values = inside(delivered(LIDAR, fault("garbage", not_finite=0.3)))[:, 2]
    finite = values[np.isfinite(values)]
    assert 5 <= len(values) - len(finite) <= 35
    assert finite.min() >= 0.0
    assert finite.max() <= 12.0
    assert finite.max() - finite.min() > 8.0
    assert np.isfinite(inside(delivered(LIDAR, fault("garbage", not_finite=0.0)))).all()


def test_wrong_values_are_offset_scaled_and_within_the_range() -> None:
    rows = inside(delivered(LIDAR, fault("wrong", offset=-3.0, factor=2.0)))
    np.testing.assert_allclose(rows[:, 2], np.clip(2.0 * rows[:, 0] - 3.0, 0.0, 12.0))


def test_slow_passes_messages_at_the_given_rate() -> None:
    rows = inside(delivered(LIDAR, fault("slow", rate_hz=2.0)))
    assert len(rows) == 12
    np.testing.assert_allclose(np.diff(rows[:, 0]), 0.5)


def test_delayed_messages_keep_stamp_and_value() -> None:
    rows = np.array(delivered(LIDAR, fault("delayed", delay_s=0.5)))
    late = rows[rows[:, 0] > rows[:, 1]]
    np.testing.assert_allclose(late[:, 0] - late[:, 1], 0.5)
    assert len(late) == 60
    assert len(rows) == N
    np.testing.assert_array_equal(rows[:, 1], rows[:, 2])


def test_delayed_messages_are_due_without_a_further_message() -> None:
    streams = FaultyStreams([LIDAR], [Fault("lidar", FaultKind.DELAYED, delay_s=0.5)])
    assert streams.put("lidar", Message(0.0, np.array([1.0])), 0.0) == []
    assert streams.due(0.49) == {}
    ((name, (message,)),) = streams.due(0.5).items()
    assert (name, message.stamp_s, message.values.tolist()) == ("lidar", 0.0, [1.0])
    assert streams.due(9.0) == {}


def test_intermittent_switches_with_the_given_means() -> None:
    fault_ = Fault("lidar", FaultKind.INTERMITTENT, seed=1, on_s=0.5, off_s=1.5)
    stream, on = FaultyStream(LIDAR, [fault_]), []
    for k in range(40_000):
        on.append(len(stream.put(Message(0.05 * k, np.zeros(1)), 0.05 * k)))
    assert np.mean(on) == pytest.approx(0.25, abs=0.03)
    changes = np.count_nonzero(np.diff(on))
    assert changes == pytest.approx(2 * 2000.0 / 2.0, rel=0.1)


def test_a_fault_that_changes_nothing_is_an_error() -> None:
    streams = FaultyStreams([LIDAR, MOTOR], [fault("off"), fault("off", "motor")])
    streams.require_effect(1.9)
    for k in range(N):
        streams.put("lidar", Message(k * PERIOD_S, np.zeros(1)), k * PERIOD_S)
    with pytest.raises(ParameterError, match=r"off of motor from 2 s changed no message"):
        streams.require_effect(9.9)


def test_invalid_faults_are_refused() -> None:
    with pytest.raises(UnknownNameError, match=r"ldar.*lidar"):
        FaultyStreams([LIDAR], [fault("off", "ldar")])
    overlapping = [fault("off"), Fault("lidar", FaultKind.STUCK, 7.0)]
    with pytest.raises(ParameterError, match=r"off and stuck of lidar overlap"):
        FaultyStreams([LIDAR], overlapping)
    for settings in (
        {"start_s": 5.0, "stop_s": 4.0}, {"start_s": -1.0}, {"rate_hz": 0.0}, {"delay_s": math.nan},
        {"not_finite": 1.5}, {"offset": math.inf}, {"seed": -1}, {"on_s": 0.0},
    ):  # fmt: skip
        with pytest.raises(ParameterError):
            Fault("lidar", FaultKind.OFF, **settings)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="set offset or factor"):
        Fault("lidar", FaultKind.WRONG)
    with pytest.raises(ParameterError, match="ascending"):
        Channel("lidar", 1.0, 1.0)


def test_a_file_of_faults_is_read(tmp_path: Path) -> None:
    path = tmp_path / "faults.yaml"
    path.write_text(
        "faults:\n"
        "- {channel: lidar, kind: stuck, start_s: 60, stop_s: 90}\n"
        "- {channel: motor, kind: wrong, start_s: 100, offset: -2}\n"
    )
    assert read_faults(*read_yaml(path)) == (
        Fault("lidar", FaultKind.STUCK, 60.0, 90.0),
        Fault("motor", FaultKind.WRONG, 100.0, offset=-2.0),
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([], "expected one key `faults`"),
        ({"fault": []}, "expected one key `faults`"),
        ({"faults": {}}, "expected a list, got dict"),
        ({"faults": ["off"]}, "fault 1: expected keys and values"),
        ({"faults": [{"kind": "off"}]}, "fault 1: no channel"),
        ({"faults": [{"channel": "lidar", "kind": "stick"}]}, r"fault 1: .*stick.*stuck"),
        ({"faults": [{"channel": "lidar", "kind": "off", "star_s": 1}]}, r"star_s.*start_s"),
        ({"faults": [{"channel": "lidar", "kind": "off", "stop_s": 0}]}, "fault 1: .*later end"),
    ],
)
def test_malformed_files_are_refused(content: object, message: str) -> None:
    with pytest.raises(ConfigError, match=rf"faults.yaml: {message}|faults.yaml.*{message}"):
        read_faults(content, "faults.yaml")
