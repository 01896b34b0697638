"""Spikes of NIR files of this package in other frameworks.

Each file is read by this package, by the stock importer of Norse, snnTorch and Sinabs, and by the
loop of this package around their cells, and compared with the reference engine. Nothing is
installed: frameworks that are missing are rows with "not installed".
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.nir_frameworks.cases import cases, inputs
from benchmarks.nir_frameworks.episode import run_beside
from snn_control.engines.reference import ReferenceEngine
from snn_control.engines.trace import Trace
from snn_control.export.nir.files import write_nir
from snn_control.export.nir.read import read_nir

FRAMEWORKS = ("norse", "snntorch", "sinabs")
TIMEOUT_S = 60.0
LONGEST_REASON = 90


def compared(expected: Trace, readouts: np.ndarray, spikes: np.ndarray | None) -> dict[str, Any]:
    """Return the differences from the reference engine."""
    if readouts.shape != expected.readouts.shape:
        return {"error": f"outputs of shape {readouts.shape}"}
    difference = np.abs(readouts - expected.readouts)
    row = {
        "max_abs_error": float(difference.max()),
        "wrong_ticks": int((difference.max(axis=1) > 1e-3).sum()),
        "ticks": len(readouts),
    }
    if spikes is not None:
        row["spike_mismatches"] = int((spikes != expected.spikes).sum())
        row["spikes"] = expected.spikes.size
    return row


def in_framework(framework: str, way: str, file: Path, x: Path, dtype: str) -> dict[str, Any]:
    """Return the outcome of one case in a separate process."""
    if find_spec(framework) is None:
        return {"error": "not installed"}
    request = {"framework": framework, "way": way, "file": str(file), "inputs": str(x),
               "dtype": dtype}  # fmt: skip
    command = [sys.executable, "-m", "benchmarks.nir_frameworks.worker", json.dumps(request)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return {"error": f"no end within {TIMEOUT_S:.0f} s"}
    if done.returncode:
        return {"error": done.stderr.strip().splitlines()[-1][:LONGEST_REASON]}
    return json.loads(done.stdout.strip().splitlines()[-1])


def matrix(names: list[str], dtype: str) -> list[dict[str, Any]]:
    """Return one row for each case, framework and way."""
    rows, x = [], inputs()
    for name in names:
        network = cases()[name]
        expected = ReferenceEngine(network).run(x)
        with tempfile.TemporaryDirectory() as scratch:
            file, saved = Path(scratch) / "case.nir", Path(scratch) / "inputs.npy"
            write_nir(network, file)
            np.save(saved, x)
            mine = ReferenceEngine(read_nir(file)).run(x)
            row = compared(expected, mine.readouts, mine.spikes)
            rows.append({"case": name, "framework": "snn_control", "way": "read_nir"} | row)
            for framework in FRAMEWORKS:
                for way in ("stock", "mapped"):
                    result = in_framework(framework, way, file, saved, dtype)
                    if "error" not in result:
                        spikes = np.load(result["spikes"]) if "spikes" in result else None
                        result = compared(expected, np.load(result["readouts"]), spikes)
                    rows.append({"case": name, "framework": framework, "way": way} | result)
                    print(json.dumps(rows[-1]), file=sys.stderr)
    return rows


def episodes() -> list[dict[str, Any]]:
    """Return the closed loop of each controller with the cells of each framework, seed 1."""
    rows = []
    for framework in FRAMEWORKS:
        for model in ("blimp-altitude", "blimp-altitude-delay"):
            row: dict[str, Any] = {"model": model, "framework": framework}
            if find_spec(framework) is None:
                rows.append(row | {"error": "not installed"})
            else:
                rows.append(row | run_beside(framework, model, 150.0, 1)._asdict())
    return rows


def text(row: dict[str, Any]) -> str:
    """Return the cell of a row."""
    if "error" in row:
        return row["error"][:LONGEST_REASON].replace("|", "/").replace("\n", " ")
    if "spike_mismatches" in row:
        return f"{row['spike_mismatches']} of {row['spikes']}, {row['max_abs_error']:.1e}"
    return f"{row['wrong_ticks']} of {row['ticks']} ticks, {row['max_abs_error']:.1e}"


def main() -> None:
    """Print the matrix as JSON lines and as a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", nargs="+", choices=list(cases()), default=list(cases()))
    parser.add_argument("--dtype", choices=("float32", "float64"), default="float64",
                        help="numbers of mapped cells; stock importers use float32")  # fmt: skip
    parser.add_argument("--episodes", action="store_true", help="closed loops in place of a table")
    args = parser.parse_args()
    if args.episodes:
        print("\n".join(map(json.dumps, episodes())))
        return
    rows = matrix(args.cases, args.dtype)
    print("\n".join(map(json.dumps, rows)))
    ways = list(dict.fromkeys((row["framework"], row["way"]) for row in rows))
    print(f"| case | {' | '.join(f'{framework}, {way}' for framework, way in ways)} |")
    print("|---" * (len(ways) + 1) + "|")
    for name in args.cases:
        cells = [text(row) for row in rows if row["case"] == name]
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
