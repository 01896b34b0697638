"""Kernels translated to C beside Python: operations, scopes of variables, refusals."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snn_control.errors import ParameterError
from snn_control.export.c.build import build_library
from snn_control.export.c.library import CLibrary
from snn_control.export.c.python_program import PythonProgram
from snn_control.export.c.source import c_source
from snn_control.network.program import Program
from snn_control.network.shell import KernelCall, Shell
from snn_control.plasticity.portable_functions import cosine, exponential, nearest
from tests.export.test_c import NEEDS_COMPILER

pytestmark = pytest.mark.skipif(
    not any(map(shutil.which, ("cc", "gcc", "clang"))), reason=NEEDS_COMPILER
)
SIZES = (1.0, 2.5, -3.0)


def nothing() -> None:
    """Leave everything as it is."""


def operations(x: Any, y: Any) -> None:
    """Write one result for each supported operation."""
    a, b = x[0], x[1]
    y[0] = min(a, b, 0.5) + max(abs(a), b) - math.copysign(2.0, -b)
    y[1] = math.floor(a * 3.0) + nearest(b) + (a // 2)
    y[2] = math.sqrt(abs(a)) if a > b and not b > 1.0 else -a
    y[3] = exponential(-abs(a)) * cosine(min(abs(b), math.pi))
    y[4] = 1.0 if math.isfinite(a) and not math.isnan(b) else 2.0
    whole = int(abs(a) * 10.0)
    y[5] = (whole & 7) + (whole >> 2) + (whole << 1) + whole // 2 + whole / 4
    y[6] = -0.0 if 0.0 < a < 1.0 else float(whole > 3) + bool(whole)


def scopes(x: Any, y: Any) -> None:
    """Assign variables in loops and branches, read after them, and exchange elements."""
    y[:] = 0.0
    total, signed = 0.0, 1.0
    for k in range(y.size - 1, -1, -1):
        if x[k & 1] > 0.0:
            kind = 2.0
            total += 0.25
        else:
            kind = -1.0
        y[k] += kind * k
        total += y[k]
    for size in SIZES:
        y[1] += size * total
    for k in (0, 3):
        inner = k + 1
        while inner > 0:
            y[k] -= signed
            inner -= 1
    y[4], y[5] = y[5], y[4]
    y[6] = y[2] = total


def called(x: Any, y: Any) -> None:
    """Call kernels with results."""
    y[0] = squared(x[0])
    y[1] = 1.0 if larger(x, 1, 0) else 0.0
    y[2] = place_of_largest(x)


def squared(x: float) -> float:
    """Return the square."""
    return x * x


def larger(x: Any, one: int, other: int) -> bool:
    """Return True if one element is larger than another."""
    return bool(x[one] > x[other])


def place_of_largest(x: Any) -> int:
    """Return the index of the largest element."""
    best = 0
    for k in range(x.size):
        if x[k] > x[best]:
            best = k
    return best


def program_of(kernel: Callable[..., Any], n: int = 7, **constants: np.ndarray) -> Program:
    """Return a program of one kernel from two inputs to `n` outputs."""
    shell = Shell(
        n_signals=0,
        before=KernelCall(nothing, ()),
        after=KernelCall(kernel, ("observation", *(constants or ("actions",)))),
        constants=constants,
    )
    return Program(("a", "b"), tuple(f"y{k}" for k in range(n)), 0.1, (), (), shell=shell)


NUMBERS = (0.0, -0.0, 0.5, 1.0, -1.5, 2.5, 7.25, -1e-310, 3e-308, 1e15, 4.0, 2.0, 1e-3)


@pytest.mark.parametrize("kernel", [operations, scopes, called])
def test_results_are_equal_bit_for_bit(kernel: Callable[..., Any], tmp_path: Path) -> None:
    program, random = program_of(kernel), np.random.default_rng(1)
    source = c_source(program, "k", "float64")
    library = CLibrary(build_library(source, tmp_path), "k", program, "float64")
    native = PythonProgram(program, np.float64)
    pairs = [(a, b) for a in NUMBERS for b in NUMBERS if abs(a) < 1e8]
    for row in [*random.normal(0.0, 3.0, (2000, 2)), *map(np.array, pairs)]:
        library.inputs[:] = row
        assert library.step()
        assert library.outputs.tobytes() == native.step(row).tobytes(), row


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_roots_are_rounded_correctly(precision: str, tmp_path: Path) -> None:
    program = program_of(roots, 2)
    source = c_source(program, "k", precision)
    library = CLibrary(build_library(source, tmp_path), "k", program, precision)
    powers = np.random.default_rng(3).uniform(-1074.0, 1023.0, (3000, 2))
    for row in np.exp2(powers / (8.0 if precision == "float32" else 1.0)):
        library.inputs[:] = row
        library.step()
        np.testing.assert_array_equal(library.outputs, np.sqrt(library.inputs))


def roots(x: Any, y: Any) -> None:
    """Write square roots."""
    y[0], y[1] = math.sqrt(x[0]), math.sqrt(x[1])


def modulo(x: Any, y: Any) -> None:
    """Use an operation without translation."""
    y[0] = x[0] % 2.0


def unknown(x: Any, y: Any) -> None:
    """Call a function without translation."""
    y[0] = math.sin(x[0])


def moved(observation: Any, actions: Any) -> None:
    for k in range(4):
        k = k + 1
        actions[0] = observation[0] + k


def after_all(observation: Any, actions: Any) -> None:
    k = 0
    while k < 3:
        k += 1
    else:
        k = 100
    actions[0] = observation[0] + k


def outer(observation: Any, actions: Any) -> None:
    k = 7
    for k in range(3):  # noqa: B007 - keeps its last value
        actions[0] = observation[0]
    actions[0] += k


def narrow(x: Any, y: Any) -> None:
    """Assign a real number to an integer."""
    k = 1
    k = x[0]
    y[k] = 0.0


def by_text(x: Any, y: Any) -> None:
    """Use a text."""
    y[0] = "a"  # type: ignore[assignment]


@pytest.mark.parametrize(
    ("kernel", "message"),
    [
        (modulo, "% 2.0"),
        (unknown, "sin"),
        (narrow, "integer"),
        (by_text, "expected a number"),
        (moved, "assigned in the loop"),
        (after_all, "while"),
        (outer, "before the loop"),
    ],
)
def test_kernels_without_translation_are_refused(kernel: Callable[..., Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        c_source(program_of(kernel), "k", "float64")


def test_shells_with_wrong_arrays_are_refused() -> None:
    with pytest.raises(ParameterError, match="writes the constant array"):
        c_source(program_of(scopes, table=np.zeros(7)), "k", "float64")
    call = KernelCall(nothing, ())
    with pytest.raises(ParameterError, match="no array x"):
        Shell(0, call, KernelCall(nothing, ("x",)))
    with pytest.raises(ParameterError, match="names must differ"):
        Shell(0, call, call, state={"orders": 1})
    wrong = KernelCall(squared, ("observation", "actions"))
    program = Program(("a",), ("b",), 0.1, (), (), shell=Shell(0, wrong, call))
    with pytest.raises(ParameterError, match="takes x"):
        c_source(program, "k", "float64")
