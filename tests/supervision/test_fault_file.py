"""Files of faults: shipped ones, and refusals with file and remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from snn_control.errors import ConfigError, UnknownNameError
from snn_control.ros.faults.channels import CHANNELS
from snn_control.supervision.fault_file import FaultFile, shipped_faults
from snn_control.supervision.faults import Channel, FaultKind

SHIPPED = shipped_faults()
LIDAR = Channel("range", 0.0, 12.0)


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_files_have_faults_of_a_system(name: str) -> None:
    file = FaultFile.read(name)
    assert file.path == str(SHIPPED[name])
    named = {fault.channel for fault in file.faults}
    systems = [
        system
        for system, channels in CHANNELS.items()
        if named <= {channel.topic for channel in channels}
    ]
    assert len(systems) == 1
    streams = file.streams(channel.channel for channel in CHANNELS[systems[0]])
    assert len(streams.without_effect(1e9)) == len(file.faults)
    first = SHIPPED[name].read_text("utf-8").splitlines()[0]
    assert first.startswith("# snn-control ")
    assert f"--faults {name}" in first


def test_the_lidar_file() -> None:
    kinds = [(f.channel, f.kind, f.start_s, f.stop_s) for f in FaultFile.read("lidar").faults]
    assert kinds == [
        ("range", FaultKind.STUCK, 30.0, 33.0),
        ("range", FaultKind.OFF, 50.0, 52.0),
    ]


@pytest.mark.parametrize(
    ("faults", "message"),
    [
        ("[]", "lists no fault: add one, or leave out the file"),
        ("[{channel: rnage, kind: off}]", r"unknown channel 'rnage'\. Did you mean: `range`"),
        (
            "[{channel: range, kind: off, stop_s: 9}, {channel: range, kind: stuck, start_s: 8}]",
            r"overlap: .*; end the first before the second starts",
        ),
        ("[{channel: range, kind: off, start_s: 9, stop_s: 8}]", "fault 1: .*a later end"),
        ("[{channel: range, kind: of}]", "fault 1: .*Did you mean: `off`"),
        ("[{channel: range, kind: off, stop_s: .inf}]", "expected a finite number"),
    ],
)
def test_refusals_name_the_file(faults: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(f"faults: {faults}\n")
    with pytest.raises(ConfigError, match=rf"mine\.yaml: .*{message}|mine\.yaml: {message}"):
        FaultFile.read(path).streams([LIDAR])


def test_a_missing_file_is_an_error() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean: `lidar`"):
        FaultFile.read("lidr")
    with pytest.raises(UnknownNameError, match="no such file"):
        FaultFile.read("no/faults.yaml")
