"""Frames: round trips, equality of the C and the Python ends, damaged and overlong frames."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.needs import NEEDS_SERIAL

pytest.importorskip("cobs", reason=NEEDS_SERIAL)

from snn_control.export.c.build import FLAGS, find_compiler
from snn_control.export.firmware.build import RESOURCES
from snn_control.export.firmware.frames import LONGEST, Frame, FrameReader, encode
from snn_control.export.tools import run_tool
from tests.export.test_c import pytestmark  # noqa: F401 - needs a compiler

PAYLOADS = st.one_of(
    st.binary(max_size=40),
    st.integers(0, 600).map(lambda n: b"\x07" * n),
    st.integers(0, 300).map(lambda n: b"\0" * n),
    st.integers(240, 260).flatmap(lambda n: st.binary(min_size=n, max_size=n)),
)
FRAMES = st.builds(Frame, st.integers(0, 255), st.integers(0, 65535), PAYLOADS)


class Receiver(ctypes.Structure):
    """`frames_receiver` of C."""

    _fields_ = (
        ("buffer", ctypes.c_char_p),
        ("size", ctypes.c_uint32),
        ("length", ctypes.c_uint32),
        ("bad", ctypes.c_uint32),
    )


class CFrames:
    """The C end, in a shared library."""

    def __init__(self, path: Path) -> None:
        self._library = ctypes.CDLL(str(path))
        self._buffer = ctypes.create_string_buffer(1000)
        self.receiver = Receiver()
        self._library.frames_start(ctypes.byref(self.receiver), self._buffer, 1000)

    def send(self, content: bytes) -> bytes:
        """Return the bytes of a frame."""
        written: list[int] = []
        write = ctypes.CFUNCTYPE(None, ctypes.c_uint8)(written.append)
        room = ctypes.create_string_buffer(content, len(content) + 4)
        self._library.frames_send(room, len(content), write)
        return bytes(written)

    def receive(self, content: bytes) -> list[bytes]:
        """Return the contents of the frames that end in the bytes."""
        receiver = ctypes.byref(self.receiver)
        lengths = (self._library.frames_receive(receiver, byte) for byte in content)
        return [self._buffer.raw[:n] for n in lengths if n]


@pytest.fixture(scope="module")
def make_c(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], CFrames]:
    path = tmp_path_factory.mktemp("frames") / "frames.so"
    run_tool([*find_compiler(), *FLAGS, "-shared", "-fPIC", "-o", path, RESOURCES / "frames.c"])
    return lambda: CFrames(path)


def content_of(frame: Frame) -> bytes:
    return bytes([frame.type]) + frame.number.to_bytes(2, "little") + frame.payload


@given(st.lists(FRAMES, max_size=5), st.integers(1, 50))
def test_frames_arrive_in_any_pieces(frames: list[Frame], piece: int) -> None:
    sent, reader = b"".join(map(encode, frames)), FrameReader()
    pieces = [sent[k : k + piece] for k in range(0, len(sent), piece)]
    assert [frame for part in pieces for frame in reader.feed(part)] == frames
    assert reader.bad == 0


@settings(deadline=None)
@given(frame=FRAMES)
def test_both_ends_write_the_same_bytes(frame: Frame, make_c: Callable[[], CFrames]) -> None:
    c = make_c()
    assert c.send(content_of(frame)) == encode(frame)
    assert c.receive(encode(frame)) == [content_of(frame)]


@settings(deadline=None)
@given(damage=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 256)), min_size=1, max_size=6))
def test_damaged_frames_are_refused_by_both_ends(
    damage: list[tuple[int, int]], make_c: Callable[[], CFrames]
) -> None:
    sent = bytearray(encode(Frame(1, 7, bytes(range(20)))))
    original = bytes(sent)
    for at, value in damage:  # 256: the byte is lost
        sent[at % len(sent) : at % len(sent) + 1] = bytes([value] if value < 256 else [])
    c, reader = make_c(), FrameReader()
    received = [*reader.feed(bytes(sent) + b"\0")]
    if bytes(sent).strip(b"\0") != original.strip(b"\0"):
        assert Frame(1, 7, bytes(range(20))) not in received or original[1:] in sent
    assert [content_of(frame) for frame in received] == c.receive(bytes(sent) + b"\0")


@given(st.binary(max_size=300))
def test_a_frame_after_noise_arrives(noise: bytes) -> None:
    reader, frame = FrameReader(), Frame(2, 9, b"abc")
    assert [*reader.feed(noise + encode(frame))][-1] == frame


def test_overlong_frames_are_counted_once(make_c: Callable[[], CFrames]) -> None:
    reader, c = FrameReader(), make_c()
    for _ in range(10):
        assert not [*reader.feed(b"x" * LONGEST)]
        assert not c.receive(b"x" * LONGEST)
    assert reader.bad == c.receiver.bad == 0
    assert not [*reader.feed(b"\0")]
    assert not c.receive(b"\0")
    assert reader.bad == c.receiver.bad == 1
    frame = Frame(1, 1, b"")
    assert [*reader.feed(encode(frame))] == [frame]
    assert c.receive(encode(frame)) == [content_of(frame)]


@pytest.mark.parametrize("piece", [b"\x01\0", b"\xff\0", b"\x05ab\0", encode(Frame(1, 1, b""))[3:]])
def test_wrong_codes_are_bad_frames(piece: bytes, make_c: Callable[[], CFrames]) -> None:
    reader, c = FrameReader(), make_c()
    assert not [*reader.feed(piece)]
    assert not c.receive(piece)
    assert reader.bad == c.receiver.bad == 1


def test_a_frame_without_number_is_bad() -> None:
    from zlib import crc32

    from cobs import cobs

    reader, short = FrameReader(), b"\x01\x02"
    sent = cobs.encode(short + crc32(short).to_bytes(4, "little")) + b"\0"
    assert not [*reader.feed(sent)]
    assert reader.bad == 1
