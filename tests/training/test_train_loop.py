"""Loop of trainings: steps of validation, and the saved best model."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snn_control.runs import Run
from snn_control.training.budget import Budget
from snn_control.training.train_loop import train_until_spent

STEP_S = 0.004


class Descent:
    """Training with the square of a shrinking number as cost; each call takes `STEP_S`."""

    def __init__(self) -> None:
        self.step, self.x, self.best_cost = 0, 1.0, np.inf
        self.validated: list[int] = []

    @property
    def environment_steps(self) -> int:
        return 100 * self.step

    def advance(self, spent: float) -> dict[str, Any]:
        time.sleep(STEP_S)
        self.step += 1
        self.x *= 0.9
        return {"spent": spent}

    def validate(self) -> float:
        time.sleep(STEP_S)
        self.validated.append(self.step)
        self.best_cost = min(self.best_cost, self.x**2)
        return self.x**2

    def state(self) -> dict[str, np.ndarray]:
        return {"x": np.array(self.x)}

    def write(self, folder: Path) -> None:
        (folder / "model.json").write_text(json.dumps(self.best_cost))


@pytest.mark.parametrize(
    "budget", [Budget(seconds=0.15), Budget(generations=31), Budget(environment_steps=3050)]
)
def test_the_last_step_is_validated_and_the_best_is_saved(budget: Budget, tmp_path: Path) -> None:
    training, run = Descent(), Run.create(tmp_path / "run", command="", config=None, seed=0)
    reported: list[tuple[int, float]] = []
    model = train_until_spent(
        training, run, budget, 7, lambda step, best, last, used: reported.append((step, used))
    )
    assert training.step == 31 or budget.seconds
    assert training.validated == [*range(1, 2), *range(7, training.step, 7), training.step]
    assert [record["step"] for record in run.metrics()] == training.validated
    assert run.metrics()[-1]["environment_steps"] == 100 * training.step
    assert reported[-1] == (training.step, 1.0)
    assert run.restore("last").step == training.step
    assert json.loads(model.read_text()) == training.best_cost == training.x**2


def test_a_used_budget_adds_no_steps(tmp_path: Path) -> None:
    training, run = Descent(), Run.create(tmp_path / "run", command="", config=None, seed=0)
    train_until_spent(training, run, Budget(generations=3), 1, None)
    train_until_spent(training, run, Budget(generations=3), 1, None)
    assert training.step == 3
    assert len(run.metrics()) == 3
