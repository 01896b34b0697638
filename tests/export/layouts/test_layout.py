"""Layouts of an export: complete files, sources that compile, equal results."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from snn_control.cli.main import main
from snn_control.controllers import load
from snn_control.errors import UnknownNameError
from snn_control.export.bare_metal.board import MPS2_AN386
from snn_control.export.c.files import export_c
from snn_control.export.layouts.layout import LAYOUTS, UNCONTRACTED, arrange
from snn_control.export.tools import run_tool
from tests.export.test_c import pytestmark  # noqa: F401 - needs a compiler
from tests.needs import needs_tools

STRICT = ("-Wall", "-Wextra", "-Werror")


def exported(folder: Path, layout: str, model: str = "blimp-altitude") -> Path:
    """Return the folder of an export in a layout."""
    export_c(load(model).to_program(), folder, "lift")
    arrange(folder, layout)
    return folder


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_manifest_lists_all_files(layout: str, tmp_path: Path) -> None:
    folder = exported(tmp_path / "out", layout)
    manifest = json.loads((folder / "manifest.json").read_text())
    files = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert files == {*manifest["files"], "manifest.json"}
    assert manifest["layout"] == layout


def test_the_verb_arranges_the_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    arguments = ["export", "blimp-altitude", "--out", str(out), "--layout", "zephyr", "--json"]
    assert main(arguments) == 0
    assert "zephyr/module.yml" in json.loads(capsys.readouterr().out)["files"]
    with pytest.raises(UnknownNameError, match="arduino"):
        arrange(out, "arduin")


def test_the_makefile_builds_the_firmware(tmp_path: Path) -> None:
    if shutil.which("make") is None:
        pytest.skip("needs make: apt install make")
    folder = exported(tmp_path / "out", "firmware") / "firmware"
    run_tool(["make", "-C", folder, "native", "CFLAGS=-Werror"])
    assert (folder / "firmware").is_file()


@needs_tools("arm-none-eabi-gcc")
def test_the_makefile_builds_the_firmware_of_the_board(tmp_path: Path) -> None:
    if shutil.which("make") is None:
        pytest.skip("needs make: apt install make")
    folder = exported(tmp_path / "out", "firmware") / "firmware"
    run_tool(["make", "-C", folder, "mps2-an386", "CFLAGS=-Werror"])
    sections = run_tool(["arm-none-eabi-size", folder / "firmware.elf"]).splitlines()[1].split()
    assert 4000 < int(sections[0]) < 8000


def test_an_arduino_library_compiles_in_a_gnu_mode(tmp_path: Path) -> None:
    folder = exported(tmp_path / "out", "arduino")
    properties = dict(
        line.split("=", 1) for line in (folder / "library.properties").read_text().splitlines()
    )
    assert properties["name"] == "lift"
    assert {"version", "author", "maintainer", "sentence", "paragraph", "category", "url",
            "architectures"} <= set(properties)  # fmt: skip
    gnu = ["-std=gnu11", "-Os", *STRICT, f"-I{folder / 'src'}"]
    sources = [folder / "src" / "lift.c", folder / "extras" / "lift_test.c"]
    run_tool(["gcc", *gnu, "-march=native", "-o", tmp_path / "replay", *sources])
    done = subprocess.run([tmp_path / "replay"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_example_of_an_arduino_library_compiles(tmp_path: Path) -> None:
    if shutil.which("g++") is None:
        pytest.skip("needs g++: apt install g++")
    folder = exported(tmp_path / "out", "arduino")
    (tmp_path / "Arduino.h").write_text(
        "unsigned long micros();\n"
        "struct Line { void begin(long); void println(double); };\nextern Line Serial;\n"
    )
    example = folder / "examples" / "Step" / "Step.ino"
    headers = [f"-I{folder / 'src'}", f"-include{tmp_path / 'Arduino.h'}"]
    flags = ["-std=gnu++17", *STRICT, "-x", "c++", "-c"]
    run_tool(["g++", *flags, *headers, "-o", tmp_path / "o", example])


@needs_tools("arm-none-eabi-gcc")
def test_the_pragma_prevents_fused_operations(tmp_path: Path) -> None:
    folder = exported(tmp_path / "out", "arduino", "blimp-published-lif")
    source = folder / "src" / "lift.c"
    plain = tmp_path / "plain.c"
    plain.write_text(
        "#define SNN_CONTROL_NO_CONTRACTION\n" + source.read_text().replace(UNCONTRACTED, "")
    )
    fused = []
    for code in (source, plain):
        made = tmp_path / "code.s"
        run_tool(["arm-none-eabi-gcc", *MPS2_AN386.flags, "-std=gnu11", "-O2",
                  f"-I{folder / 'src'}", "-S", "-o", made, code])  # fmt: skip
        fused.append(made.read_text().count("vfm"))
    assert fused[0] == 0 < fused[1]


ZEPHYR = """\
cmake_minimum_required(VERSION 3.13)
project(application C)
set(CONFIG_LIFT y)
macro(zephyr_library_named name)
  add_library(${name} STATIC)
  set(library ${name})
endmacro()
macro(zephyr_include_directories)
  target_include_directories(${library} PUBLIC ${ARGN})
endmacro()
macro(zephyr_library_sources)
  target_sources(${library} PRIVATE ${ARGN})
endmacro()
macro(zephyr_library_compile_options)
  target_compile_options(${library} PRIVATE ${ARGN})
endmacro()
add_subdirectory(module)
add_executable(replay module/src/lift_test.c)
target_link_libraries(replay lift)
"""
"""The four functions of Zephyr that the module calls."""


def test_a_zephyr_module_builds_and_replays(tmp_path: Path) -> None:
    if shutil.which("cmake") is None:
        pytest.skip("needs cmake: apt install cmake")
    folder = exported(tmp_path / "application" / "module", "zephyr")
    module = yaml.safe_load((folder / "zephyr" / "module.yml").read_text())
    assert (folder / module["build"]["kconfig"]).is_file()
    assert (folder / module["build"]["cmake"] / "CMakeLists.txt").is_file()
    assert "config LIFT\n\tbool" in (folder / "zephyr" / "Kconfig").read_text()
    (tmp_path / "application" / "CMakeLists.txt").write_text(ZEPHYR)
    build = tmp_path / "build"
    run_tool(["cmake", "-S", tmp_path / "application", "-B", build])
    run_tool(["cmake", "--build", build])
    assert subprocess.run([build / "replay"], check=False).returncode == 0
