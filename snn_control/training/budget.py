"""Budget of an optimisation."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from snn_control.errors import ConfigError

__all__ = ["CHECKPOINT_PERIOD_S", "Budget", "OnProgress"]

CHECKPOINT_PERIOD_S = 2.0
UNITS_S = {"s": 1.0, "min": 60.0, "h": 3600.0}
OnProgress = Callable[[int, float, float, float], None]
"""Called with generation (step, round), best and median (or last) cost, fraction of budget used."""


@dataclass(frozen=True)
class Budget:
    """Stopping criterion: number of generations, control periods in the environment, or seconds.

    For training by gradients, generations are steps or rounds.
    """

    generations: int | None = None
    seconds: float | None = None
    environment_steps: int | None = None

    @classmethod
    def parse(cls, text: str) -> Budget:
        """Parse `60s`, `10min`, `2h`, `200gen` or `180000steps`.

        Raises:
            ConfigError: another form; lists these.
        """
        if match := re.fullmatch(r"([1-9]\d*)gen", text):
            return cls(generations=int(match[1]))
        if match := re.fullmatch(r"([1-9]\d*)steps", text):
            return cls(environment_steps=int(match[1]))
        if (match := re.fullmatch(r"(\d+(?:\.\d+)?)(s|min|h)", text)) and float(match[1]) > 0:
            return cls(seconds=float(match[1]) * UNITS_S[match[2]])
        raise ConfigError(
            f"budget {text!r}: expected a time like 60s, 10min or 2h, generations like 200gen, or "
            "control periods in the environment like 180000steps"
        )

    def check(self, in_environment: bool) -> None:
        """Refuse a budget in environment steps for an optimisation that runs no environment.

        Raises:
            ConfigError: lists the two other forms.
        """
        if self.environment_steps is not None and not in_environment:
            raise ConfigError(
                f"budget {self.environment_steps}steps: this optimisation imitates and runs no "
                "environment; give seconds like 60s or generations like 200gen"
            )

    def spent(self, generation: int, elapsed_s: float, environment_steps: int) -> float:
        """Return the fraction of the budget used, 1 at the end."""
        if self.environment_steps is not None:
            return min(environment_steps / self.environment_steps, 1.0)
        if self.generations is not None:
            return min(generation / self.generations, 1.0)
        assert self.seconds is not None
        return min(elapsed_s / self.seconds, 1.0)
