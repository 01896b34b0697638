"""Models as the command line and the parameters of nodes name them: `swimmer-spiking:4-links`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from snn_control.controllers import Controller, load

__all__ = ["ModelName", "load_named"]

_LINKS = re.compile(r"(\d+)-links")


@dataclass(frozen=True)
class ModelName:
    """A name or path, and the options of `load` that follow it."""

    base: str
    """Name or path."""
    untrained: bool = False
    """`:untrained`: the circuit before it was trained."""
    n_links: int | None = None
    """`:4-links`: for a body of 4 links; None: for its own body."""

    @classmethod
    def parse(cls, text: str) -> ModelName:
        """Split a text into name and suffixes, which come in any order, each once."""
        base, untrained, n_links = text, False, None
        while ":" in base:
            rest, _, last = base.rpartition(":")
            links = _LINKS.fullmatch(last)
            if last == "untrained" and not untrained:
                untrained = True
            elif links and n_links is None:
                n_links = int(links[1])
            else:
                break
            base = rest
        return cls(base, untrained, n_links)

    @property
    def options(self) -> dict[str, Any]:
        """Options of `load`."""
        options: dict[str, Any] = {"untrained": True} if self.untrained else {}
        return options if self.n_links is None else options | {"n_links": self.n_links}


def load_named(
    text: str, *, control_period_s: float | None = None, resample: bool = False
) -> Controller:
    """Load the controller that a text names, see `ModelName` and `load`.

    Raises:
        ParameterError: a suffix follows the name of a controller that does not take it.
    """
    name = ModelName.parse(text)
    return load(name.base, control_period_s=control_period_s, resample=resample, **name.options)
