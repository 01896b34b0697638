"""Reading of bag files that may be cut or damaged; needs rosbags.

An MCAP file is read record by record, without its index. After a damaged place reading continues at
the next whole chunk, so that neither a missing end nor a damaged index hides messages.
Format: https://mcap.dev/spec
"""

from __future__ import annotations

import mmap
import re
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from snn_control.errors import ConfigError, RunError
from snn_control.input_file import is_file, is_folder, shortened
from snn_control.runs.atomic import PARTIAL
from snn_control.yaml_text import load_yaml

__all__ = ["BagContent", "read_bag", "unpacked"]

MAGIC = b"\x89MCAP0\r\n"
_FOOTER, _SCHEMA, _CHANNEL, _MESSAGE, _CHUNK, _STATISTICS = 2, 3, 4, 5, 6, 11
_PACKED = b"\x28\xb5\x2f\xfd"
"""Begin of data packed by zstd; that of a serialised message has another."""
_HEAD = struct.Struct("<BQ")
_CHUNK_HEAD = struct.Struct("<QQQI")
_CHUNK_START = re.compile(rb"\x06.{5}\x00{3}", re.DOTALL)


@dataclass(frozen=True)
class Message:
    """One message of a bag."""

    topic: str
    type: str
    time_ns: int
    data: bytes


@dataclass
class BagContent:
    """Readable messages of a bag, in order of time, and the faults of its files."""

    messages: list[Message] = field(default_factory=list)
    """Messages of the chosen topics."""
    topics: set[str] = field(default_factory=set)
    """Names of all topics."""
    problems: list[str] = field(default_factory=list)
    """Faults; empty if the bag is whole."""
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    """Number of messages of each topic, by the name of the record that states it."""


class _DamagedError(Exception):
    """A record that contradicts itself or the length of the file."""


def read_bag(bag: Path, endings: tuple[str, ...]) -> BagContent:
    """Read a bag as far as possible.

    Args:
        bag: folder of the bag, folder of an unfinished bag, the name that an unfinished bag was to
            get, or a file of a bag.
        endings: ends of the names of the topics to read.

    Raises:
        RunError: no such bag, or nothing of it can be read.
    """
    place, content = _locate(Path(bag)), BagContent()
    names = _read_metadata(place / "metadata.yaml", content) if place.is_dir() else []
    files = [place] if place.is_file() else _files(place, names, content)
    if not files or files[0].suffix != ".mcap":
        return _read_indexed(place, endings)
    for file in files:
        try:
            _McapFile(file, endings, content).read()
        except OSError as exc:
            raise RunError(f"{file}: cannot be read ({exc.strerror or exc})") from exc
    content.messages.sort(key=lambda message: message.time_ns)
    return content


def _files(folder: Path, names: list[str], content: BagContent) -> list[Path]:
    """Return the MCAP files of a bag: those of its metadata, or all if one of these is missing."""
    every = sorted(folder.glob("*.mcap"), key=_natural)
    named = [folder / name for name in dict.fromkeys(names) if name.endswith(".mcap")]
    missing = [file.name for file in named if not is_file(file)]
    if missing:
        content.problems.append(f"{', '.join(missing)} of metadata.yaml is missing")
        return every
    others = [file.name for file in every if file not in named]
    if named and others:
        content.problems.append(f"{', '.join(others)} is not in metadata.yaml and is left out")
    return named or every


def unpacked(data: bytes) -> bytes:
    """Return the data of a message, also of a bag whose messages are compressed one by one."""
    from rosbags.rosbag2.storage_mcap import DECOMPRESSORS

    return DECOMPRESSORS["zstd"](data, 0) if data.startswith(_PACKED) else data


def _locate(bag: Path) -> Path:
    if bag.name.startswith(PARTIAL) and is_folder(bag):
        return next((place for place in bag.iterdir() if place.is_dir()), bag)
    unfinished = bag.parent / (PARTIAL + bag.name) / bag.name
    for place in (bag, unfinished):
        if is_file(place) or is_folder(place):
            return place
    raise RunError(f"{shortened(bag)}: not a readable bag: no such file or folder")


def _natural(path: Path) -> list[Any]:
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", path.name)]


