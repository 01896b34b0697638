"""Tables of faults: kinds with their keys and defaults, channels with their ranges."""

from __future__ import annotations

import dataclasses
import re

from snn_control.ros.faults.channels import CHANNELS
from snn_control.supervision.fault_file import shipped_faults
from snn_control.supervision.faults import Fault, FaultKind
from tests.docs.pages import DOCS

PAGE = (DOCS / "how-to" / "inject_faults.md").read_text("utf-8")


def rows(head: str) -> dict[str, list[str]]:
    """Return the cells of the table whose first column has a head, by its first cell."""
    lines = PAGE.splitlines()
    start = next(k for k, line in enumerate(lines) if line.startswith(f"| {head} |"))
    table = {}
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        first, *cells = (cell.strip() for cell in line.strip("|").split(" | "))
        table[first.strip("` ")] = cells
    return table


def test_kinds_and_the_defaults_of_their_keys() -> None:
    table = rows("kind")
    assert list(table) == [*FaultKind]
    listed: dict[str, str] = {}
    for _, keys in table.values():
        listed |= dict(re.findall(r"`(\w+)` ([\d.]+)", keys))
    fields = {field.name: field.default for field in dataclasses.fields(Fault)}
    common = {"channel", "kind", "start_s", "stop_s"}
    assert set(listed) == set(fields) - common
    assert all(float(value) == fields[name] for name, value in listed.items())


def test_channels_and_their_ranges() -> None:
    table = rows("channel")
    channels = [channel for channels in CHANNELS.values() for channel in channels]
    assert list(table) == [channel.topic for channel in channels]
    for channel in channels:
        low, high, rest = channel.channel.low, channel.channel.high, channel.channel.rest
        _, limits, listed, _ = table[channel.topic]
        assert limits == f"{low:.6g} to {high:.6g}"
        assert listed == ("-" if rest is None else f"{rest:g}")


def test_shipped_files_are_listed() -> None:
    assert all(f"`{name}`" in PAGE for name in shipped_faults())
