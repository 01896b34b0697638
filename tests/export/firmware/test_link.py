"""Link to a firmware: equal outputs, safe outputs, noise, reconnection, round trips."""

from __future__ import annotations

import os
import time
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.needs import NEEDS_SERIAL

pytest.importorskip("serial", reason=NEEDS_SERIAL)
pytest.importorskip("cobs", reason=NEEDS_SERIAL)

from snn_control.errors import (
    LineError,
    ParameterError,
    ProtocolError,
    UnansweredError,
)
from snn_control.export.firmware.line import Line
from snn_control.export.firmware.link import FirmwareLink, LinkConfig
from snn_control.export.firmware.messages import Info
from tests.export.firmware.conftest import SHA256, Device, MakeDevice, X
from tests.export.firmware.devices import (
    Relay,
    Terminal,
    clean,
    emulated,
    noise,
    process,
    socket_port,
)
from tests.export.test_c import pytestmark as needs_compiler
from tests.needs import needs_tools

pytestmark = [needs_compiler, pytest.mark.flaky(reruns=2)]
SAFE_S, RECONNECT_S = 0.2, 1.0
SLACK_S = 0.1
"""Addition to bounds of time on a busy machine, s."""
EVENTS = (0.01, 0.01)
"""Probabilities of a flipped and of a dropped byte."""


def linked(port: str, **settings: Any) -> FirmwareLink:
    """Return a connected link; the emulator may still start."""
    link = FirmwareLink(LinkConfig(port, **settings))
    link.connect(deadline_s=5.0)
    return link


def test_outputs_are_those_of_the_library(device: Device, expected: np.ndarray) -> None:
    with linked(device.port) as link:
        link.reset()
        for row, output in zip(X, expected, strict=True):
            np.testing.assert_array_equal(link.step(row), output)
        assert link.counts.departed == link.counts.restarts == link.counts.unanswered == 0


def test_an_info_describes_the_firmware(device: Device) -> None:
    with linked(device.port, model_sha256=SHA256) as link:
        info = link.info
    assert isinstance(info, Info)
    assert info.model_sha256 == SHA256
    assert (info.n_inputs, info.n_outputs) == (1, 1)
    assert (info.input_type, info.output_type) == ("<f4", "<f4")
    assert (info.period_s, info.timeout_s) == (0.1, 0.15)
    assert not info.driven
    assert info.outputs.tolist() == [0.0]


def test_another_model_is_refused(device: Device) -> None:
    link = FirmwareLink(LinkConfig(device.port, model_sha256="0" * 64))
    with pytest.raises(ProtocolError, match="5a5a5a5a5a5a5a5a, expected 0000000000000000"):
        link.connect(5.0)
    assert not link.connected


def test_outputs_are_safe_after_a_loss_and_the_next_reply_has_the_count(device: Device) -> None:
    with linked(device.port) as link:
        link.reset()
        link.step([0.4])
        stepped_s = time.monotonic()
        assert link.inform().driven
        while link.inform(1.0).driven:
            assert time.monotonic() - stepped_s < SAFE_S + SLACK_S
        safe_s = time.monotonic() - stepped_s
        assert 0.14 < safe_s < SAFE_S + SLACK_S
        assert link.inform().outputs.tolist() == [0.0]
        assert link.counts.time_outs == 1
        assert link.step([0.4]).tolist() != [0.0]
        assert link.inform().driven
        assert link.counts.time_outs == 1
        link.reset()
        assert not link.inform().driven


def run_with_noise(link: FirmwareLink, expected: np.ndarray) -> int:
    """Step through the trace; compare each answer; return the number of unanswered steps."""
    unanswered = 0
    for row, output in zip(X, expected, strict=True):
        try:
            received = link.step(row)
        except UnansweredError:
            unanswered += 1
            continue
        if not link.counts.departed:
            np.testing.assert_array_equal(received, output)
    return unanswered


