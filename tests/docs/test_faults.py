"""Tables of faults: kinds with their keys and defaults, channels with their ranges."""

from __future__ import annotations

import dataclasses
import re

from snn_control.ros.faults.channels import CHANNELS
from snn_control.supervision.fault_file import shipped_faults
from snn_control.supervision.faults import Fault, FaultKind
from tests.docs.pages import DOCS

PAGE = (DOCS / "how-to" / "inject_faults.md").read_text("utf-8")


def rows(head: str) -> list[list[str]]:
    """Return the rows of the table whose first column has a head."""
    lines = PAGE.splitlines()
    start = next(k for k, line in enumerate(lines) if line.startswith(f"| {head} |"))
    table = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        first, *cells = (cell.strip() for cell in line.strip("|").split(" | "))
        table.append([first.strip("` "), *cells])
    return table


def test_kinds_and_the_defaults_of_their_keys() -> None:
    table = rows("kind")
    assert [kind for kind, *_ in table] == [*FaultKind]
    listed: dict[str, str] = {}
    for _, _, keys in table:
        listed |= dict(re.findall(r"`(\w+)` ([\d.]+)", keys))
    fields = {field.name: field.default for field in dataclasses.fields(Fault)}
    common = {"channel", "kind", "start_s", "stop_s"}
    assert set(listed) == set(fields) - common
    assert all(float(value) == fields[name] for name, value in listed.items())


def test_channels_and_their_ranges() -> None:
    expected = []
    for system, channels in CHANNELS.items():
        for channel in (channel.channel for channel in channels):
            rest = "-" if channel.rest is None else f"{channel.rest:g}"
            limits = f"{channel.low:.6g} to {channel.high:.6g}"
            expected.append((channel.name, system, limits, rest))
    listed = [(name, system, limits, rest) for name, system, _, limits, rest, _ in rows("channel")]
    assert listed == expected


def test_shipped_files_are_listed() -> None:
    assert all(f"`{name}`" in PAGE for name in shipped_faults())