def _read_indexed(bag: Path, endings: tuple[str, ...]) -> BagContent:
    """Read a bag of another storage with rosbags, which refuses damaged ones."""
    from rosbags.highlevel import AnyReader
    from rosbags.typesys import Stores, get_typestore

    content = BagContent()
    try:
        store = get_typestore(Stores.ROS2_JAZZY)
        with AnyReader([bag], default_typestore=store) as reader:
            content.topics |= reader.topics.keys()
            content.counts["metadata"] = {t: i.msgcount for t, i in reader.topics.items()}
            chosen = [c for c in reader.connections if c.topic.endswith(endings)]
            for connection, time_ns, data in reader.messages(chosen) if chosen else ():
                content.messages.append(
                    Message(connection.topic, connection.msgtype, time_ns, bytes(data))
                )
    except Exception as exc:  # a damaged file may raise anything
        raise RunError(f"{bag}: not a readable bag ({exc})") from exc
    return content


def _read_metadata(path: Path, content: BagContent) -> list[str]:
    """Add the counts of messages; return the names of the files, none if they cannot be read."""
    if not path.exists():
        content.problems.append("metadata.yaml is missing: the recorder did not close the bag")
        return []
    try:
        information = load_yaml(path)["rosbag2_bagfile_information"]
        entries = information["topics_with_message_count"]
        content.counts["metadata.yaml"] = {
            str(entry["topic_metadata"]["name"]): int(entry["message_count"]) for entry in entries
        }
        # Old versions put the folder before the name.
        return [Path(name).name for name in information["relative_file_paths"]]
    except (ConfigError, LookupError, TypeError, ValueError) as exc:
        content.problems.append(f"metadata.yaml is damaged ({type(exc).__name__})")
        return []


