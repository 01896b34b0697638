"""C99 export: bits of the engines, replay program, refusals, copies."""

from __future__ import annotations

import copy
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from snn_control.cli.main import main
from snn_control.controllers import PID, load, model_names
from snn_control.engines.native import NativeEngine
from snn_control.engines.reference import ReferenceEngine
from snn_control.errors import MissingCompilerError, ParameterError
from snn_control.export.c.build import FLAGS, find_compiler
from snn_control.export.c.engine import CEngine
from snn_control.export.c.files import export_c
from snn_control.export.c.names import check_prefix, identifiers, prefix_of
from snn_control.export.c.source import c_source
from snn_control.network import Network
from snn_control.network.program import Program
from tests.engines.test_random_networks import inputs, random_network
from tests.needs import NEEDS_COMPILER

pytestmark = pytest.mark.skipif(
    not any(map(shutil.which, ("cc", "gcc", "clang"))), reason=NEEDS_COMPILER
)
SHIPPED = [
    (name, k) for name in model_names() for k in range(len(load(name).networks)) if name != "pid"
]


def require_equal(network: Network, x: np.ndarray, folder: Path) -> None:
    """Compare both precisions with the engines, bit for bit."""
    with np.errstate(over="ignore", invalid="ignore"):
        reference = ReferenceEngine(network).run(x)
        single = NativeEngine(network, np.float32).run(x)
    if not np.isfinite(single.readouts).all():
        pytest.skip("random network with infinite read-outs")
    for precision, expected in (("float64", reference), ("float32", single)):
        trace = CEngine(network, precision, folder / precision).run(x)
        np.testing.assert_array_equal(trace.readouts, expected.readouts)
        np.testing.assert_array_equal(trace.spikes, expected.spikes)


@pytest.mark.parametrize("seed", range(12))
def test_random_networks_are_equal_bit_for_bit(seed: int, tmp_path: Path) -> None:
    network = random_network(seed)
    require_equal(network, inputs(network, seed), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(100, 300, 20))
def test_many_random_networks_are_equal_bit_for_bit(first: int, tmp_path: Path) -> None:
    for seed in range(first, first + 20):
        network = random_network(seed)
        try:
            require_equal(network, inputs(network, seed), tmp_path / str(seed))
        except pytest.skip.Exception:
            continue


@pytest.mark.parametrize(("name", "index"), SHIPPED)
def test_shipped_networks_are_equal_bit_for_bit(name: str, index: int, tmp_path: Path) -> None:
    network = load(name).networks[index]
    rng = np.random.default_rng(1)
    x = rng.normal(0.0, 0.4, (300, len(network.inputs)))
    x[100:150], x[200:220] = 0.0, 20.0 * x[200:220]
    require_equal(network, x, tmp_path)


