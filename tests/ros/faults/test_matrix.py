"""Each kind of fault on each channel, through the relay on a real bus."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from snn_control.ros.faults.channel import BusChannel
from snn_control.ros.faults.channels import CHANNELS
from snn_control.supervision.faults import FaultKind
from snn_control.yaml_text import dump_yaml
from tests.ros.conftest import NEEDS_ROS, MakeBus
from tests.ros.faults.examples import EMPTY

pytest.importorskip("rclpy", reason=NEEDS_ROS)

from snn_control.ros.base.interface import qos
from tests.ros.peer import ACTIVE

PERIOD_S, WINDOW_S, GAP_S, START_S = 0.025, 0.7, 0.3, 0.5
DELAY_S = 0.2
MARGIN_S = 0.06
"""Time that a message may need to the relay, s."""
SETTINGS: dict[str, dict[str, float]] = {
    "wrong": {"factor": 0.5},
    "garbage": {"not_finite": 0.3, "seed": 4},
    "slow": {"rate_hz": 5.0},
    "delayed": {"delay_s": DELAY_S},
    "intermittent": {"on_s": 0.08, "off_s": 0.08, "seed": 2},
}
KINDS = [*FaultKind]
CASES = [(s, c.topic, kind) for s, channels in CHANNELS.items() for c in channels for kind in KINDS]


@dataclass
class Traffic:
    """Messages of one channel: number, time in s since the first message, and values."""

    channel: BusChannel
    sent: list[tuple[float, np.ndarray]] = field(default_factory=list)
    received: list[tuple[float, np.ndarray, int | None]] = field(default_factory=list)
    """Time of the relay's message, values, and number in the stamp if there is one."""

    def within(self, start_s: float, stop_s: float) -> list[tuple[float, np.ndarray, int | None]]:
        return [entry for entry in self.received if start_s < entry[0] < stop_s]

    def number(self, values: np.ndarray) -> int | None:
        """Return the number of the sent message with these values."""
        span = self.channel.channel.high - self.channel.channel.low
        for k, (_, sent) in enumerate(self.sent):
            if np.allclose(sent, values, rtol=0.0, atol=1e-5 * span):
                return k
        return None


def window(kind: FaultKind) -> tuple[float, float]:
    start_s = START_S + KINDS.index(kind) * (WINDOW_S + GAP_S)
    return start_s, start_s + WINDOW_S


def faults(system: str) -> dict[str, Any]:
    entries = []
    for channel in CHANNELS[system]:
        for kind in KINDS:
            start_s, stop_s = window(kind)
            settings = SETTINGS.get(kind, {})
            entries.append({"channel": channel.topic, "kind": str(kind), "start_s": start_s,
                            "stop_s": stop_s} | settings)  # fmt: skip
    return {"faults": entries}


def values_of(channel: BusChannel, number: int, size: int) -> np.ndarray:
    """Return values that identify a message, in the upper half of the range."""
    low, high = channel.channel.low, channel.channel.high
    return low + (high - low) * (0.55 + 1e-3 * number + 1e-4 * np.arange(size))


@pytest.fixture(scope="module")
def traffic(
    make_shared_bus: MakeBus, tmp_path_factory: pytest.TempPathFactory
) -> dict[tuple[str, str], Traffic]:
    """Traffic of all channels of both systems, each with its relay, during all faults."""
    folder = tmp_path_factory.mktemp("faults")
    recorded: dict[tuple[str, str], Traffic] = {}
    buses, publishers = [], []
    for system, channels in CHANNELS.items():
        nodes, peer = make_shared_bus("fault_relay", topics=False)
        path = folder / f"{system}.yaml"
        path.write_text(dump_yaml(faults(system)), "utf-8")
        for channel in channels:
            record = recorded[system, channel.topic] = Traffic(channel)
            kind, quality = channel.message_type(), qos(channel.quality)
            every = copy.copy(quality)
            every.depth = 1000  # a busy machine may delay the peer
            peer.listen(kind, channel.output, every, receiver(record, origin := [0]))
            publisher = peer.node.create_publisher(kind, channel.topic, quality)
            publishers.append((system, channel, publisher, origin))
        nodes.start("fault_relay", {"system": system, "faults_file": str(path)})
        buses.append((nodes, peer))
    for _, peer in buses:
        peer.until(lambda peer=peer: peer.state() == ACTIVE)  # type: ignore[misc]
        peer.until(lambda: all(p.get_subscription_count() for _, _, p, _ in publishers))
    send(buses, publishers, recorded)
    for nodes, _ in buses:
        nodes.finish("fault_relay")
    return recorded


def receiver(record: Traffic, origin: list[int]) -> Callable[[Any, Any], None]:
    def receive(message: Any, info: Any) -> None:
        elapsed_s = (info["source_timestamp"] - origin[0]) * 1e-9
        stamp = getattr(message, "header", None)
        number = None if stamp is None else stamp.stamp.sec
        record.received.append((elapsed_s, record.channel.read(message), number))

    return receive


