"""Hostile names and paths: nothing of them reaches C, a compiler or a shell."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from snn_control.cli.main import main
from snn_control.controllers import load
from snn_control.errors import ParameterError
from snn_control.export.c.adapter import adapter_header
from snn_control.export.c.build import FLAGS, find_compiler
from snn_control.export.c.files import export_c
from snn_control.export.c.names import (
    LONGEST,
    RESERVED,
    check_prefix,
    comment,
    identifiers,
    prefix_of,
)
from snn_control.export.c.source import c_source
from snn_control.export.firmware.build import build_native
from snn_control.export.layouts.layout import LAYOUTS, arrange
from snn_control.export.tools import run_tool
from snn_control.network import Network, Population, Readout
from snn_control.network.network import INPUT
from snn_control.network.program import Program
from tests.export.test_c import pytestmark  # noqa: F401 - needs a compiler

PIECES = ("*/", "/*", "//", '"', "\\", "\n", "#include", "??/", ";", "`", "$(x)", "%s", "\0", "é",
          "a", "B", "7", "_", " ", "-", "while", "int", "{", "}", "\u2028", "../", "'")  # fmt: skip
HOSTILE = st.one_of(st.text(max_size=60), st.lists(st.sampled_from(PIECES)).map("".join))
PLAIN = re.compile(r"[\n\x20-\x7e]*")
WORDS = ("*/ int evil; /*", "a\\\nint evil;", '"; int evil; "', "\n#error evil\n", "??/\n#error x")


@given(HOSTILE)
def test_a_prefix_is_an_identifier_or_refused(name: str) -> None:
    try:
        prefix = prefix_of(name)
    except ParameterError:
        return
    assert re.fullmatch(r"[a-z][0-9a-z_]*", prefix)
    assert len(prefix) <= LONGEST
    assert prefix not in RESERVED
    assert adapter_header(prefix).count(prefix) >= 2


@given(HOSTILE)
def test_a_prefix_of_the_user_is_an_identifier_or_refused(name: str) -> None:
    try:
        assert check_prefix(name) == name
    except ParameterError:
        return
    assert re.fullmatch(r"[A-Za-z][0-9A-Za-z_]*", name)


@given(st.lists(HOSTILE, unique=True, max_size=12))
def test_identifiers_differ(names: list[str]) -> None:
    chosen = identifiers(names)
    assert len(set(chosen.values())) == len(names)
    assert all(re.fullmatch(r"[0-9A-Za-z_]+", each) for each in chosen.values())


@given(HOSTILE)
def test_text_of_comments_neither_ends_nor_continues_them(name: str) -> None:
    text = comment(name)
    assert re.fullmatch(r"[0-9A-Za-z_ .:;,@>+-]*", text)
    assert "*/" not in text


def renamed(names: list[str]) -> Program:
    """Return a program whose populations, inputs and read-outs have other names."""
    network = load("blimp-altitude").networks[1]
    new = dict(zip((p.name for p in network.populations), names, strict=False)) | {INPUT: INPUT}
    populations = [Population(new[p.name], p.size, p.params) for p in network.populations]
    connections = [
        replace(c, source=new[c.source], target=new[c.target]) for c in network.connections
    ]
    readouts = [Readout(names[-1], new[r.population], r.neuron) for r in network.readouts]
    changed: Network = replace(
        network, name=names[0], inputs=(names[-1],), populations=tuple(populations),
        connections=tuple(connections), readouts=tuple(readouts),
    )  # fmt: skip
    return Program.of_network(changed)


N_NAMES = len(load("blimp-altitude").networks[1].populations) + 1


@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(HOSTILE.filter(lambda n: n != INPUT), unique=True, min_size=N_NAMES, max_size=N_NAMES)
)
def test_sources_of_hostile_names_differ_in_names_only(names: list[str]) -> None:
    source = c_source(renamed(names), "x", "float32")
    plain = c_source(renamed([f"p{k}" for k in range(N_NAMES)]), "x", "float32")
    for text, other in ((source.header, plain.header), (source.source, plain.source)):
        assert PLAIN.fullmatch(text)
        assert text.count("\n") == other.count("\n")
        assert re.findall(r"[{}();#\"]", without_comments(text)) == re.findall(
            r"[{}();#\"]", without_comments(other)
        )


def without_comments(text: str) -> str:
    return re.sub(r"/\*.*?\*/", "", text, flags=re.S)


def test_a_source_of_hostile_names_compiles(tmp_path: Path) -> None:
    names = [*WORDS, *(f"{word}{k}" for k in range(N_NAMES) for word in WORDS)][:N_NAMES]
    manifest = export_c(renamed(names), tmp_path / "out", "x")
    assert manifest["verification"]["max_abs_error"] == 0
    assert json.loads((tmp_path / "out" / "manifest.json").read_text())["inputs"] == [names[-1]]
    source = str(tmp_path / "out" / "x.c")
    preprocessed = run_tool([*find_compiler(), *FLAGS, "-E", source])
    assert not re.search(r"\bevil\b", preprocessed)


PATHS = ["-o", "@args", "a b", "$(touch evil)", "`touch evil`", "'; touch evil; '", 'a"b', "a,b",
         "-I x", "--help", "a\nb", "%s", "é", "*"]  # fmt: skip


@pytest.mark.parametrize("name", PATHS)
def test_paths_are_not_interpreted(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    export_c(load("blimp-altitude").to_program(), Path(name), "x")
    build_native(Path(name), "x", Path(name) / "-firmware")
    assert (tmp_path / name / "-firmware").is_file()
    assert {path.name for path in tmp_path.iterdir()} == {name}
    for layout in LAYOUTS:
        folder = Path(name) / layout
        export_c(load("blimp-altitude").to_program(), folder, "x", verify=False)
        arrange(folder, layout)
    assert {path.name for path in tmp_path.iterdir()} == {name}


@pytest.mark.parametrize("name", ["a b", "; touch evil", "while", "x\ny", "../x", "-o"])
def test_the_verb_refuses_names(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["export", "blimp-altitude", f"--name={name}", "--out", str(tmp_path / "out")]
    assert main(arguments) == 2
    assert "name" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