@pytest.mark.parametrize(
    ("model", "prefix"),
    [
        ("blimp-adaptive", "blimp_adaptive"),
        ("blimp-altitude:adapting", "blimp_altitude_adapting"),
        ("swimmer-spiking", "swimmer_spiking"),
        ("swimmer-graded:4-links", "swimmer_graded_4_links"),
        ("corridor-spiking", "corridor_spiking"),
    ],
)
def test_whole_controllers_are_exported(
    model: str, prefix: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["export", model, "--out", str(tmp_path / "out"), "--precision", "float64"]
    assert main([*arguments, "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["spike_mismatches"] == data["max_abs_error"] == data["mismatches"] == 0
    assert data["name"] == prefix
    assert bool(data["model_sha256"]) == (":" not in model)


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_an_export_replays_and_says_where_it_is(
    precision: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "a b" / "out"
    arguments = ["export", "blimp-altitude", "--out", str(folder), "--precision", precision]
    assert main([*arguments, "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["spike_mismatches"] == data["max_abs_error"] == data["mismatches"] == 0
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["inputs"] == ["height_error_m"]
    assert len(manifest["model_sha256"]) == 64
    assert {path.name for path in folder.iterdir()} == {*manifest["files"], "manifest.json"}
    assert main(arguments) == 1
    assert "is not empty" in capsys.readouterr().err


@pytest.mark.parametrize("model", ["blimp-altitude", "blimp-adaptive", "swimmer-spiking"])
def test_the_header_is_valid_in_cpp(model: str, tmp_path: Path) -> None:
    compiler = shutil.which("g++") or shutil.which("clang++")
    if compiler is None:
        pytest.skip("no C++ compiler: install g++")
    export_c(load(model).to_program(), tmp_path / "out", "altitude", verify=False)
    flags = ["-std=c++17", "-ffp-contract=off", "-DSNN_CONTROL_NO_CONTRACTION", *FLAGS[3:]]
    command = [compiler, *flags, "-x", "c++", "-c", "-o", str(tmp_path / "o"),
               str(tmp_path / "out" / "altitude.c")]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr


@pytest.mark.parametrize("mode", ["-ffast-math", "-std=gnu99"])
def test_modes_that_change_the_bits_do_not_compile(mode: str, tmp_path: Path) -> None:
    export_c(load("blimp-altitude").to_program(), tmp_path / "out", "altitude", verify=False)
    source = tmp_path / "out" / "altitude.c"
    command = [*find_compiler(), "-c", "-o", str(tmp_path / "o"), mode, str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if mode == "-std=gnu99" and "clang" in find_compiler()[0]:
        pytest.skip("clang obeys the pragma")
    assert done.returncode
    assert "#error" in done.stderr


def test_inputs_that_are_not_finite_change_nothing(tmp_path: Path) -> None:
    network = load("blimp-altitude").networks[1]
    engine, x = CEngine(network, folder=tmp_path), np.random.default_rng(0).normal(size=(60, 1))
    expected = engine.run(x).readouts
    engine.reset()
    for k, row in enumerate(x):
        for wrong in (np.nan, np.inf, -np.inf):
            with pytest.raises(ParameterError, match="finite"):
                engine.step([wrong])
        np.testing.assert_array_equal(engine.step(row), expected[k])


def test_a_copy_has_its_own_state(tmp_path: Path) -> None:
    network = load("blimp-altitude").networks[1]
    engine, x = CEngine(network, folder=tmp_path), np.full((30, 1), 0.3)
    engine.run(x)
    again = copy.copy(engine)
    first = engine.run(x).readouts
    np.testing.assert_array_equal(again.run(x).readouts, first)


def test_controllers_without_a_program_are_refused() -> None:
    with pytest.raises(ParameterError, match="cannot be exported"):
        PID().to_program()


def test_a_missing_compiler_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    with pytest.raises(MissingCompilerError, match="apt-get install gcc"):
        CEngine(load("blimp-altitude").networks[0], folder=tmp_path)


def test_a_failing_compiler_shows_its_last_lines(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CC", "cc -fno-such-option")
    with pytest.raises(ParameterError, match="no-such-option"):
        export_c(load("blimp-altitude").to_program(), tmp_path / "out", "altitude")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["", "2nd", "while", "class", "a b", "x" * 49, "a;b", "../a", "é"])
def test_names_that_are_no_identifiers_are_refused(name: str) -> None:
    with pytest.raises(ParameterError, match="name"):
        check_prefix(name)


def test_identifiers_of_hostile_names() -> None:
    assert prefix_of("Blimp altitude-2") == "blimp_altitude_2"
    assert prefix_of("3d") == "n3d"
    names = ["a-b", "a b", 'a"*/ #include', "", "+", "a_b"]
    chosen = identifiers(names)
    assert len(set(chosen.values())) == len(names)
    assert all(each.isascii() and each.replace("_", "").isalnum() for each in chosen.values())


def test_wrong_programs_and_precisions_are_refused() -> None:
    network = load("blimp-altitude").networks[0]
    program = Program.of_network(network)
    with pytest.raises(ParameterError, match="precision"):
        c_source(program, "a", "float16")
    for feeds, sums in ((((1,),), ((0,),)), (((0,),), ((7,),)), (((0,),), ()), (((),), ((0,),))):
        with pytest.raises(ParameterError):
            Program(network.inputs, ("u",), 0.1, (network,), feeds, sums)  # type: ignore[arg-type]
