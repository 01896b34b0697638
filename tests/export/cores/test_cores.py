"""Replay of exports on emulated cores: equal hashes, counted instructions, sizes, refusals."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from snn_control.cli.main import main
from snn_control.controllers import load, model_names
from snn_control.engines.native import NativeEngine
from snn_control.errors import MissingToolError, NoRoomError, ParameterError, UnknownNameError
from snn_control.export.c.files import export_c
from snn_control.export.c.replay import trace_inputs
from snn_control.export.c.source import PRECISIONS
from snn_control.export.cores.core import CORES
from snn_control.export.cores.emulation import build_plugin, emulate
from snn_control.export.cores.image import build_image
from snn_control.export.cores.replay import check_cores, replay_on_cores
from snn_control.export.layouts.layout import arrange
from snn_control.network import Network
from snn_control.network.program import Program
from tests.engines.test_random_networks import random_network
from tests.needs import needs_tools

M4F, ARM64 = CORES["cortex-m4f"], CORES["aarch64"]
(BOARD,) = M4F.boards


def exportable() -> list[str]:
    """Return the shipped models that have a program."""
    names = []
    for name in model_names():
        try:
            load(name).to_program()
        except ParameterError:
            continue
        names.append(name)
    return names


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Export of the altitude controller, in a folder whose name has a space and a comma."""
    folder = tmp_path_factory.mktemp("of, cores") / "out"
    export_c(load("blimp-altitude").to_program(), folder, "altitude")
    return folder


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("cortex-m4f", marks=needs_tools(*M4F.tools)),
        pytest.param("aarch64", marks=needs_tools(*ARM64.tools)),
    ],
)
def test_outputs_and_spikes_are_those_of_the_host(name: str, export: Path) -> None:
    (result,) = replay_on_cores(export, [name])
    manifest = json.loads((export / "manifest.json").read_text())
    assert result.equal
    assert result.hash == manifest["verification"]["hash"]
    assert manifest["cores"][0]["core"] == name
    assert manifest["cores"][0]["ram_bytes"] == result.ram_bytes
    assert 150 < result.state_bytes < 400
    assert 300 < result.stack_bytes < 600
    assert result.state_bytes + result.stack_bytes <= result.ram_bytes < 1200
    assert 3000 < result.flash_bytes < 6000
    assert result.instructions_first is not None
    assert result.instructions_mean is not None
    assert 0 < result.instructions_mean < 10_000 < result.instructions_first
    assert result.instructions_max == result.instructions_first


def is_finite(network: Network) -> bool:
    """Return True if the replay stays finite."""
    inputs = trace_inputs(Program.of_network(network).usual, "float32")
    return bool(np.isfinite(NativeEngine(network, np.float32).run(inputs).readouts).all())


def batch(seeds: range, sub_ticks: int) -> Program:
    """Return the random networks with a number of sub-ticks as one controller."""
    networks = [net for seed in seeds if (net := random_network(seed)).sub_ticks == sub_ticks]
    networks = [net for net in networks if is_finite(net)]
    firsts = [sum(len(net.inputs) for net in networks[:k]) for k in range(len(networks))]
    n_readouts = sum(len(net.readouts) for net in networks)
    return Program(
        tuple(f"x{k}" for k in range(sum(len(net.inputs) for net in networks))),
        tuple(f"y{k}" for k in range(n_readouts)),
        networks[0].control_period_s,
        tuple(networks),
        tuple(tuple(range(at, at + len(net.inputs)))
              for at, net in zip(firsts, networks, strict=True)),
        tuple((k,) for k in range(n_readouts)),
    )  # fmt: skip


@needs_tools(*M4F.tools, *ARM64.tools)
@pytest.mark.parametrize(
    ("sub_ticks", "precision"), [(1, "float32"), (2, "int8"), (3, "float64"), (1, "int4")]
)
def test_random_networks_have_equal_bits(sub_ticks: int, precision: str, tmp_path: Path) -> None:
    export_c(batch(range(40, 62), sub_ticks), tmp_path / "out", "batch", precision)
    results = replay_on_cores(tmp_path / "out", ["cortex-m4f", "aarch64"])
    assert [result.equal for result in results] == [True, True]


@pytest.mark.slow
@pytest.mark.parametrize("first", range(300, 500, 20))
@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_many_random_networks_have_equal_bits(first: int, precision: str, tmp_path: Path) -> None:
    for sub_ticks in (1, 2, 3):
        folder = tmp_path / str(sub_ticks)
        export_c(batch(range(first, first + 20), sub_ticks), folder, "batch", precision)
        assert all(result.equal for result in replay_on_cores(folder))


