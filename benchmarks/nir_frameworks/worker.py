"""Process of one framework: `python -m benchmarks.nir_frameworks.worker REQUEST`, a JSON object.

Prints a JSON object as its last line: `readouts` and `spikes` are files of arrays, `error` is the
refusal of a framework.
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np


def answer(request: dict[str, Any]) -> dict[str, str]:
    """Run one case in one framework."""
    import nir
    import torch

    from benchmarks.nir_frameworks.cells import cell_maker
    from benchmarks.nir_frameworks.loop import run_mapped
    from benchmarks.nir_frameworks.stock import run_stock

    torch.set_num_threads(1)
    graph, x = nir.read(request["file"]), np.load(request["inputs"])
    folder, framework = Path(request["file"]).parent, request["framework"]
    with torch.no_grad():
        if request["way"] == "stock":
            arrays = {"readouts": run_stock(framework, graph, x, float(graph.metadata["dt"]))}
        else:
            dtype = getattr(torch, request["dtype"])
            torch.set_default_dtype(dtype)
            arrays = run_mapped(graph, cell_maker(framework, dtype), x, dtype)._asdict()
    for name, values in arrays.items():
        np.save(folder / f"{name}.npy", values)
    return {name: str(folder / f"{name}.npy") for name in arrays}


def main() -> None:
    """Answer one request."""
    warnings.simplefilter("ignore")
    try:
        result = answer(json.loads(sys.argv[1]))
    except Exception as exc:  # refusals of frameworks are results
        result = {"error": f"{type(exc).__name__}: {exc}"}
    print("\n" + json.dumps(result))


if __name__ == "__main__":
    main()