class _McapFile:
    """One pass over a file, whose messages and faults are added to a `BagContent`."""

    def __init__(self, path: Path, endings: tuple[str, ...], content: BagContent) -> None:
        self._path, self._endings, self._content = path, endings, content
        self._data: bytes | mmap.mmap = b""
        if path.stat().st_size:
            with path.open("rb") as file:
                self._data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._types: dict[int, str] = {}
        self._channels: dict[int, tuple[int, str]] = {}
        self._raw: list[tuple[int, int, bytes]] = []
        self._counts: dict[int, int] = {}

    def read(self) -> None:
        """Read the file from its start to its end."""
        if self._data[: len(MAGIC)] != MAGIC:
            self._note(f"does not begin as an MCAP file ({len(self._data)} bytes)")
        place, complete = len(MAGIC), False
        while place < len(self._data) and not complete:
            try:
                code, start, end = _record(self._data, place, len(self._data))
                complete = code == _FOOTER
                place = self._read_outer(code, start, end)
            except _DamagedError:
                later = self._next_chunk(place + 1)
                if later == len(self._data):
                    self._read_torn(place + _HEAD.size)
                    self._note(f"is cut or damaged at byte {place} of {later}")
                    break
                self._note(f"is damaged at byte {place}")
                place = later
        if complete and self._data[place:] != MAGIC:
            self._note("has a damaged end")
        elif place == len(self._data) and not complete:
            self._note(f"is cut at byte {place}")
        self._resolve()

    def _read_outer(self, code: int, start: int, end: int) -> int:
        """Process one record outside of chunks; return the place of the next."""
        if code == _CHUNK:
            inner = self._chunk(start, end)
            if inner is None:
                self._note(f"has a damaged chunk at byte {start}")
            else:
                self._read_records(inner)
        elif code == _STATISTICS:
            self._read_statistics(self._data[start:end])
        else:
            self._read_record(code, self._data[start:end])
        return end

    def _read_torn(self, start: int) -> None:
        """Process the records of an uncompressed chunk of which the end is missing."""
        inner = start + _CHUNK_HEAD.size + 12
        if start > len(self._data) or inner > len(self._data):
            return
        code, length = _HEAD.unpack_from(self._data, start - _HEAD.size)
        _, _, size, _ = _CHUNK_HEAD.unpack_from(self._data, start)
        compression, packed = struct.unpack_from("<IQ", self._data, inner - 12)
        if code == _CHUNK and not compression and size == packed == length - (inner - start):
            self._read_records(self._data[inner:])

    def _read_records(self, chunk: bytes) -> None:
        place = 0
        try:
            while place < len(chunk):
                code, start, place = _record(chunk, place, len(chunk))
                self._read_record(code, chunk[start:place])
        except _DamagedError:
            self._note("has a damaged record in a chunk")

    def _read_record(self, code: int, content: bytes) -> None:
        try:
            if code == _SCHEMA:
                (key,) = struct.unpack_from("<H", content)
                self._types.setdefault(key, _text(content, 2)[0])
            elif code == _CHANNEL:
                key, schema = struct.unpack_from("<HH", content)
                self._channels.setdefault(key, (schema, _text(content, 4)[0]))
            elif code == _MESSAGE:
                channel, _, time_ns, _ = struct.unpack_from("<HIQQ", content)
                topic = self._channels.get(channel, (-1, ""))[1]
                if not topic or topic.endswith(self._endings):
                    self._raw.append((channel, time_ns, content[22:]))
        except (struct.error, UnicodeDecodeError) as exc:
            raise _DamagedError from exc

    def _read_statistics(self, content: bytes) -> None:
        try:
            (size,) = struct.unpack_from("<I", content, 42)
            self._counts = dict(struct.iter_unpack("<HQ", content[46 : 46 + size]))  # type: ignore[arg-type]
        except struct.error as exc:
            raise _DamagedError from exc

    def _chunk(self, start: int, end: int) -> bytes | None:
        """Return the records of a chunk, None if they are damaged.

        Raises:
            _DamagedError: the chunk contradicts its length.
        """
        from rosbags.rosbag2.storage_mcap import decompress

        try:
            _, _, size, crc = _CHUNK_HEAD.unpack_from(self._data, start)
            place = start + _CHUNK_HEAD.size
            compression, length = _text(self._data[place : min(end, place + 64)], 0)
            (packed,) = struct.unpack_from("<Q", self._data, place + length)
        except (struct.error, UnicodeDecodeError) as exc:
            raise _DamagedError from exc
        place += length + 8
        if place + packed != end:
            raise _DamagedError
        try:
            return decompress(self._data[place:end], compression, size, crc)
        except Exception:  # decoders raise errors of their own
            return None

    def _next_chunk(self, place: int) -> int:
        """Return the place of the next whole chunk, or the end of the file."""
        for match in _CHUNK_START.finditer(self._data, place):
            try:
                _, start, end = _record(self._data, match.start(), len(self._data))
                if self._chunk(start, end) is not None:
                    return match.start()
            except _DamagedError:
                continue
        return len(self._data)

    def _resolve(self) -> None:
        """Add the messages by topic; definitions may stand after them, in the summary."""
        unknown = 0
        self._content.topics |= {topic for _, topic in self._channels.values()}
        for channel, time_ns, data in self._raw:
            schema, topic = self._channels.get(channel, (-1, ""))
            if topic and not topic.endswith(self._endings):
                continue
            if schema in self._types:
                message = Message(topic, self._types[schema], time_ns, data)
                self._content.messages.append(message)
            else:
                unknown += 1
        if unknown:
            self._note(f"has {unknown} messages whose topic is damaged")
        if self._counts:
            stated = self._content.counts.setdefault("statistics", {})
            for channel, count in self._counts.items():
                topic = self._channels.get(channel, (-1, ""))[1]
                stated[topic] = stated.get(topic, 0) + count

    def _note(self, fault: str) -> None:
        self._content.problems.append(f"{self._path.name} {fault}")


def _record(data: bytes | mmap.mmap, place: int, end: int) -> tuple[int, int, int]:
    """Return code, start and end of the content of a record."""
    if place + _HEAD.size > end:
        raise _DamagedError
    code, size = _HEAD.unpack_from(data, place)
    start = place + _HEAD.size
    if code == 0 or start + size > end:  # codes without a meaning are reserved
        raise _DamagedError
    return code, start, start + size


def _text(data: bytes, place: int) -> tuple[str, int]:
    """Return a text with its length in front, and the place after it."""
    (size,) = struct.unpack_from("<I", data, place)
    if place + 4 + size > len(data):
        raise _DamagedError
    return data[place + 4 : place + 4 + size].decode(), place + 4 + size
