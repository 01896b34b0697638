"""Population of leaky integrate-and-fire neurons with recurrence and noise.

Normalised potentials, exact steps of dt; every neuron receives the filtered rate of all:

    tau_m v' = -v + drive + w s + noise,   tau_s s' = -s + rate of the population (1/s)
    v >= theta: spike, v = 0

`noise` is white and independent, so that v without a threshold has the standard deviation
`noise_sd`. The stationary rate without recurrence is that of A. Siegert, Phys. Rev. 81 (1951)
617-623, doi:10.1103/PhysRev.81.617,

    1 / rate = tau_m sqrt(pi) int from -u to (theta - u) of exp(x^2) (1 + erf x) dx,

in units of sqrt(2) noise_sd, with the drive u. Steps of dt miss crossings between them, which
raises the effective threshold by 0.5826 standard deviations of the noise of a step (M. Broadie, P.
Glasserman and S. Kou, Math. Finance 7 (1997) 325-349, doi:10.1111/1467-9965.00035).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.compiled import kernel
from snn_control.errors import ParameterError
from snn_control.plasticity.firing_rate import firing_rate
from snn_control.plasticity.intrinsic_threshold import intrinsic_threshold
from snn_control.ranges import require_positive

__all__ = ["Population", "PopulationConfig"]

FloatArray = npt.NDArray[np.float64]

MISSED = 0.5826
"""Shift of the threshold by missed crossings, standard deviations of the noise of a step."""
DIFFERENCE = 1e-3
"""Change of threshold or drive for the slope of the rate."""
HIGHEST = 10.0
"""Largest threshold; the smallest one is a tenth of the initial one, 1."""


@dataclass(frozen=True)
class PopulationConfig:
    """Parameters of a population.

    Raises:
        ParameterError: out of range.
    """

    neurons: int = 100
    """Number of neurons."""
    tau_m_s: float = 0.02
    """Time constant of the membrane, s."""
    tau_s_s: float = 0.02
    """Time constant of the synapses, s."""
    noise_sd: float = 0.35
    """Standard deviation of a potential without threshold."""
    rate: float = 32.0
    """Target of the rate of each neuron, 1/s."""
    tau_filter_s: float = 0.5
    """Time constant of the measured rate of each neuron, s."""
    dt_s: float = 0.001
    """Time step, s."""

    def __post_init__(self) -> None:
        if self.neurons < 1:
            raise ParameterError(f"neurons is {self.neurons}; expected at least 1")
        require_positive({k: v for k, v in vars(self).items() if k != "neurons"}, "population")

    def stationary_rate(self, drive: float, theta: float = 1.0) -> float:
        """Return the rate without recurrence, 1/s."""
        from scipy.integrate import quad
        from scipy.special import erfcx

        unit = math.sqrt(2.0) * self.noise_sd
        missed = MISSED * self.noise_sd * math.sqrt(-math.expm1(-2.0 * self.dt_s / self.tau_m_s))
        first, last = -drive / unit, (theta + missed - drive) / unit
        area = quad(lambda x: erfcx(-x), first, last)[0]
        return 1.0 / (self.tau_m_s * math.sqrt(math.pi) * area)

    def drive_at_target(self) -> float:
        """Return the drive at which the rate is the target for a threshold of 1."""
        from scipy.optimize import brentq

        return float(brentq(lambda drive: self.stationary_rate(drive) - self.rate, -3.0, 5.0))

    def threshold_slope(self) -> float:
        """Return the decrease of the rate per increase of the threshold at the target, 1/s."""
        drive = self.drive_at_target()
        low, high = (self.stationary_rate(drive, 1.0 + s * DIFFERENCE) for s in (-1.0, 1.0))
        return (low - high) / (2.0 * DIFFERENCE)

    def drive_slope(self) -> float:
        """Return the increase of the rate per increase of the drive at the target, 1/s."""
        drive = self.drive_at_target()
        low, high = (self.stationary_rate(drive + s * DIFFERENCE) for s in (-1.0, 1.0))
        return (high - low) / (2.0 * DIFFERENCE)


class Population:
    """Population at its target rate, with homeostasis of its thresholds.

    Args:
        config: parameters.
        loop_gain: loop gain of the recurrence, below 1.
        eta: change of a threshold per excess spike; 0: no homeostasis.
        seed: seed of the noise.
    """

    def __init__(
        self, config: PopulationConfig, *, loop_gain: float, eta: float, seed: int
    ) -> None:
        self._config, self._eta = config, eta
        self._weight = loop_gain / config.drive_slope()
        self._drive = config.drive_at_target() - self._weight * config.rate
        self._random = np.random.default_rng(seed)
        n = config.neurons
        self._v: FloatArray = self._random.random(n)
        self.thresholds: FloatArray = np.ones(n)
        """Thresholds, shape (n,)."""
        self._rates: FloatArray = np.full(n, config.rate)
        self._synapse: FloatArray = np.array([config.rate])

    def advance(self, steps: int) -> float:
        """Simulate time steps; return the mean rate of the population in them, 1/s."""
        c = self._config
        kept = math.exp(-c.dt_s / c.tau_m_s)
        noise = self._random.standard_normal((steps, c.neurons))
        noise *= c.noise_sd * math.sqrt(-math.expm1(-2.0 * c.dt_s / c.tau_m_s))
        spikes = _advance(
            self._v, self.thresholds, self._rates, self._synapse, noise, kept,
            math.exp(-c.dt_s / c.tau_s_s), self._drive, self._weight, self._eta, c.rate,
            c.tau_filter_s, c.dt_s,
        )  # fmt: skip
        return float(spikes) / (steps * c.dt_s * c.neurons)


@kernel(nogil=True)
def _advance(
    v: Any, thresholds: Any, rates: Any, synapse: Any, noise: Any, kept: float, kept_s: float,
    drive: float, weight: float, eta: float, target: float, tau_filter_s: float, dt_s: float,
) -> int:  # fmt: skip
    n = v.size
    spikes = np.zeros(n)
    total = 0
    for t in range(noise.shape[0]):
        level = drive + weight * synapse[0]
        active = 0
        for i in range(n):
            v[i] = level + kept * (v[i] - level) + noise[t, i]
            spikes[i] = 0.0
            if v[i] >= thresholds[i]:
                v[i] = 0.0
                spikes[i] = 1.0
                active += 1
        total += active
        synapse[0] = kept_s * synapse[0] + (1.0 - kept_s) * active / (n * dt_s)
        if eta > 0.0:
            firing_rate(rates, spikes, dt_s, tau_filter_s)
            intrinsic_threshold(thresholds, rates, target, eta, dt_s, 0.1, HIGHEST)
    return total
