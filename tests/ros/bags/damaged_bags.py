"""Bags of ticks without nodes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

from snn_control.ros.bags.bag_writer import BagWriter
from snn_control.ros.base.interface import tick_fields

NAMES = (*tick_fields(), "height_error_m")
TICK, SPIKES = "/controller/tick", "/controller/spikes"
PERIOD_NS = 100_000_000


def observation(number: int) -> float:
    """Return the observation of a tick."""
    return float(np.sqrt(number))


def write_ticks(writer: Writer, n_ticks: int) -> None:
    """Write ticks from 1 on, see `write_numbers`."""
    write_numbers(writer, range(1, n_ticks + 1))


def write_numbers(writer: Writer, numbers: Iterable[int]) -> None:
    """Write ticks and spikes; our own writer ends a chunk every second, as the recorder does."""
    store = get_typestore(Stores.ROS2_JAZZY)
    layout, dimension, floats, octets = (
        store.types[f"std_msgs/msg/{name}"]
        for name in (
            "MultiArrayLayout", "MultiArrayDimension", "Float64MultiArray", "UInt8MultiArray",
        )
    )  # fmt: skip
    connections = [
        writer.add_connection(topic, kind.__msgtype__, typestore=store)
        for topic, kind in ((TICK, floats), (SPIKES, octets))
    ]
    named = layout(dim=[dimension(",".join(NAMES), len(NAMES), len(NAMES))], data_offset=0)
    for k, number in enumerate(numbers, 1):
        values = np.zeros(len(NAMES))
        values[0], values[-1] = number, observation(number)
        spikes = np.full(20, number % 2, np.uint8)
        for connection, message in zip(
            connections, (floats(named, values), octets(layout([], 0), spikes)), strict=True
        ):
            raw = store.serialize_cdr(message, message.__msgtype__)
            writer.write(connection, k * PERIOD_NS, raw)
        if isinstance(writer, BagWriter) and k % 10 == 0:
            writer.flush()


def write_bag(folder: Path, n_ticks: int = 49) -> Path:
    """Write a bag as the recorder does."""
    writer = BagWriter(folder)
    writer.open()
    write_ticks(writer, n_ticks)
    writer.close()
    return folder


def write_foreign_bag(
    folder: Path,
    storage: StoragePlugin,
    n_ticks: int = 49,
    compression: CompressionMode = CompressionMode.NONE,
) -> Path:
    """Write a bag without checksums, with rosbags."""
    writer = Writer(folder, version=9, storage_plugin=storage)
    writer.set_compression(compression, CompressionFormat.ZSTD)
    with writer:
        write_ticks(writer, n_ticks)
    return folder
