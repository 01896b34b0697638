"""Limit of the speed of homeostasis in a recurrent network, and a monitor of its rate.

Linear model of a population with rate r, filtered rate e and threshold theta:

    tau_r r' = -r + c r - g theta + input,   tau_e e' = r - e,   theta' = eta (e - target)

with the loop gain c of the recurrence (change of the rate by a change of the fed-back rate, below
1) and the sensitivity g = -dr/dtheta (1/s over the unit of the threshold). With m = 1 - c it is
stable if and only if (Routh-Hurwitz)

    1 / eta > g tau_r tau_e / (m (tau_r + m tau_e)).

Homeostasis that is stable for single neurons can destabilise a recurrent network; the stronger the
recurrence, the slower it has to be: D. Harnack, M. Pelko, A. Chaillet, Y. Chitour and M. van
Rossum, PLoS Comput. Biol. 11 (2015) e1004357, doi:10.1371/journal.pcbi.1004357. Spikes, delays and
slow inhibition reduce the margin, hence the safety factor. The model lacks them, so a network that
passes is monitored as well: `RateMonitor`.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from snn_control.errors import ParameterError
from snn_control.ranges import require_not_negative, require_positive

__all__ = ["SAFETY_FACTOR", "HomeostatLoop", "RateMonitor", "largest_spread", "relative_spread"]

SAFETY_FACTOR = 5.0
"""Factor below the limit of the linear model that a spiking network requires."""


@dataclass(frozen=True)
class HomeostatLoop:
    """Linear model of a population with homeostasis of its rate.

    Raises:
        ParameterError: out of range; a loop gain of 1 or more is unstable without homeostasis.
    """

    sensitivity: float
    """Decrease of the rate per increase of the threshold g, 1/s over the unit of the threshold."""
    loop_gain: float
    """Loop gain of the recurrence c, below 1; negative for net inhibition."""
    tau_rate_s: float
    """Time constant of the rate without recurrence, s."""
    tau_filter_s: float
    """Time constant of the filter of the measured rate, s; 0: none."""

    def __post_init__(self) -> None:
        where = "homeostat"
        require_positive({"sensitivity": self.sensitivity, "tau_rate_s": self.tau_rate_s}, where)
        require_not_negative({"tau_filter_s": self.tau_filter_s}, where)
        if not -math.inf < self.loop_gain < 1.0:
            raise ParameterError(
                f"{where}: loop_gain is {self.loop_gain:g}; expected below 1: the network is "
                "unstable without homeostasis, reduce its recurrent weights"
            )

    @property
    def limit(self) -> float:
        """Limit of eta; the linear model is stable below it, without a filter everywhere."""
        m = 1.0 - self.loop_gain
        slowest = self.sensitivity * self.tau_rate_s * self.tau_filter_s
        return m * (self.tau_rate_s + m * self.tau_filter_s) / slowest if slowest else math.inf

    @property
    def largest_overdamped(self) -> float:
        """Largest eta without overshoot if the rate is not filtered, m^2 / (4 g tau_r)."""
        m = 1.0 - self.loop_gain
        return m * m / (4.0 * self.sensitivity * self.tau_rate_s)

    def accepted(self, factor: float = SAFETY_FACTOR) -> float:
        """Return the largest eta that `require` accepts.

        Without a filter, when the linear model has no limit, it is `largest_overdamped`.
        """
        return self.limit / factor if self.tau_filter_s else self.largest_overdamped

    def require(self, eta: float, factor: float = SAFETY_FACTOR) -> None:
        """Require that homeostasis is slow enough.

        Args:
            eta: change of the threshold per excess spike, see `plasticity.intrinsic_threshold`.
            factor: safety factor, at least 1.

        Raises:
            ParameterError: too fast; the message has the largest accepted eta.
        """
        require_not_negative({"eta": eta})
        if not 1.0 <= factor < math.inf:
            raise ParameterError(f"factor is {factor:g}; expected at least 1")
        accepted = self.accepted(factor)
        if eta > accepted:
            beyond = (
                f"{eta / self.limit:.3g} of the stability limit"
                if self.tau_filter_s
                else "its thresholds would overshoot"
            )
            raise ParameterError(
                f"homeostasis with eta {eta:.6g} is too fast for a loop gain of "
                f"{self.loop_gain:g} ({beyond}); expected at most {accepted:.6g}, a factor of "
                f"{factor:g} below it"
            )


def relative_spread(rates: Sequence[float]) -> float:
    """Return the standard deviation of rates over their mean; infinite for a silent population."""
    mean = math.fsum(rates) / len(rates)
    if not mean > 0.0:
        return math.inf
    return math.sqrt(math.fsum((rate - mean) ** 2 for rate in rates) / len(rates)) / mean


def largest_spread(recordings: Iterable[Sequence[float]], window: int) -> float:
    """Return the largest relative spread of any window of healthy recordings.

    Args:
        recordings: rates of a population without homeostasis, each at least `window` long.
        window: number of rates in a window.

    Raises:
        ParameterError: no recording, or a shorter one.
    """
    largest = -math.inf
    for rates in recordings:
        if len(rates) < window:
            raise ParameterError(f"recording of {len(rates)} rates; expected at least {window}")
        for first in range(len(rates) - window + 1):
            largest = max(largest, relative_spread(rates[first : first + window]))
    if largest == -math.inf:
        raise ParameterError("no recording; expected at least one")
    return largest


class RateMonitor:
    """Monitor of a population's rate that detects its divergence.

    Args:
        window: number of rates in a window, at least 2; one period of an oscillation or longer.
        limit: largest relative spread of a healthy window, above 0, for example `largest_spread`
            times a margin.

    Raises:
        ParameterError: out of range.
    """

    def __init__(self, window: int, limit: float) -> None:
        if window < 2:
            raise ParameterError(f"window is {window}; expected at least 2 rates")
        require_positive({"limit": limit})
        self.limit = limit
        self._rates: deque[float] = deque(maxlen=window)
        self.reset()

    def reset(self) -> None:
        """Forget all rates."""
        self._rates.clear()
        self.spread = math.nan
        """Relative spread of the last full window; NaN before."""
        self.diverged = False
        """True from the first window beyond the limit on."""
        self.reason = ""
        """Message on the first window beyond the limit; empty before."""

    def update(self, rate: float) -> bool:
        """Add the rate of a time step, 1/s; return True if the rate has diverged.

        A rate that is not finite counts as divergence.
        """
        self._rates.append(rate)
        if not math.isfinite(rate):
            self._diverge(f"rate of {rate} 1/s")
        elif len(self._rates) == self._rates.maxlen:
            self.spread = relative_spread(self._rates)
            if self.spread > self.limit:
                self._diverge(
                    f"relative spread of the rate {self.spread:.3g}; expected at most "
                    f"{self.limit:.3g}"
                )
        return self.diverged

    def _diverge(self, reason: str) -> None:
        if not self.diverged:
            self.diverged, self.reason = True, f"{reason}: slow the homeostasis down"