def send(buses: list, publishers: list, recorded: dict[tuple[str, str], Traffic]) -> None:
    """Send a message of each channel every period until the last fault has ended."""
    begun_s, begun_ns = time.monotonic(), time.time_ns()
    n_messages = round((window(KINDS[-1])[1] + GAP_S + DELAY_S) / PERIOD_S)
    for number in range(n_messages):
        for system, channel, publisher, origin in publishers:
            origin[0] = begun_ns
            message = EMPTY[channel.topic]()
            values = values_of(channel, number, channel.read(message).size)
            message = channel.write(message, values)
            if hasattr(message, "header"):
                message.header.stamp.sec = number
            recorded[system, channel.topic].sent.append((time.monotonic() - begun_s, values))
            publisher.publish(message)
        while time.monotonic() < begun_s + (number + 1) * PERIOD_S:
            for _, peer in buses:
                peer.spin(0.002)


@pytest.mark.parametrize(("system", "topic", "kind"), CASES)
def test_a_fault_changes_the_delivered_messages(
    system: str, topic: str, kind: FaultKind, traffic: dict[tuple[str, str], Traffic]
) -> None:
    record = traffic[system, topic]
    start_s, stop_s = window(kind)
    inside = record.within(start_s + MARGIN_S, stop_s - MARGIN_S)
    sent = [k for k, (t, _) in enumerate(record.sent)
            if start_s + MARGIN_S < t < stop_s - MARGIN_S]  # fmt: skip
    EXPECTED[kind](record, inside, sent)


Inside = list[tuple[float, np.ndarray, int | None]]


def ok(record: Traffic, inside: Inside, sent: list[int]) -> None:
    numbers = [record.number(values) for _, values, _ in inside]
    assert len(set(numbers) & set(sent)) > 0.8 * len(sent)
    assert None not in numbers
    assert numbers == sorted(numbers)  # type: ignore[type-var]
    assert all(
        stamp in (None, number) for (_, _, stamp), number in zip(inside, numbers, strict=True)
    )


def off(record: Traffic, inside: Inside, sent: list[int]) -> None:
    if record.channel.actuator:
        assert len(inside) > 0.8 * len(sent)
        assert all((values == 0.0).all() for _, values, _ in inside)
    else:
        assert not inside


def stuck(record: Traffic, inside: Inside, sent: list[int]) -> None:
    assert len(inside) > 0.8 * len(sent)
    (number,) = {record.number(values) for _, values, _ in inside}
    assert number is not None
    assert number < sent[0]
    assert record.sent[number][0] > window(FaultKind.STUCK)[0] - 0.1
    stamps = [stamp for _, _, stamp in inside if stamp is not None]
    assert len(set(stamps)) == len(stamps), "stamps move"


def garbage(record: Traffic, inside: Inside, sent: list[int]) -> None:
    values = np.array([values for _, values, _ in inside])
    low, high = record.channel.channel.low, record.channel.channel.high
    finite = np.isfinite(values)
    assert 0.0 < 1.0 - finite.mean() < 0.7
    assert ((values[finite] >= low) & (values[finite] <= high)).all()
    assert values[finite].std() > 0.15 * (high - low)


def wrong(record: Traffic, inside: Inside, sent: list[int]) -> None:
    assert len(inside) > 0.8 * len(sent)
    for _, values, stamp in inside:
        number = record.number(values / 0.5)
        if values.min() > record.channel.channel.low * (1 - 1e-9):  # else clipped
            assert number is not None
            assert stamp in (None, number)


def slow(record: Traffic, inside: Inside, sent: list[int]) -> None:
    assert 2 <= len(inside) <= 4
    times = [t for t, _, _ in inside]
    assert np.diff(times).min() > 0.15


def delayed(record: Traffic, inside: Inside, sent: list[int]) -> None:
    early = window(FaultKind.DELAYED)[0] + DELAY_S - MARGIN_S
    assert all(t > early for t, _, _ in inside)
    late = [entry for entry in inside if entry[0] > early + 2 * MARGIN_S]
    assert len(late) > 0.6 * (WINDOW_S - DELAY_S - 3 * MARGIN_S) / PERIOD_S
    for t, values, stamp in late:
        number = record.number(values)
        assert number is not None
        assert DELAY_S - 0.005 < t - record.sent[number][0] < DELAY_S + MARGIN_S
        assert stamp in (None, number), "the stamp is that of the measurement"


def intermittent(record: Traffic, inside: Inside, sent: list[int]) -> None:
    changed = [values for _, values, _ in inside if record.number(values) is None]
    assert len(changed) < len(inside)
    if record.channel.actuator:
        assert changed
        assert not np.any(changed)
    else:
        assert not changed
        assert len(inside) < 0.9 * len(sent)


EXPECTED: dict[FaultKind, Callable[[Traffic, Inside, list[int]], None]] = {
    FaultKind.OK: ok, FaultKind.OFF: off, FaultKind.STUCK: stuck, FaultKind.GARBAGE: garbage,
    FaultKind.WRONG: wrong, FaultKind.SLOW: slow, FaultKind.DELAYED: delayed,
    FaultKind.INTERMITTENT: intermittent,
}  # fmt: skip


@pytest.mark.parametrize(("system", "topic"), sorted({(s, t) for s, t, _ in CASES}))
def test_between_the_faults_messages_are_unchanged(
    system: str, topic: str, traffic: dict[tuple[str, str], Traffic]
) -> None:
    record = traffic[system, topic]
    for kind in KINDS:
        if kind is FaultKind.DELAYED:  # late messages arrive after its end
            continue
        stop_s = window(kind)[1]
        inside = record.within(stop_s + MARGIN_S, stop_s + GAP_S - MARGIN_S)
        assert len(inside) > 2
        assert None not in [record.number(values) for _, values, _ in inside]
