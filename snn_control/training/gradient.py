"""Train an altitude network by surrogate gradients: open-loop imitation through the torch engine.

A step draws windows of error sequences, runs the network over them from rest and lowers

    raw mean |y - target| + mean |MA(y) - MA(target)|,    MA: moving average over 4 ticks,

by Adam with a cosine schedule; the first ticks of a window do not count. Learning rates are
relative to the spread of each parameter at the start, which differs by orders of magnitude between
input weights and time constants. The best network on validation sequences is kept.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from snn_control.controllers import Altitude, save
from snn_control.controllers.counter_integral import CounterIntegral, counter_integral
from snn_control.controllers.free_networks import free_network
from snn_control.engines.native import NativeEngine
from snn_control.errors import ConfigError, NotFiniteError
from snn_control.runs import Run
from snn_control.training.budget import Budget
from snn_control.training.error_windows import ErrorWindows, synthetic_flights
from snn_control.training.imitation import WINDOW, imitation_cost, pid_targets
from snn_control.training.train_config import TrainConfig

if TYPE_CHECKING:
    import torch

CHECKPOINT_PERIOD_S = 2.0
LEAST_SPREAD = 0.1
"""Learning rates are relative to the spread of a parameter, or to this where it is smaller."""
MOMENTS = ("step", "exp_avg", "exp_avg_sq")
"""What Adam keeps for each parameter."""


OnProgress = Callable[[int, float, float, float], None]


def train(
    config: TrainConfig,
    run: Run,
    *,
    seed: int,
    budget: Budget,
    on_progress: OnProgress | None = None,
    resume_from: dict[str, np.ndarray] | None = None,
) -> Path:
    """Train until the budget is spent; the run holds checkpoints and the best model.

    With a budget in steps (`Budget.generations`) a training goes on after an interruption to the
    same result, bit for bit, on the same machine; with one in seconds it starts its schedule of
    learning rates again.

    Args:
        config: what to train.
        run: where to write.
        seed: of the first weights, data and windows.
        budget: when to stop.
        on_progress: called with step, best and last validation cost, and spent share.
        resume_from: arrays of the checkpoint to go on from.

    Returns:
        The document of the best model.

    Raises:
        NotFiniteError: the loss is NaN; the parameters are kept in the run's `crash/`.
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # small steps: more threads only wait for each other
    try:
        return _train(config, run, seed, budget, on_progress, resume_from)
    finally:
        torch.set_num_threads(threads)


def _train(
    config: TrainConfig,
    run: Run,
    seed: int,
    budget: Budget,
    on_progress: OnProgress | None,
    resume_from: dict[str, np.ndarray] | None,
) -> Path:
    training = _Training(config, seed)
    if resume_from is not None:
        training.restore(resume_from)
    started, saved_at = time.monotonic(), -np.inf
    while budget.spent(training.step, time.monotonic() - started) < 1.0:
        loss = training.advance(budget.spent(training.step, time.monotonic() - started))
        if not math.isfinite(loss):
            message = f"the loss of step {training.step} is {loss}; lower learning_rate"
            run.crash(training.state(), message)
            raise NotFiniteError(message)
        elapsed_s = time.monotonic() - started
        spent = budget.spent(training.step, elapsed_s)
        if training.step > 1 and training.step % config.validate_every and spent < 1.0:
            continue
        cost = training.validate()
        run.log(
            {
                "step": training.step,
                "evaluations": training.step * config.batch,
                "best": training.best_cost,
                "validation": cost,
                "loss": loss,
                "elapsed_s": round(elapsed_s, 3),
            }
        )
        if elapsed_s - saved_at >= CHECKPOINT_PERIOD_S or spent >= 1.0:
            run.checkpoint(training.step, training.state(), {}, best=True, extra=training.write)
            saved_at = time.monotonic() - started
        if on_progress:
            on_progress(training.step, training.best_cost, cost, spent)
    return run.folder / "checkpoints" / "best" / "model.json"