@pytest.mark.parametrize("seed", range(3))
def test_damaged_and_lost_bytes(seed: int, make_device: MakeDevice, expected: np.ndarray) -> None:
    device = make_device(noise(seed, *EVENTS), noise(seed + 100, *EVENTS))
    with linked(device.port) as link:
        while not reset(link):
            pass
        unanswered = run_with_noise(link, expected)
        assert unanswered <= 0.03 * len(X)
        assert link.counts.departed <= unanswered
        assert link.counts.bad_frames > 50
        assert link.counts.repetitions > 100


def reset(link: FirmwareLink) -> bool:
    """Return True if a reset was answered."""
    try:
        link.reset()
    except UnansweredError:
        return False
    return True


@pytest.mark.parametrize(("doubled", "swapped"), [(0.02, 0.0), (0.0, 0.02), (0.01, 0.01)])
def test_doubled_and_swapped_bytes(
    doubled: float, swapped: float, make_device: MakeDevice, expected: np.ndarray
) -> None:
    damages = [noise(seed, 0.0, 0.0, doubled, swapped) for seed in (1, 2)]
    with linked(make_device(*damages).port) as link:
        while not reset(link):
            pass
        assert run_with_noise(link, expected) <= 0.03 * len(X)
        assert link.counts.repetitions > 50


def test_a_departed_state_is_counted(make_device: MakeDevice) -> None:
    """A line that is so bad that steps are missed or their replies lost."""
    device, answered = make_device(), 0
    with linked(device.port, deadline_s=0.02) as link:
        device.relay.to_device, device.relay.to_host = (noise(k, 0.06, 0.06) for k in (3, 4))
        for row in X[:120]:
            try:
                link.step(row)
                answered += 1
            except UnansweredError:
                continue
        assert answered + link.counts.unanswered == 120
        device.relay.to_device = device.relay.to_host = clean
        link.inform(1.0)
        assert 0 < link.counts.departed < 120 - answered
        assert link.ticks == 120 - link.counts.departed


def test_a_restart_of_the_firmware_is_counted(device: Device, native: Path) -> None:
    with linked(device.port) as link:
        for row in X[:5]:
            link.step(row)
        with process(native) as another:
            before, device.relay.device = device.relay.device, another
            link.step(X[5])
            assert link.counts.restarts == 1
            link.step(X[6])
            assert (link.counts.restarts, link.counts.departed) == (1, 0)
            device.relay.device = before


