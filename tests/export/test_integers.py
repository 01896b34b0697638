"""C export of integers: bits of the engine, refusals, quantised inputs, warnings."""

from __future__ import annotations

import ctypes
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from snn_control.cli.main import main
from snn_control.controllers import load
from snn_control.engines.integer.engine import IntegerEngine
from snn_control.engines.integer.formats import InputFormat
from snn_control.engines.integer.program import IntegerProgram
from snn_control.engines.integer.quantise import BITS
from snn_control.errors import ParameterError
from snn_control.export.c.build import FLAGS, build_library, write_source
from snn_control.export.c.engine import CEngine
from snn_control.export.c.library import CLibrary
from snn_control.export.c.source import CSource, c_source
from snn_control.network import Network
from snn_control.network.program import Program
from tests.engines.integer.code_network import code_network
from tests.engines.integer.test_engine import integer_inputs
from tests.engines.test_random_networks import random_network
from tests.export.test_c import NEEDS_COMPILER

pytestmark = pytest.mark.skipif(
    not any(map(shutil.which, ("cc", "gcc", "clang"))), reason=NEEDS_COMPILER
)


def library_of(source: CSource, program: Program, folder: Path) -> CLibrary:
    return CLibrary(build_library(source, folder), source.prefix, program, source.precision)


def require_equal(program: Program, precision: str, folder: Path, seed: int = 1) -> None:
    """Compare the compiled library with the engine, bit for bit."""
    source = c_source(program, "net", precision)
    assert source.form is not None
    library, engine = library_of(source, program, folder), IntegerProgram(source.form)
    for row in integer_inputs(program.networks[0], seed, 120):
        library.inputs[:] = row
        assert library.step()
        np.testing.assert_array_equal(library.outputs, engine.advance(row))
        np.testing.assert_array_equal(library.spikes, engine.spikes)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("make", [random_network, code_network])
def test_random_networks_are_equal_bit_for_bit(
    make: Callable[[int], Network], seed: int, tmp_path: Path
) -> None:
    precision = list(BITS)[seed % 3]
    require_equal(Program.of_network(make(seed)), precision, tmp_path, seed)


@pytest.mark.slow
@pytest.mark.parametrize("make", [random_network, code_network])
@pytest.mark.parametrize("first", range(100, 300, 20))
def test_many_random_networks_are_equal_bit_for_bit(
    make: Callable[[int], Network], first: int, tmp_path: Path
) -> None:
    for seed in range(first, first + 20):
        for precision in BITS:
            program = Program.of_network(make(seed))
            require_equal(program, precision, tmp_path / f"{seed}-{precision}", seed)


@pytest.mark.parametrize("precision", BITS)
@pytest.mark.parametrize("name", ["blimp-altitude", "blimp-published-iwta"])
def test_shipped_controllers_are_equal_bit_for_bit(
    name: str, precision: str, tmp_path: Path
) -> None:
    require_equal(load(name).to_program(), precision, tmp_path)


@pytest.mark.parametrize("name", ["swimmer-spiking", "swimmer-graded", "corridor-spiking"])
def test_shipped_networks_are_equal_bit_for_bit(name: str, tmp_path: Path) -> None:
    require_equal(Program.of_network(load(name).networks[0]), "int8", tmp_path)


def test_the_compiled_engine_is_the_integer_engine(tmp_path: Path) -> None:
    network = load("blimp-altitude").networks[0]
    x = np.random.default_rng(0).normal(0.0, 0.3, (60, 1))
    compiled, engine = CEngine(network, "int8", tmp_path).run(x), IntegerEngine(network, 8).run(x)
    np.testing.assert_array_equal(compiled.spikes, engine.spikes)
    np.testing.assert_array_equal(compiled.readouts, engine.readouts)


@pytest.mark.parametrize("lsb", [2.0**-12, 0.001])
def test_quantised_inputs_are_those_of_the_engine(lsb: float, tmp_path: Path) -> None:
    program = Program.of_network(load("blimp-altitude").networks[0])
    source = c_source(program, "net", "int8", inputs=[InputFormat(lsb)])
    quantise = ctypes.CDLL(str(build_library(source, tmp_path)))["net_quantise"]
    quantise.argtypes = [ctypes.c_float, ctypes.c_uint32, ctypes.c_void_p]
    result = ctypes.c_int16(7)

    def call(value: float, index: int = 0) -> int:
        return int(quantise(value, index, ctypes.byref(result)))

    for wrong in (np.nan, np.inf, -np.inf):
        assert (call(wrong), result.value) == (1, 7)
    assert (call(1.0, 1), result.value) == (2, 7)
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.normal(0, 8, 300), np.arange(-5, 6) * lsb / 2, [1e-40, 3e38]])
    for value in values.astype(np.float32):
        assert call(float(value)) == 0
        assert result.value == int(InputFormat(lsb).quantised(value))


def test_an_input_of_the_lowest_number_is_that_of_its_opposite(tmp_path: Path) -> None:
    program = Program.of_network(load("blimp-altitude").networks[0])
    source = c_source(program, "net", "int8")
    library, outputs = library_of(source, program, tmp_path), []
    for lowest in (-32768, -32767):
        library.reset()
        library.inputs[:] = lowest
        library.step()
        outputs.append(library.outputs.copy())
    np.testing.assert_array_equal(outputs[0], outputs[1])


@pytest.mark.parametrize("compiler", ["gcc", "clang", "g++", "clang++"])
@pytest.mark.parametrize("precision", ["int8", "float32"])
def test_source_compiles_without_warnings(compiler: str, precision: str, tmp_path: Path) -> None:
    if shutil.which(compiler) is None:
        pytest.skip(f"no {compiler}: install the package of that name")
    for name in ("blimp-altitude", "blimp-published-iwta"):
        source = c_source(load(name).to_program(), "net", precision)
        _, code = write_source(source, tmp_path)
        flags = list(FLAGS)
        if compiler.endswith("++"):
            flags = ["-x", "c++", "-std=c++17", "-DSNN_CONTROL_NO_CONTRACTION", *FLAGS[1:]]
        command = [compiler, *flags, "-c", "-o", str(tmp_path / "o"), str(code)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert not done.returncode, done.stderr


def test_export_of_integers_lists_formats_and_bounds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "out"
    arguments = ["export", "blimp-altitude", "--precision", "int4", "--out", str(folder), "--json"]
    assert main(arguments) == 0
    assert json.loads(capsys.readouterr().out)["mismatches"] == 0
    integers = json.loads((folder / "manifest.json").read_text())["integers"]
    assert integers["weight_bits"] == 4
    assert integers["input_units"] == [2.0**-12]
    connections = integers["networks"][0]["connections"]
    (sums,) = [each for each in connections if each["connection"] == "code->pd"]
    assert sums["rounding"] == "diffused"
    assert 0 < sums["largest_sum"] <= 80 * 7


def test_wrong_formats_are_refused() -> None:
    program = load("blimp-altitude").to_program()
    with pytest.raises(ParameterError, match="2 formats for 1 inputs"):
        c_source(program, "net", "int8", inputs=[InputFormat()] * 2)
    with pytest.raises(ParameterError, match="expected one of float32, float64, int16, int8, int4"):
        c_source(program, "net", "int32")
