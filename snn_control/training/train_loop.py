"""Loop of all trainings by gradients: advance, validate, log, write checkpoints."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from snn_control.errors import ConfigError, FitnessError, NotFiniteError
from snn_control.runs import Run
from snn_control.training.budget import CHECKPOINT_PERIOD_S, Budget, OnProgress

MOMENTS = ("step", "exp_avg", "exp_avg_sq")
"""State of Adam for each parameter."""


class Training(Protocol):
    """Interface of a training by gradients, as `train_until_spent` uses it."""

    step: int
    """Calls of `advance` so far."""
    best_cost: float

    @property
    def environment_steps(self) -> int:
        """Control periods in the environment so far; 0 without an environment."""

    def advance(self, spent: float) -> dict[str, Any]:
        """Take one step at a fraction `spent` of the budget; return its log record.

        Raises:
            FitnessError: the environment raised.
            NotFiniteError: a value is NaN; names the setting to change.
        """

    def validate(self) -> float:
        """Return the cost of the current parameters; keep them if they are the best so far."""

    def state(self) -> dict[str, np.ndarray]:
        """Return the state as arrays."""

    def write(self, folder: Path) -> None:
        """Write the best model as `folder/model`."""


def train_until_spent(
    training: Training,
    run: Run,
    budget: Budget,
    validate_every: int,
    on_progress: OnProgress | None,
) -> Path:
    """Train until the budget is used up; return the document of the best model.

    Args:
        training: new or restored training.
        run: run to write to.
        budget: stopping criterion.
        validate_every: steps between validations; the first and the last step are validated too.
        on_progress: called with step, best and last validation cost, and fraction of budget used.

    Raises:
        FitnessError, NotFiniteError: see `advance`; the state is written to the run's `crash/`.
    """
    started, saved_at = time.monotonic(), -np.inf

    def spent() -> float:
        elapsed_s = time.monotonic() - started
        return budget.spent(training.step, elapsed_s, training.environment_steps)

    used = spent()
    while used < 1.0:
        try:
            record = training.advance(used)
            used = spent()
            if training.step > 1 and training.step % validate_every and used < 1.0:
                continue
            cost, elapsed_s = training.validate(), time.monotonic() - started
        except (FitnessError, NotFiniteError) as exc:
            detail = exc.detail if isinstance(exc, FitnessError) else ""
            run.crash(training.state(), f"{exc}\n{detail}".rstrip())
            raise
        used = spent()
        if training.environment_steps:
            record["environment_steps"] = training.environment_steps
        run.log(
            {"step": training.step, "best": training.best_cost, "validation": cost}
            | record
            | {"elapsed_s": round(elapsed_s, 3)}
        )
        if elapsed_s - saved_at >= CHECKPOINT_PERIOD_S or used >= 1.0:
            run.checkpoint(training.step, training.state(), {}, best=True, extra=training.write)
            saved_at = time.monotonic() - started
        if on_progress:
            on_progress(training.step, training.best_cost, cost, used)
    return run.folder / "checkpoints" / "best" / "model.json"


def adam_arrays(optimiser: Any, named: dict[str, Any]) -> dict[str, np.ndarray]:
    """Return parameters and moments of Adam as `value/NAME`, `step/NAME` and so on."""
    arrays = {}
    for name, parameter in named.items():
        arrays[f"value/{name}"] = parameter.detach().numpy().copy()
        for key, moment in optimiser.state.get(parameter, {}).items():
            arrays[f"{key}/{name}"] = moment.numpy().copy()
    return arrays


def restore_adam(optimiser: Any, named: dict[str, Any], state: dict[str, np.ndarray]) -> None:
    """Restore the arrays of `adam_arrays`; `require_arrays` must have accepted them."""
    import torch

    with torch.no_grad():
        for name, parameter in named.items():
            parameter.copy_(torch.from_numpy(np.array(state[f"value/{name}"])))
            if parameter.requires_grad:
                optimiser.state[parameter] = {
                    key: torch.from_numpy(np.array(state[f"{key}/{name}"])) for key in MOMENTS
                }


def require_arrays(state: dict[str, np.ndarray], names: list[str], named: dict[str, Any]) -> None:
    """Refuse the state of another training.

    Args:
        state: arrays of a checkpoint.
        names: required names besides those of the parameters and of Adam.
        named: parameters by name.

    Raises:
        ConfigError: an array is missing.
    """
    trained = [name for name, parameter in named.items() if parameter.requires_grad]
    needed = [*names, *(f"value/{name}" for name in named)]
    needed += [f"{key}/{name}" for key in MOMENTS for name in trained]
    if missing := [name for name in needed if name not in state]:
        raise ConfigError(f"the checkpoint is of another training: it has no {missing[0]!r}")


def require_finite(step: int, named: dict[str, Any]) -> None:
    """Refuse parameters that an update made NaN.

    Args:
        step: number of the round.
        named: parameters by name.

    Raises:
        NotFiniteError: names the parameter and the settings to change.
    """
    for name, parameter in named.items():
        if not parameter.isfinite().all():
            raise NotFiniteError(
                f"round {step} made {name} NaN; lower largest_gradient or learning_rate"
            )


@contextmanager
def one_torch_thread() -> Iterator[None]:
    """Limit torch to one thread: in small steps more threads only wait for each other."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@contextmanager
def seeded_generators(seed: int, round_: int) -> Iterator[None]:
    """Seed the global generators, which stable-baselines3 draws from, from seed and round."""
    import torch

    before = np.random.get_state()  # noqa: NPY002
    with torch.random.fork_rng(devices=[]):
        drawn = np.random.SeedSequence([seed, round_]).generate_state(2)
        torch.manual_seed(int(drawn[0]))
        np.random.seed(int(drawn[1]))  # noqa: NPY002
        try:
            yield
        finally:
            np.random.set_state(before)  # noqa: NPY002