class _Training:
    """Network, optimiser and data; everything that changes can be taken out as arrays."""

    def __init__(self, config: TrainConfig, seed: int) -> None:
        import torch

        from snn_control.engines.torch import TorchEngine

        self.config, self.seed, self.step = config, seed, 0
        weights_seed, data_seed, validation_seed = np.random.SeedSequence(seed).generate_state(3)
        network = free_network(config.network, np.random.default_rng(weights_seed))
        self._windows = ErrorWindows(config, int(data_seed))
        self._validation = synthetic_flights(
            config, config.validation_sequences, int(validation_seed)
        )
        self._validation_targets: list[Any] = [pid_targets(r)["pd"] for r in self._validation]
        self.engine = TorchEngine(network, torch.float32, alpha=config.surrogate_alpha)
        self._rates = [
            config.learning_rate * max(float(p.detach().square().mean().sqrt()), LEAST_SPREAD)
            for p in self.engine.raw.values()
        ]
        self._optimiser = torch.optim.Adam([{"params": [p]} for p in self.engine.raw.values()])
        self.best_cost, self._best = math.inf, self._values()

    def advance(self, spent: float) -> float:
        """Take one step at a share `spent` of the budget; return the loss."""
        import torch

        for group, rate in zip(self._optimiser.param_groups, self._rates, strict=True):
            group["lr"] = rate * 0.5 * (1.0 + math.cos(math.pi * spent))
        drawn = self._windows.draw(np.random.default_rng([self.seed, self.step]))
        errors, targets = (torch.from_numpy(values) for values in drawn)
        outputs, _ = self.engine(errors[:, :, None])
        first = self.config.burn_in_ticks
        missed = outputs[first:, :, 0] - targets[first:]
        loss = self.config.raw * missed.abs().mean() + _moving_average(missed).abs().mean()
        self._optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.engine.parameters(), 1.0)
        self._optimiser.step()
        self.step += 1
        return float(loss.detach())

    def validate(self) -> float:
        """Return the imitation cost on the validation sequences; keep the network if it is best."""
        engine, costs = NativeEngine(self.engine.network()), []
        for errors, targets in zip(self._validation, self._validation_targets, strict=True):
            engine.reset()
            costs.append(imitation_cost(engine.run(errors[:, None]).readouts[:, 0], targets))
        cost = float(np.mean(costs))
        if cost < self.best_cost:
            self.best_cost, self._best = cost, self._values()
        return cost

    def write(self, folder: Path) -> None:
        """Write the best model, with the integral it flies with, as `folder/model`."""
        now = self._values()
        self._set_values(self._best)
        networks = [self.engine.network(), counter_integral(CounterIntegral())]
        self._set_values(now)
        about = {"name": self.config.name, "step": self.step}
        save(Altitude(networks), folder / "model", about)

    def state(self) -> dict[str, np.ndarray]:
        """Everything that changes, as plain arrays."""
        found = {"step": np.array(self.step), "best_cost": np.array(self.best_cost)}
        found |= {f"value/{name}": value for name, value in self._values().items()}
        found |= {f"best/{name}": value for name, value in self._best.items()}
        for name, parameter in self.engine.raw.items():
            for key, moment in self._optimiser.state[parameter].items():
                found[f"{key}/{name}"] = moment.numpy().copy()
        return found

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Go on from what `state` returned in a training of the same configuration."""
        import torch

        names = list(self.engine.raw)
        kept = ("value", "best", *MOMENTS)
        needed = ["step", "best_cost", *(f"{key}/{name}" for key in kept for name in names)]
        if missing := [name for name in needed if name not in state]:
            raise ConfigError(f"this is no checkpoint of such a training: no {missing[0]!r} in it")
        self.step, self.best_cost = int(state["step"]), float(state["best_cost"])
        self._set_values({name: state[f"value/{name}"] for name in names})
        self._best = {name: state[f"best/{name}"] for name in names}
        for name, parameter in self.engine.raw.items():
            self._optimiser.state[parameter] = {
                key: torch.from_numpy(np.array(state[f"{key}/{name}"])) for key in MOMENTS
            }

    def _values(self) -> dict[str, np.ndarray]:
        return {name: p.detach().numpy().copy() for name, p in self.engine.raw.items()}

    def _set_values(self, values: dict[str, np.ndarray]) -> None:
        import torch

        with torch.no_grad():
            for name, parameter in self.engine.raw.items():
                parameter.copy_(torch.from_numpy(values[name]))


def _moving_average(values: torch.Tensor) -> torch.Tensor:
    """Average over 4 ticks along the first axis, shape (n_ticks - 3, ...)."""
    n = len(values) - WINDOW + 1
    return (values[:n] + values[1 : n + 1] + values[2 : n + 2] + values[3:]) / WINDOW
