"""Pareto front of an evolution of several objectives: models, and its growth in the records."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.controllers import Controller, save
from snn_control.runs import Run, atomic
from snn_control.training.evolution.objective import Objective

__all__ = ["FrontGrowth", "save_front"]

FloatArray = npt.NDArray[np.float64]


class FrontGrowth:
    """Hypervolume of the front over the generations, in a box fixed by the first generation.

    The box of an objective reaches from its best to its worst finite value in the first generation;
    the hypervolume is that below the worst values, in units of the box: 0 for a front that is as
    bad, above 1 for one that is better than the best of all objectives together.

    Args:
        objectives: objectives, in the order of the columns.
        records: records of the generations before a resumed run.
    """

    def __init__(
        self, objectives: Sequence[Objective], records: Sequence[Mapping[str, Any]] = ()
    ) -> None:
        self._objectives = objectives
        boxes = [record["box"] for record in records if "box" in record]
        self._box = np.array(boxes[0]) if boxes else None

    def record(self, costs: FloatArray, front: FloatArray) -> dict[str, Any]:
        """Return the entries of a generation's record.

        Args:
            costs: costs of the generation, shape (population, n_objectives).
            front: costs of the front, shape (n, n_objectives).

        Returns:
            `hypervolume`; `objectives`, the best value of each by name; in the first generation
            `box`, best and worst costs.
        """
        made: dict[str, Any] = {}
        if self._box is None:
            finite = costs[np.isfinite(costs).all(axis=1)]
            if len(finite):
                self._box = np.stack([finite.min(axis=0), finite.max(axis=0)])
                made["box"] = self._box.tolist()
        best = np.min(front, axis=0)
        made["objectives"] = {
            objective.name: float(objective.cost(value))
            for objective, value in zip(self._objectives, best, strict=True)
        }
        if self._box is not None:
            import moocore  # takes 0.2 s

            low, high = self._box
            scaled = (front - high) / np.where(high > low, high - low, 1.0)
            made["hypervolume"] = float(moocore.hypervolume(scaled, ref=np.zeros(len(high))))
        return made


def save_front(
    run: Run,
    name: str,
    objectives: Sequence[Objective],
    front: tuple[FloatArray, FloatArray],
    controller: Callable[[FloatArray], Controller],
    about: Mapping[str, Any],
) -> None:
    """Write `exports/front/NN` (models by ascending first cost) and `exports/front.json`.

    Args:
        run: run to write to.
        name: name of the models, before their number.
        objectives: objectives, in the order of the columns.
        front: genomes and costs, one row each.
        controller: function that builds the controller of a genome.
        about: provenance of the models.
    """
    genomes, costs = front
    _, first = np.unique(costs, axis=0, return_index=True)
    rows = [
        {"model": f"exports/front/{k:02d}.json"}
        | {o.name: float(o.cost(c)) for o, c in zip(objectives, costs[index], strict=True)}
        | {"costs": costs[index].tolist()}
        for k, index in enumerate(first)
    ]

    def write(folder: Path) -> None:
        for k, index in enumerate(first):
            own = {"name": f"{name}-{k:02d}", **about}
            save(controller(genomes[index]), folder / f"{k:02d}", own)

    atomic.write_folder(run.folder / "exports" / "front", write)
    text = json.dumps(rows, indent=1) + "\n"
    atomic.write_bytes(run.folder / "exports" / "front.json", text.encode())
