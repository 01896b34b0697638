"""Results as JSON lines and as one table."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from snn_control.bench.bench import cpu_name
from snn_control.training.statistics import half_width

COLUMNS = ("row", "ours", "peer", "ours", "peer", "ratio (range)", "agreement, remarks")


class Table:
    """Rows of results; each is also printed as a JSON line when it is added."""

    def __init__(self) -> None:
        self._rows: list[tuple[str, ...]] = []
        self._load = os.getloadavg()[0]
        self._versions: dict[str, str] = {}

    def progress(self, text: str) -> None:
        """Print a line about the work that begins, and note the load."""
        self._load = os.getloadavg()[0]
        print(f"[load {self._load:.2f}] {text}", file=sys.stderr, flush=True)

    def add(
        self,
        row: str,
        ours: str,
        peer: str,
        figures: tuple[str, str] = ("", ""),
        ratio: dict[str, float] | None = None,
        remark: str = "",
        **data: Any,
    ) -> None:
        """Add a row.

        Args:
            row: what was measured.
            ours: our side.
            peer: its peer.
            figures: figure of either side, with unit.
            ratio: median, low and high; above 1 our side is better.
            remark: agreement of the results, or a message in place of the figures.
            data: everything else for the JSON line.
        """
        text = "" if ratio is None else f"{ratio['median']:.3g}"
        if ratio is not None and ratio["low"] != ratio["high"]:
            text += f" ({ratio['low']:.3g} to {ratio['high']:.3g})"
        self._rows.append((row, ours, peer, *figures, text, remark))
        self._versions |= data.pop("versions", {})
        record = {"row": row, "ours": ours, "peer": peer, "figures": figures, "ratio": ratio}
        load = {"before": round(self._load, 2), "after": round(os.getloadavg()[0], 2)}
        self._print(record | {"remark": remark} | data | {"load": load})

    def finish(self) -> None:
        """Print the machine, the versions and the table."""
        machine = {"cpu": cpu_name(), "cores": len(os.sched_getaffinity(0))}
        self._print(machine | {"versions": self._versions, "load": os.getloadavg()})
        print()
        for cells in (COLUMNS, ("---",) * len(COLUMNS), *self._rows):
            print("| " + " | ".join(cells) + " |")

    def _print(self, record: dict[str, Any]) -> None:
        print(json.dumps(record), flush=True)


def quotients(ours: Sequence[float], peer: Sequence[float]) -> dict[str, float]:
    """Return the ratio of the medians, and the range of the ratios within a round."""
    each = np.divide(ours, peer)
    return {
        "median": float(np.median(ours) / np.median(peer)),
        "low": float(each.min()),
        "high": float(each.max()),
    }


def interval(values: Sequence[float], digits: int = 3) -> str:
    """Return mean and half width of the 95 % interval as text."""
    array = np.asarray(values, float)
    text = f"{array.mean():.{digits}g}"
    return text if array.size < 2 else f"{text} ± {half_width(array):.2g}"


def per_second(figure: float) -> str:
    """Return a rate with a decimal prefix."""
    for size, prefix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if figure >= size:
            return f"{figure / size:.3g} {prefix}/s"
    return f"{figure:.3g} /s"
