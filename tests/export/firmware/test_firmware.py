"""Requests to the firmware: repetitions, wrong requests, anything on the line."""

from __future__ import annotations

import os
import select
import time
from pathlib import Path

import numpy as np
import pytest

from tests.needs import NEEDS_SERIAL

pytest.importorskip("cobs", reason=NEEDS_SERIAL)

from snn_control.errors import ProtocolError
from snn_control.export.firmware.frames import Frame, FrameReader, encode
from snn_control.export.firmware.messages import INFO, RESET, STEP, Info, Reply, reply_of
from tests.export.firmware.devices import process
from tests.export.test_c import pytestmark  # noqa: F401 - needs a compiler


class Raw:
    """End of a line that sends frames as they are."""

    def __init__(self, file: int) -> None:
        self._file, self._reader = file, FrameReader()

    def send(self, content: bytes) -> None:
        os.write(self._file, content)

    def replies(self, n: int, timeout_s: float = 5.0) -> list[Reply]:
        """Return n replies; fewer after the time-out."""
        received: list[Reply] = []
        end_s = time.monotonic() + timeout_s
        while len(received) < n and (left_s := end_s - time.monotonic()) > 0:
            if select.select((self._file,), (), (), left_s)[0]:
                frames = self._reader.feed(os.read(self._file, 4096))
                received += filter(None, map(reply_of, frames))
        return received


def step(number: int, value: float = 0.3) -> bytes:
    return encode(Frame(STEP, number, np.float32(value).tobytes()))


def test_a_repeated_number_is_answered_from_memory(native: Path) -> None:
    with process(native) as file:
        raw = Raw(file)
        raw.send(step(65534) + step(65534, 0.5) + step(65535) + step(0) + step(65534) + step(1))
        first, again, *later = raw.replies(6, 2.0)
        assert again == first
        assert [reply.number for reply in later] == [65535, 0, 1]
        assert [reply.ticks for reply in (first, *later)] == [1, 2, 3, 4]
        raw.send(encode(Frame(RESET, 7, b"")) * 2 + encode(Frame(INFO, 3, b"")) + step(4))
        assert [reply.ticks for reply in raw.replies(4, 2.0)] == [0, 0, 0, 1]


@pytest.mark.parametrize(
    ("frame", "status"),
    [
        (Frame(STEP, 1, b"abc"), 0xFE),
        (Frame(STEP, 1, b""), 0xFE),
        (Frame(STEP, 1, b"abcd" * 2), None),  # longer than any request
        (Frame(9, 1, b""), 0xFF),
        (Frame(STEP, 1, np.float32(np.nan).tobytes()), 1),
        (Frame(STEP, 1, np.float32(-np.inf).tobytes()), 1),
    ],
)
def test_wrong_requests_change_nothing(frame: Frame, status: int | None, native: Path) -> None:
    with process(native) as file:
        raw = Raw(file)
        raw.send(encode(frame) + step(2))
        *refused, reply = raw.replies(1 if status is None else 2, 2.0)
        assert [each.status for each in refused] == ([] if status is None else [status])
        assert (reply.status, reply.ticks) == (0, 1)


def test_anything_on_the_line_is_survived(native: Path) -> None:
    random = np.random.default_rng(0)
    with process(native) as file:
        raw = Raw(file)
        for k in range(50):
            raw.send(random.bytes(200))
            cut = int(random.integers(1, 20))
            raw.send(step(k)[:cut] + b"\0" * int(random.integers(0, 3)))
        raw.send(step(60) + encode(Frame(INFO, 61, b"")))
        *_, info = raw.replies(1000, 1.0)
        assert (info.type, info.number) == (INFO, 61)
        assert Info.of_payload(info.payload).bad_frames > 20


def test_an_info_of_another_version_is_refused() -> None:
    for payload in (b"", b"\1" * 30, b"\1" * 200):
        with pytest.raises(ProtocolError, match="another protocol"):
            Info.of_payload(payload)
