"""Cut and damaged bags: every missing tick is reported, every returned tick is true."""

from __future__ import annotations

import re
import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("rclpy", reason='needs rclpy: pip install "snn_control[ros]"')
pytest.importorskip("rosbags", reason='needs rosbags: pip install "snn_control[logs]"')

from rosbags.highlevel import AnyReader
from rosbags.rosbag2 import CompressionMode, StoragePlugin
from rosbags.typesys import Stores, get_typestore

from snn_control.errors import DataWarning, RunError
from snn_control.ros.bags.bag_writer import BagWriter
from snn_control.ros.bags.ticks import RecordedTicks, read_ticks
from snn_control.runs.atomic import PARTIAL
from tests.ros.bags.damaged_bags import (
    PERIOD_NS,
    TICK,
    observation,
    write_bag,
    write_foreign_bag,
    write_numbers,
    write_ticks,
)

N_TICKS = 49
N_DAMAGED = 40
"""Number of damaged bytes."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bag(tmp_path_factory.mktemp("whole") / "bag", N_TICKS)


@pytest.fixture
def bag(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "bag"))


def outcome(bag: Path) -> tuple[RecordedTicks | None, str]:
    """Return the ticks and the warning or error; any other exception fails the test."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            ticks = read_ticks(bag)
        except RunError as exc:
            return None, str(exc)
    assert all(w.category is DataWarning for w in caught)
    return ticks, "\n".join(str(w.message) for w in caught)


def assert_true(ticks: RecordedTicks) -> None:
    """Require that no damaged value is among the ticks."""
    numbers = ticks.fields["tick"]
    expected = [observation(int(number)) for number in numbers]
    np.testing.assert_array_equal(ticks.observations[:, 0], expected)
    assert np.all(np.diff(numbers) > 0)


def test_a_whole_bag_has_no_warning_and_is_read_by_rosbags(whole: Path) -> None:
    ticks, warning = outcome(whole)
    assert warning == ""
    assert ticks is not None
    assert_true(ticks)
    assert len(ticks.stamp_ns) == N_TICKS
    assert ticks.spikes.shape == (N_TICKS, 20)
    with AnyReader([whole]) as reader:
        times = [
            time_ns for connection, time_ns, _ in reader.messages() if connection.topic == TICK
        ]
    assert times == [number * PERIOD_NS for number in range(1, N_TICKS + 1)]


def test_a_cut_bag_is_read_up_to_the_cut(bag: Path) -> None:
    file = bag / "bag.mcap"
    data = file.read_bytes()
    (bag / "metadata.yaml").unlink()
    n_read = []
    for length in range(0, len(data), 199):
        file.write_bytes(data[:length])
        ticks, problem = outcome(bag)
        assert "cut" in problem or "does not begin as an MCAP file" in problem, length
        n_read.append(0 if ticks is None else len(ticks.stamp_ns))
        if ticks is not None:
            assert_true(ticks)
            assert f"{n_read[-1]} ticks were read" in problem
    assert n_read == sorted(n_read)
    assert n_read[0] == 0
    assert n_read[-1] == N_TICKS
    assert len({*n_read}) > 40, "a cut costs the tick in which it lies"


@pytest.mark.parametrize("name", ["bag.mcap", "metadata.yaml"])
@pytest.mark.parametrize("fill", ["zeros", "ones", "random"])
def test_damaged_bytes_are_never_silent(bag: Path, name: str, fill: str) -> None:
    file = bag / name
    data = file.read_bytes()
    rng = np.random.default_rng(5)
    n_lost = 0
    for place in rng.integers(0, len(data) - N_DAMAGED, 70 if name == "bag.mcap" else 30):
        noise = {"zeros": bytes(N_DAMAGED), "ones": b"\xff" * N_DAMAGED}
        damaged = noise.get(fill) or rng.bytes(N_DAMAGED)
        file.write_bytes(data[:place] + damaged + data[place + N_DAMAGED :])
        ticks, problem = outcome(bag)
        assert ticks is not None, problem
        assert_true(ticks)
        n_missing = N_TICKS - len(ticks.stamp_ns)
        assert n_missing <= 10, "the other chunks are read"
        if n_missing:
            n_lost += 1
            assert f"{N_TICKS - n_missing} ticks were read" in problem
            assert f"{N_TICKS} ticks" in problem or f"{n_missing} ticks are missing" in problem
    assert n_lost > 20 or name == "metadata.yaml"


@pytest.mark.parametrize("name", ["bag.mcap", "metadata.yaml"])
def test_single_bits_are_never_silent(bag: Path, name: str) -> None:
    file = bag / name
    data = file.read_bytes()
    rng = np.random.default_rng(6)
    for bit in rng.integers(0, 8 * len(data), 40):
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        file.write_bytes(damaged)
        ticks, problem = outcome(bag)
        assert ticks is not None, problem
        assert_true(ticks)
        assert problem or len(ticks.stamp_ns) == N_TICKS


@pytest.mark.parametrize("storage", StoragePlugin)
def test_bags_of_other_recorders_are_read_and_counted(
    storage: StoragePlugin, tmp_path: Path
) -> None:
    bag = write_foreign_bag(tmp_path / "bag", storage, N_TICKS)
    ticks, problem = outcome(bag)
    assert ticks is not None
    assert problem == ""
    assert_true(ticks)
    (file,) = (path for path in bag.iterdir() if path.name != "metadata.yaml")
    data = file.read_bytes()
    rng = np.random.default_rng(7)
    for place in rng.integers(0, len(data) - N_DAMAGED, 40):
        file.write_bytes(data[:place] + rng.bytes(N_DAMAGED) + data[place + N_DAMAGED :])
        ticks, problem = outcome(bag)
        n_read = 0 if ticks is None else len(ticks.stamp_ns)
        assert problem or n_read == N_TICKS


