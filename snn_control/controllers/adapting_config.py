"""Configuration, orders and versions of an adapting controller."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from snn_control.errors import ParameterError
from snn_control.plasticity.need import EssentialVariable

__all__ = [
    "COMPUTED",
    "MOST_VERSIONS",
    "ORDERS",
    "SATURATION_TAU_S",
    "AdaptingConfig",
    "Orders",
    "Version",
]


class Orders(NamedTuple):
    """Inputs beside the observation; the defaults are those of a controller that is given none."""

    sent_command: float = math.nan
    """Command in force since the last tick; NaN: the controller's last one."""
    frozen: float = 0.0
    """1 to keep the parameters."""
    trusted: float = math.nan
    """1 if the sensor is trusted, 0 if an estimate replaces it, NaN without a monitor."""
    fresh: float = 1.0
    """0 in a gap between measurements, which an estimate fills."""
    adapting: float = 1.0
    """1 to act on the prediction, 0 to switch it off."""
    saves: float = 0.0
    """Number of requests so far to save the parameters."""
    rollbacks: float = 0.0
    """Number of requests so far to return to the saved parameters."""


ORDERS = Orders._fields
"""Names of the orders."""
COMPUTED = ("saturation_share", "spikes_per_s")
"""Essential variables that are not observations: share of the time with the full command, spikes of
the controller."""
SATURATION_TAU_S = 10.0
"""Time constant of the share of the time with the full command, s."""
MOST_VERSIONS = 256
"""Number of versions that are kept."""


@dataclass(frozen=True)
class AdaptingConfig:
    """Limits of the adaptation.

    Raises:
        ParameterError: a value is out of range.
    """

    readout: str = ""
    """Read-out of the controller that acts on the prediction, without its integral; empty: its
    action."""
    rollback_s: float = 3.0
    """Age of the parameters to return to when trust is lost or predictions diverge, s."""
    dead_zone_sigma: float = 0.0
    """Prediction error of the last tick below which parameters are kept, standard deviations."""
    divergence_nis: float = 25.0
    """Mean squared prediction error over its variance that counts as a divergence."""
    divergence_tau_s: float = 2.0
    """Time constant of that mean, s."""
    recovered_nis: float = 4.0
    """Mean below which a diverged model is used again."""
    retry_s: float = 2.0
    """Rest of learning after a divergence, s; the predictions are used again once they agree."""
    version_s: float = 10.0
    """Time between versions without an event, s."""
    needs: tuple[EssentialVariable, ...] = ()
    """Essential variables whose largest need is the rate of learning; empty: learn always."""

    def __post_init__(self) -> None:
        for name in ("rollback_s", "divergence_tau_s", "retry_s", "version_s"):
            if not 0.0 < getattr(self, name) < math.inf:
                raise ParameterError(f"{name} is {getattr(self, name)}; expected above 0")
        if not 0.0 <= self.dead_zone_sigma < math.inf:
            raise ParameterError(f"dead_zone_sigma is {self.dead_zone_sigma}; expected at least 0")
        if not 0.0 < self.recovered_nis < self.divergence_nis < math.inf:
            raise ParameterError(
                f"recovered_nis {self.recovered_nis} and divergence_nis {self.divergence_nis}: "
                "expected positive and ascending"
            )

    @property
    def prediction_limits(self) -> tuple[float, float, float, float]:
        """Arguments of a `PredictionMonitor` with these limits."""
        return self.divergence_nis, self.recovered_nis, self.divergence_tau_s, self.retry_s


class Version(NamedTuple):
    """Parameters at one time."""

    number: int
    """Number of the version since the reset, from 1."""
    time_s: float
    """Sum of the times between ticks since the reset, s."""
    reason: str
    """Event, or `learned`."""
    parameters: tuple[float, ...]
    """Parameters as in `ForwardModel.parameter_names`."""
