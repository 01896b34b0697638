"""Attributes of an environment beyond the Gymnasium interface."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gymnasium

__all__ = ["Declared"]


@dataclass(frozen=True)
class Declared:
    """Optional declarations of an environment: names, control period and metrics."""

    observation_names: tuple[str, ...]
    """Entries of the observation; empty if not declared."""
    action_names: tuple[str, ...]
    """Entries of the action; empty if not declared."""
    control_period_s: float | None
    """Control period, s; None if not declared."""
    has_metrics: bool
    """True if the environment has a method `metrics`."""

    @classmethod
    def by(cls, env: gymnasium.Env) -> Declared:
        """Read the attributes of the environment inside all wrappers."""
        inner: Any = env.unwrapped

        def attribute(name: str, default: Any) -> Any:
            return inner.get_wrapper_attr(name) if inner.has_wrapper_attr(name) else default

        return cls(
            tuple(attribute("observation_names", ())),
            tuple(attribute("action_names", ())),
            attribute("control_period_s", None),
            inner.has_wrapper_attr("metrics"),
        )