@pytest.mark.slow
@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("model", exportable())
def test_all_models_on_all_cores(model: str, precision: str, tmp_path: Path) -> None:
    check = [tool for core in CORES.values() for tool in core.tools if shutil.which(tool) is None]
    if check:
        pytest.skip(f"needs {' '.join(check)}")
    export_c(load(model).to_program(), tmp_path / "out", "model", precision)
    results = replay_on_cores(tmp_path / "out")
    assert {result.core for result in results if result.equal} == set(CORES)


@needs_tools(*M4F.tools)
def test_counted_instructions_are_those_of_single_steps(tmp_path: Path) -> None:
    """A step that adds its numbers to a state, in a loop of known length."""
    write_export(tmp_path / "e", "float v", "for (int k = 0; k < 50; ++k) state->v += in[0];")
    (tmp_path / "s").mkdir()
    image = build_image(M4F, BOARD, tmp_path / "e", "x", tmp_path / "s")
    counted = emulate(M4F, BOARD, image, build_plugin(tmp_path)).instructions
    assert counted is not None
    assert counted == (2, counted[1], 2 * counted[1], counted[1], counted[1])
    log = tmp_path / "log"
    assert BOARD is not None
    command = ["qemu-system-arm", "-machine", BOARD.machine, "-display", "none", "-monitor", "none",
               "-serial", "none", "-semihosting-config", "enable=on,target=native", "-singlestep",
               "-d", "nochain,exec", "-D", str(log), "-kernel", str(image.path)]  # fmt: skip
    subprocess.run(command, capture_output=True, check=True, timeout=60)
    inside, steps = False, 0
    for address in re.findall(r"/([0-9a-f]{8})/", log.read_text()):
        at = int(address, 16)
        inside = at == image.step or (inside and not image.caller[0] <= at < image.caller[1])
        steps += inside
    assert steps == counted[2]


def write_export(folder: Path, members: str, body: str, result: str = "0") -> None:
    """Write an export by hand: two ticks of a step with this body."""
    folder.mkdir()
    (folder / "x.h").write_text(
        f"#include <stdint.h>\ntypedef float x_input;\ntypedef float x_output;\n"
        f"typedef struct {{ {members}; }} x_state;\n"
        "void x_init(x_state *state);\nint x_step(x_state *state, const float *in, float *out);\n"
        "const uint16_t *x_spikes(const x_state *state);\nextern const char x_model_sha256[];\n"
    )
    (folder / "x.c").write_text(
        '#include "x.h"\nconst char x_model_sha256[] = "";\n'
        "static const uint16_t none[1] = {0};\n"
        "void x_init(x_state *state) { state->v = 0; }\n"
        "int x_step(x_state *state, const float *in, float *out)\n"
        f"{{ {body} *out = *in; return 0; }}\n"
        "const uint16_t *x_spikes(const x_state *state) { (void)state; return none; }\n"
    )
    (folder / "x_test.c").write_text(
        '#include "x.h"\n#include <stdio.h>\nint main(void)\n{\n'
        "    static x_state state;\n    const float in = 1;\n    float out;\n    x_init(&state);\n"
        "    for (int k = 0; k < 2; ++k) if (x_step(&state, &in, &out)) return 2;\n"
        '    printf("%08lx%08lx\\n", 1ul, 2ul);\n'
        f"    return {result};\n}}\n"
    )
    manifest = {"name": "x", "verification": {"hash": "0000000100000002"}}
    (folder / "manifest.json").write_text(json.dumps(manifest))


@needs_tools(*M4F.tools)
def test_the_measured_stack_is_that_of_an_array(tmp_path: Path) -> None:
    body = "volatile uint8_t a[N]; for (int k = 0; k < N; ++k) a[k] = 0; state->v += *in + a[3];"
    stacks = []
    for n in (200, 1200):
        write_export(tmp_path / str(n), "float v", body.replace("N", str(n)))
        stacks.append(replay_on_cores(tmp_path / str(n), ["cortex-m4f"])[0].stack_bytes)
    assert stacks[0] >= 200
    assert stacks[1] - stacks[0] == 1000


