"""Generated C under sanitizers with extreme inputs; hostile names and paths."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from snn_control.controllers import load
from snn_control.export.c.adapter import HEADER, adapter_header
from snn_control.export.c.build import FLAGS, find_compiler
from snn_control.export.c.files import export_c
from snn_control.export.c.source import PRECISIONS
from snn_control.export.tools import run_tool
from tests.export.cores.test_cores import exportable
from tests.export.test_c import pytestmark  # noqa: F401 - needs a compiler

DAY = 864_000
"""Ticks of 24 h at 10 Hz."""
SANITIZERS = ("-fsanitize=address,undefined,float-cast-overflow", "-fno-sanitize-recover=all")


def check_extremes(model: str, precision: str, n_ticks: int, folder: Path) -> None:
    """Run the ticks: one of 50 is refused, and no output is NaN or infinite."""
    program = load(model).to_program()
    export_c(program, folder / "out", "ctl", precision, verify=False)
    (folder / HEADER).write_text(adapter_header("ctl"))
    sources = [folder / "out" / "ctl.c", Path(__file__).with_name("extremes.c")]
    folders = [f"-I{folder}", f"-I{folder / 'out'}"]
    command = [*find_compiler(), *FLAGS, "-Wno-float-conversion", *SANITIZERS, *folders]
    run_tool([*command, "-o", folder / "extremes", *sources])
    done = subprocess.run(
        [folder / "extremes", str(n_ticks), "7"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    refused, odd, whole = map(int, done.stdout.split())
    assert refused == 0 if whole else 0.01 * n_ticks < refused < 0.04 * n_ticks
    assert odd == 0


@pytest.mark.parametrize("precision", ["float32", "float64", "int8"])
def test_extreme_inputs_have_no_finding(precision: str, tmp_path: Path) -> None:
    check_extremes("blimp-altitude", precision, DAY // 30, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("model", exportable())
def test_a_day_of_extreme_inputs_has_no_finding(model: str, precision: str, tmp_path: Path) -> None:
    check_extremes(model, precision, DAY, tmp_path)
