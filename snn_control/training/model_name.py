"""Model names of the command line and of node parameters, such as `swimmer-spiking:4-links`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from snn_control.controllers import Controller, load
from snn_control.network.resample import MAX_LAG_CHANGE

__all__ = ["ModelName", "load_named"]

_LINKS = re.compile(r"(\d+)-links")


@dataclass(frozen=True)
class ModelName:
    """Name or path of a model, and options of `load` as suffixes."""

    base: str
    """Name or path."""
    untrained: bool = False
    """`:untrained`: the circuit before training."""
    n_links: int | None = None
    """`:4-links`: a body of 4 links; None: the body of the model."""
    adapting: bool = False
    """`:adapting`: the controller on the forward model of its vehicle, which learns."""

    @classmethod
    def parse(cls, text: str) -> ModelName:
        """Split a text into name and suffixes, in any order, each at most once."""
        base, untrained, n_links, adapting = text, False, None, False
        while ":" in base:
            rest, _, last = base.rpartition(":")
            links = _LINKS.fullmatch(last)
            if last == "untrained" and not untrained:
                untrained = True
            elif last == "adapting" and not adapting:
                adapting = True
            elif links and n_links is None:
                n_links = int(links[1])
            else:
                break
            base = rest
        return cls(base, untrained, n_links, adapting)

    @property
    def options(self) -> dict[str, Any]:
        """Options of `load`."""
        options: dict[str, Any] = {"untrained": True} if self.untrained else {}
        return options if self.n_links is None else options | {"n_links": self.n_links}


def load_named(
    text: str,
    *,
    control_period_s: float | None = None,
    resample: bool = False,
    max_lag_change: float = MAX_LAG_CHANGE,
    options: Mapping[str, Any] | None = None,
) -> Controller:
    """Load the controller that a text names, see `ModelName` and `load`.

    Args:
        text: name with suffixes.
        control_period_s: see `load`.
        resample: see `load`.
        max_lag_change: see `load`.
        options: further options of `load`.

    Raises:
        ParameterError: the controller does not accept a suffix or an option.
    """
    name = ModelName.parse(text)
    controller = load(
        name.base,
        control_period_s=control_period_s,
        resample=resample,
        max_lag_change=max_lag_change,
        **name.options,
        **(options or {}),
    )
    if not name.adapting:
        return controller
    from snn_control.controllers.adapted import adapted

    return adapted(controller)