@needs_tools(*CORES["cortex-m0plus"].tools)
@pytest.mark.parametrize(
    ("size", "machine"), [(200, "microbit"), (20_000, "mps2-an385"), (5_000_000, "")]
)
def test_the_first_board_with_enough_memory_is_taken(
    size: int, machine: str, tmp_path: Path
) -> None:
    write_export(tmp_path / "e", f"float v; char a[{size}]", "state->v += *in;")
    if not machine:
        with pytest.raises(NoRoomError, match="does not fit mps2-an385"):
            replay_on_cores(tmp_path / "e", ["cortex-m0plus"])
        return
    (result,) = replay_on_cores(tmp_path / "e", ["cortex-m0plus"])
    assert result.equal
    assert result.machine == machine
    assert result.state_bytes == size + 4


@needs_tools(*M4F.tools)
def test_another_hash_is_not_equal(tmp_path: Path) -> None:
    write_export(tmp_path / "e", "float v", "state->v += *in;")
    manifest = tmp_path / "e" / "manifest.json"
    manifest.write_text(manifest.read_text().replace("01", "11"))
    (result,) = replay_on_cores(tmp_path / "e", ["cortex-m4f"])
    assert not result.equal
    assert result.hash == "0000000100000002"


@needs_tools(*M4F.tools)
@pytest.mark.parametrize(
    ("body", "message"),
    [("*(volatile int *)0xF0000000u = 1;", "ended with code 3"), ("for (;;);", "not ended after")],
)
def test_programs_that_fail_or_do_not_end(body: str, message: str, tmp_path: Path) -> None:
    write_export(tmp_path / "e", "float v", f"state->v += *in; {body}")
    (tmp_path / "s").mkdir()
    image = build_image(M4F, BOARD, tmp_path / "e", "x", tmp_path / "s")
    with pytest.raises(ParameterError, match=message):
        emulate(M4F, BOARD, image, build_plugin(tmp_path), timeout_s=2.0)


@needs_tools(*M4F.tools)
def test_without_plugins_instructions_are_not_counted(tmp_path: Path) -> None:
    write_export(tmp_path / "e", "float v", "state->v += *in;")
    (tmp_path / "s").mkdir()
    image = build_image(M4F, BOARD, tmp_path / "e", "x", tmp_path / "s")
    (tmp_path / "no plugin.so").write_text("")
    ran = emulate(M4F, BOARD, image, tmp_path / "no plugin.so")
    assert ran.instructions is None
    assert ran.hash == "0000000100000002"


def test_missing_tools_are_named_before_anything_is_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingToolError, match="gcc-arm-none-eabi qemu-system-arm"):
        check_cores(["cortex-m3"])
    out = tmp_path / "out"
    assert main(["export", "blimp-altitude", "--out", str(out), "--cores", "aarch64"]) == 1
    assert "gcc-aarch64-linux-gnu qemu-user" in capsys.readouterr().err
    assert not out.exists()


def test_wrong_cores_and_folders(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UnknownNameError, match="cortex-m4f"):
        check_cores(["cortex-m4"])
    assert main(["export", "blimp-altitude", "--no-verify", "--cores", "all"]) == 2
    assert "omit --no-verify" in capsys.readouterr().err
    with pytest.raises(ParameterError, match="no verified export"):
        replay_on_cores(tmp_path, [])
    write_export(tmp_path / "e", "float v", "")
    manifest = tmp_path / "e" / "manifest.json"
    for name in ("../x", 'x" -o y', "x;y"):
        manifest.write_text(json.dumps({"name": name, "verification": {"hash": "1"}}))
        with pytest.raises(ParameterError, match="expected a letter"):
            replay_on_cores(tmp_path / "e", [])


def test_another_layout_is_refused(tmp_path: Path) -> None:
    write_export(tmp_path / "e", "float v", "")
    arrange(tmp_path / "e", "arduino")
    with pytest.raises(ParameterError, match="plain layout"):
        replay_on_cores(tmp_path / "e", [])


@needs_tools(*M4F.tools)
def test_the_verb_prints_and_returns_the_figures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["export", "blimp-altitude", "--cores", "cortex-m4f", "--out"]
    assert main([*arguments, str(tmp_path / "a"), "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    (core,) = data["cores"]
    assert data["flash_bytes"] == core["flash_bytes"] > 3000
    assert data["ram_bytes"] == core["ram_bytes"] > 400
    assert data["instructions_max"] == core["instructions_first"] > 10_000
    assert main([*arguments, str(tmp_path / "b")]) == 0
    assert "Cortex-M4F" in capsys.readouterr().out


def test_cores_have_their_flags() -> None:
    flags = [{board.flags for board in core.boards if board} for core in CORES.values()]
    assert [len(each) for each in flags] == [0, 1, 1, 1, 1]
    assert len(set().union(*flags)) == 4
