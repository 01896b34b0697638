"""Train an altitude network by surrogate gradients: open-loop imitation through the torch engine.

Each step draws windows of error sequences, runs the network on them from rest and reduces

    raw mean |y - target| + mean |MA(y) - MA(target)|,    MA: moving average over 4 ticks,

by Adam with a cosine schedule; the first ticks of a window are ignored. Learning rates are
relative to the spread of each parameter at the start, which differs by orders of magnitude between
input weights and time constants. The best network on the validation sequences is saved.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from snn_control.controllers import Altitude, save
from snn_control.controllers.blimp.counter_integral import CounterIntegral, counter_integral
from snn_control.controllers.blimp.free_networks import free_network
from snn_control.engines.native import NativeEngine
from snn_control.errors import NotFiniteError
from snn_control.runs import Run
from snn_control.training.blimp.error_windows import ErrorWindows, synthetic_flights
from snn_control.training.blimp.imitation import WINDOW, imitation_cost, pid_targets
from snn_control.training.blimp.train_config import TrainConfig
from snn_control.training.budget import Budget, OnProgress
from snn_control.training.train_loop import (
    adam_arrays,
    one_torch_thread,
    require_arrays,
    restore_adam,
    train_until_spent,
)

if TYPE_CHECKING:
    import torch

LEAST_SPREAD = 0.1
"""Lower limit of the spread that scales the learning rate of a parameter."""


def train(
    config: TrainConfig,
    run: Run,
    *,
    seed: int,
    budget: Budget,
    on_progress: OnProgress | None = None,
    resume_from: dict[str, np.ndarray] | None = None,
) -> Path:
    """Train until the budget is used up; checkpoints and the best model are written to the run.

    With a budget in steps (`Budget.generations`) an interrupted training resumes to the
    bit-identical result on the same machine; with a budget in seconds, the schedule of learning
    rates restarts.

    Args:
        config: configuration of the training.
        run: run to write to.
        seed: seed of the initial weights, data and windows.
        budget: stopping criterion.
        on_progress: called with step, best and last validation cost, and fraction of budget used.
        resume_from: arrays of the checkpoint to resume from.

    Returns:
        Path of the document of the best model.

    Raises:
        ConfigError: a budget in environment steps.
        NotFiniteError: the loss is NaN; the parameters are written to the run's `crash/`.
    """
    budget.check(config.in_environment)
    with one_torch_thread():
        training = GradientTraining(config, seed)
        if resume_from is not None:
            training.restore(resume_from)
        return train_until_spent(training, run, budget, config.validate_every, on_progress)


class GradientTraining:
    """Network, optimiser and data; the state can be exported as arrays."""

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

    @property
    def environment_steps(self) -> int:
        """Return 0: the training is open loop."""
        return 0

    def advance(self, spent: float) -> dict[str, Any]:
        """Take one step at a fraction `spent` of the budget; return its loss and evaluations."""
        import torch

        for group, rate in zip(self._optimiser.param_groups, self._rates, strict=True):
            group["lr"] = rate * 0.5 * (1.0 + math.cos(math.pi * spent))
        drawn = self._windows.draw(np.random.default_rng([self.seed, self.step]))
        errors, targets = (torch.from_numpy(values) for values in drawn)
        outputs, _ = self.engine(errors[:, :, None])
        first = self.config.burn_in_ticks
        deviation = outputs[first:, :, 0] - targets[first:]
        loss = self.config.raw * deviation.abs().mean() + _moving_average(deviation).abs().mean()
        self._optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.engine.parameters(), 1.0)
        self._optimiser.step()
        self.step += 1
        value = float(loss.detach())
        if not math.isfinite(value):
            raise NotFiniteError(f"the loss of step {self.step} is {value}; lower learning_rate")
        return {"evaluations": self.step * self.config.batch, "loss": value}

    def validate(self) -> float:
        """Return the imitation cost on the validation sequences; keep the best network."""
        engine, costs = NativeEngine(self.engine.network()), []
        for errors, targets in zip(self._validation, self._validation_targets, strict=True):
            engine.reset()
            costs.append(imitation_cost(engine.run(errors[:, None]).readouts[:, 0], targets))
        cost = float(np.mean(costs))
        if cost < self.best_cost:
            self.best_cost, self._best = cost, self._values()
        return cost

    def write(self, folder: Path) -> None:
        """Write the best network together with the integral network as `folder/model`."""
        now = self._values()
        self._set_values(self._best)
        networks = [self.engine.network(), counter_integral(CounterIntegral())]
        self._set_values(now)
        about = {"name": self.config.name, "step": self.step}
        save(Altitude(networks), folder / "model", about)

    def state(self) -> dict[str, np.ndarray]:
        """Return the state as plain arrays."""
        arrays = {"step": np.array(self.step), "best_cost": np.array(self.best_cost)}
        arrays |= {f"best/{name}": value for name, value in self._best.items()}
        return arrays | adam_arrays(self._optimiser, dict(self.engine.raw.items()))

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Restore the arrays of `state` of a training with the same configuration."""
        named = dict(self.engine.raw.items())
        require_arrays(state, ["step", "best_cost", *(f"best/{name}" for name in named)], named)
        self.step, self.best_cost = int(state["step"]), float(state["best_cost"])
        self._best = {name: state[f"best/{name}"] for name in named}
        restore_adam(self._optimiser, named, state)

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