def test_a_reply_during_a_pause_of_the_host_counts(
    device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    with linked(device.port) as link:
        link.reset()
        write = Line.write

        def write_and_pause(line: Line, content: bytes) -> None:
            write(line, content)
            time.sleep(0.1)

        monkeypatch.setattr(Line, "write", write_and_pause)
        assert link.step([0.1]).shape == (1,)
        assert link.counts.repetitions == link.counts.unanswered == 0


def test_a_restart_is_no_time_out(device: Device, native: Path) -> None:
    with linked(device.port) as link:
        link.step(X[0])
        time.sleep(2 * SAFE_S)
        link.step(X[1])
        link.step(X[2])
        counted = link.counts.time_outs
        assert counted >= 1
        with process(native) as another:
            before, device.relay.device = device.relay.device, another
            link.step(X[3])
            assert (link.counts.restarts, link.counts.time_outs) == (1, counted)
            device.relay.device = before


def test_late_replies_are_dropped(device: Device) -> None:
    held: list[bytes] = []

    def hold(content: bytes) -> bytes:
        held.append(content)
        return b""

    with linked(device.port) as link:
        link.reset()
        device.relay.to_host = hold
        with pytest.raises(UnansweredError) as raised:
            link.step([0.1])
        assert raised.value.silent
        device.relay.to_host = lambda content: b"".join(held) + content
        link.step([0.2])
        assert link.counts.late > 0
        assert link.counts.departed == 0


@pytest.mark.parametrize("pattern", ["port", "po*t"])
def test_reconnection_to_another_terminal(
    pattern: str, native: Path, tmp_path: Path, expected: np.ndarray
) -> None:
    with process(native) as file:
        relay = Relay(file)
        terminal = Terminal(relay, tmp_path / "port")
        try:
            with linked(str(tmp_path / pattern)) as link:
                link.reset()
                for row, output in zip(X[:10], expected, strict=False):
                    np.testing.assert_array_equal(link.step(row), output)
                terminal.close()
                with pytest.raises((LineError, UnansweredError)):
                    link.step(X[10])
                with pytest.raises(LineError, match="no port"):
                    link.connect()
                blocker = os.openpty()  # takes the name of the first terminal
                reopened_s = time.monotonic()
                terminal.open()
                while not link.connected:
                    try:
                        link.connect()
                    except (LineError, UnansweredError):
                        assert time.monotonic() - reopened_s < RECONNECT_S
                assert time.monotonic() - reopened_s < RECONNECT_S
                np.testing.assert_array_equal(link.step(X[10]), expected[10])
                assert terminal.names[0] != terminal.names[1]
                for end in blocker:
                    os.close(end)
        finally:
            relay.close()
            terminal.close()


def test_a_restarted_host_continues(device: Device, expected: np.ndarray) -> None:
    for begin, end in pairwise((0, 10, 20)):
        with linked(device.port) as link:
            if not begin:
                link.reset()
            for k in range(begin, end):
                np.testing.assert_array_equal(link.step(X[k]), expected[k])


@pytest.mark.parametrize(
    ("port", "message"),
    [
        ("", "no port"),
        ("socket://192.0.2.1:5000", "expected socket"),
        ("socket://0.0.0.0:5000", "expected socket"),
        ("socket://127.0.0.1", "expected socket"),
        ("loop://", "expected socket"),
        ("spy:///dev/null", "expected socket"),
        ("/dev/no such port*", "no port"),
        ("/dev/null", "cannot be opened"),
        ("socket://127.0.0.1:1", "cannot be opened"),
    ],
)
def test_wrong_ports_are_refused(port: str, message: str) -> None:
    link = FirmwareLink(LinkConfig(port))
    with pytest.raises((LineError, ParameterError), match=message):
        link.connect()
    assert not link.connected
    with pytest.raises(LineError, match="not connected"):
        link.step([0.0])


@pytest.mark.parametrize(
    "settings", [{"retry_s": 0.0}, {"deadline_s": 0.001}, {"deadline_s": 11.0}, {"baud": 1}]
)
def test_wrong_times_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ParameterError):
        LinkConfig("x", **settings)


def test_wrong_inputs_are_refused(device: Device) -> None:
    with linked(device.port) as link:
        with pytest.raises(ParameterError, match="shape"):
            link.step([0.0, 1.0])
        with pytest.raises(ParameterError, match="finite"):
            link.step([np.nan])
        link.step([0.0])
        assert link.counts.departed == 0


def test_a_round_trip_on_a_socket_takes_less_than_a_millisecond(device: Device) -> None:
    took_s = []
    with linked(device.port) as link:
        for row in X:
            started = time.perf_counter()
            link.step(row)
            took_s.append(time.perf_counter() - started)
    assert float(np.median(took_s)) < 1e-3


@needs_tools("arm-none-eabi-gcc", "qemu-system-arm")
def test_the_board_in_qemu(for_board: Path, tmp_path: Path, expected: np.ndarray) -> None:
    with ExitStack() as opened:
        relay = Relay(opened.enter_context(emulated(for_board, tmp_path)))
        opened.callback(relay.close)
        link = opened.enter_context(linked(opened.enter_context(socket_port(relay))))
        link.reset()
        for row, output in zip(X, expected, strict=True):
            np.testing.assert_array_equal(link.step(row), output)
        stepped_s = time.monotonic()
        while link.inform(1.0).driven:
            assert time.monotonic() - stepped_s < SAFE_S + SLACK_S
        relay.to_device, relay.to_host = noise(5, *EVENTS), noise(6, *EVENTS)
        while not reset(link):
            pass
        assert run_with_noise(link, expected) <= 0.03 * len(X)
        assert link.counts.time_outs >= 1