@pytest.mark.parametrize("mode", [CompressionMode.MESSAGE, CompressionMode.FILE])
@pytest.mark.parametrize("storage", StoragePlugin)
def test_compressed_bags_are_read(
    storage: StoragePlugin, mode: CompressionMode, tmp_path: Path
) -> None:
    bag = write_foreign_bag(tmp_path / "bag", storage, N_TICKS, mode)
    ticks, problem = outcome(bag)
    assert problem == ""
    assert ticks is not None
    assert_true(ticks)
    assert len(ticks.stamp_ns) == N_TICKS
    assert ticks.spikes.shape == (N_TICKS, 20)


def test_a_bag_without_a_readable_tick_names_its_faults(tmp_path: Path) -> None:
    writer = BagWriter(tmp_path / "bag")
    writer.open()
    store = get_typestore(Stores.ROS2_JAZZY)
    connection = writer.add_connection(TICK, "std_msgs/msg/Float64MultiArray", typestore=store)
    for k in range(3):
        writer.write(connection, k, b"\0\1\0\0" + b"\xff" * 40)
    writer.close()
    ticks, problem = outcome(tmp_path / "bag")
    assert ticks is None
    assert f"3 damaged messages of {TICK} are left out" in problem


def test_records_of_reserved_codes_are_skipped(bag: Path) -> None:
    file = bag / "bag.mcap"
    data, own = file.read_bytes(), b"record of a later version"
    for code in range(0x10, 0x100):
        record = bytes([code]) + len(own).to_bytes(8, "little") + own
        file.write_bytes(data[:8] + record + data[8:])
        ticks, problem = outcome(bag)
        assert problem == "", code
        assert ticks is not None
        assert len(ticks.stamp_ns) == N_TICKS


def test_the_files_of_a_bag_are_those_of_its_metadata(bag: Path) -> None:
    shutil.copy(bag / "bag.mcap", bag / "bag (copy).mcap")
    ticks, problem = outcome(bag)
    assert ticks is not None
    assert len(ticks.stamp_ns) == N_TICKS
    assert "bag (copy).mcap is not in metadata.yaml and is left out" in problem
    (bag / "metadata.yaml").unlink()
    ticks, problem = outcome(bag)
    assert ticks is not None
    assert len(ticks.stamp_ns) == N_TICKS
    assert_true(ticks)
    assert f"{N_TICKS} copies of ticks are left out" in problem
    assert "ticks are missing" not in problem


def test_a_missing_file_of_a_bag_is_named(bag: Path) -> None:
    (bag / "bag.mcap").rename(bag / "renamed.mcap")
    ticks, problem = outcome(bag)
    assert ticks is not None
    assert len(ticks.stamp_ns) == N_TICKS
    assert "bag.mcap of metadata.yaml is missing" in problem


@pytest.mark.parametrize("named", ["bag", f"{PARTIAL}bag", f"{PARTIAL}bag/bag"])
def test_an_unfinished_bag_is_read_under_each_of_its_names(named: str, tmp_path: Path) -> None:
    writer = BagWriter(tmp_path / f"{PARTIAL}bag" / "bag")
    writer.open()
    write_ticks(writer, 20)
    ticks, problem = outcome(tmp_path / named)
    assert ticks is not None
    assert len(ticks.stamp_ns) == 20
    assert re.search("20 ticks were read.*is cut.*metadata.yaml is missing", problem)
    writer.close()


def test_places_without_a_bag_are_refused(tmp_path: Path) -> None:
    (tmp_path / "text.mcap").write_text("no bag")
    for place in (tmp_path, tmp_path / "none", tmp_path / "text.mcap", Path("/dev/null")):
        with pytest.raises(RunError, match=r"not a readable bag|does not begin as an MCAP file"):
            read_ticks(place)


@pytest.mark.parametrize(
    ("numbers", "n_missing"),
    [
        ([1, 2, 3, 4], 0),
        ([7, 8, 9], 0),
        ([1, 2, 4, 3, 5], 0),
        ([1, 2, 3, 1, 2, 3], 0),
        ([1, 1, 2], 0),
        ([1, 2, 5], 2),
        ([1, 5, 2], 2),
        ([1, 2, 3, 1, 4], 2),
        ([1, 2, 3, 4, 5, 2, 3, 5], 2),
        ([*range(1, 50), *range(3, 50, 2)], 25),
        ([5, 6, 7, 2, 3, 4], 1),
        ([5, 6, 7, 1, 2, 3], 0),
        ([1, 2, 3, 4, 1, 2, 3, 2, 3], 1),
    ],
)
def test_numbers_of_ticks_are_counted(numbers: list[int], n_missing: int, tmp_path: Path) -> None:
    writer = BagWriter(tmp_path / "bag")
    writer.open()
    write_numbers(writer, numbers)
    writer.close()
    warning = outcome(tmp_path / "bag")[1]
    assert (f"{n_missing} ticks are missing" in warning) == bool(n_missing)
    assert bool(warning) == bool(n_missing)
