"""How long an optimisation goes on."""

from __future__ import annotations

import re
from dataclasses import dataclass

from snn_control.errors import ConfigError


@dataclass(frozen=True)
class Budget:
    """When to stop: after so many generations (steps of a training) or seconds of wall time."""

    generations: int | None = None
    seconds: float | None = None

    @classmethod
    def parse(cls, text: str) -> Budget:
        """Read `60s` or `200gen`.

        Raises:
            ConfigError: with the two forms.
        """
        if match := re.fullmatch(r"([1-9]\d*)gen", text):
            return cls(generations=int(match[1]))
        if (match := re.fullmatch(r"(\d+(?:\.\d+)?)s", text)) and float(match[1]) > 0:
            return cls(seconds=float(match[1]))
        raise ConfigError(f"budget {text!r}: expected seconds like 60s or generations like 200gen")

    def spent(self, generation: int, elapsed_s: float) -> float:
        """Share of the budget that is used up, 1 at the end."""
        if self.generations is not None:
            return min(generation / self.generations, 1.0)
        assert self.seconds is not None
        return min(elapsed_s / self.seconds, 1.0)
