"""Objectives of an evolution by name: the reward, or metrics of an episode."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from snn_control.errors import ConfigError, UnknownNameError

__all__ = ["REWARD", "SPIKES", "Objective", "parse_objectives"]

REWARD = "reward"
"""Total reward of an episode; maximised unless its direction is named."""
SPIKES = "spikes_per_decision"
"""Spikes of all neurons per control tick."""
_DIRECTIONS = ("min", "max")


@dataclass(frozen=True)
class Objective:
    """Quantity of an episode that is minimised or maximised."""

    name: str
    maximised: bool

    @classmethod
    def parse(cls, text: str) -> Objective:
        """Read `NAME`, `min NAME` or `max NAME`.

        Without a direction the reward is maximised, any other quantity minimised.

        Raises:
            ConfigError: another form.
        """
        words = text.split()
        if len(words) == 1:
            return cls(words[0], words[0] == REWARD)
        if len(words) == 2 and words[0] in _DIRECTIONS:
            return cls(words[1], words[0] == "max")
        raise ConfigError(f"objectives: {text!r}; expected NAME, `min NAME` or `max NAME`")

    def cost(self, value: Any) -> Any:
        """Return a value, or an array of values, as a quantity to minimise."""
        return -value if self.maximised else value

    def value_of(self, quantities: Mapping[str, float]) -> float:
        """Return the cost of an episode or of means over episodes.

        Raises:
            UnknownNameError: no such quantity; with the closest names.
        """
        self.require_among(quantities)
        return float(self.cost(quantities[self.name]))

    def require_among(self, known: Collection[str]) -> None:
        """Refuse a quantity that is not among the known names.

        Raises:
            UnknownNameError: no such quantity; with the closest names.
        """
        if self.name not in known:
            raise UnknownNameError("objective", self.name, known)


def parse_objectives(texts: Sequence[str]) -> tuple[Objective, ...]:
    """Read the objectives of a task.

    Raises:
        ConfigError: none, the same one twice, or see `Objective.parse`.
    """
    parsed = tuple(Objective.parse(text) for text in texts)
    names = [objective.name for objective in parsed]
    if not names or len(set(names)) < len(names):
        raise ConfigError(f"objectives: {list(texts)}; name at least one, each once")
    return parsed
