"""Spiking network of P + D, described by few numbers.

It consists of pairs of neurons, one for each sign. Few shared numbers (gains, a pole, threshold
spacing) define all weights, so that evolution takes seconds and the result can be interpreted. The
network of I is in `counter_integral`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from snn_control.errors import ParameterError
from snn_control.network import Connection, Network, Population, Readout, Shared
from snn_control.network.neurons import LIF, LeakyIntegrator
from snn_control.units import decay

__all__ = [
    "CONTROL_PERIOD_S",
    "INPUT_NAME",
    "ThermometerPD",
    "alternation",
    "decoding_steps",
    "thermometer_pd",
    "widening_thresholds",
]

FloatArray = npt.NDArray[np.float64]
CONTROL_PERIOD_S = 0.1
INPUT_NAME = "height_error_m"


@dataclass(frozen=True)
class ThermometerPD:
    """Parameters of the network that mimics P + D: a thermometer code of e and its change.

    A washout filter gives the change c of the error: the integral z of c is subtracted from e,

        c[t] = e[t] - z[t-1],    z[t] = z[t-1] + (1 - d) c[t],    d = exp(-dt / tau_change_s),

    so a constant error gives c = 0 for any weights, and a constant slope s gives
    c = s dt / (1 - d). The drive of the code is u = kp e + kd c (1 - d) / dt. With `taps` the
    washout decays within a tick, c[t] = e[t] - e[t-1], and synapses with delays of 0 to taps - 1
    ticks add up the last changes. The pair k spikes while u > theta_k or -u > theta_k; the read-out
    adds the steps between the thresholds. The top threshold saturates the code, which limits the
    derivative kick of a reference step. Two neurons that spike alternately add a dither: a motor
    command of coarse steps then follows the command on average.
    """

    pairs: int = 40
    """Pairs of spiking neurons."""
    kp: float = 9.0
    """Gain on the height error, motor units per metre."""
    kd: float = 14.0
    """Gain on the slope of the error, motor units per metre per second."""
    tau_change_s: float = 0.09
    """Time constant of the washout, s; unused with taps."""
    first_step: float = 0.045
    """Lowest threshold, motor units."""
    top: float = 9.0
    """Highest threshold, motor units."""
    readout_gain: float = 1.0
    """Factor of the decoded value."""
    taps: int = 0
    """Number of changes that make up the slope; 0: no synaptic delay."""
    dither: float = 0.0
    """Amplitude of the dither, motor units; 0: no dither neurons."""

    def __post_init__(self) -> None:
        if self.taps < 0:
            raise ParameterError(f"taps is {self.taps}; expected 0 or more")
        if not (np.isfinite(self.tau_change_s) and self.tau_change_s > 0):
            raise ParameterError(
                f"tau_change_s is {self.tau_change_s}; expected a finite number above 0"
            )


def thermometer_pd(numbers: ThermometerPD, name: str = "pd") -> Network:
    """Build the network; its read-out `pd` is in motor units."""
    n = numbers
    thresholds = widening_thresholds(n.pairs, n.first_step, n.top)
    steps = decoding_steps(thresholds) * n.readout_gain
    feedback = 1.0 if n.taps else 1.0 - float(decay(n.tau_change_s, CONTROL_PERIOD_S))
    taps = max(n.taps, 1)
    one = np.ones((1, 1))

    def to_code(gain: float) -> Shared:
        return Shared.mirrored(np.full(n.pairs, gain)).reshaped(1, 2 * n.pairs)

    slope = to_code(n.kd * feedback / (taps * CONTROL_PERIOD_S))
    in_turn, takes_turns = alternation(n.dither, "pd") if n.dither else ((), ())
    return Network(
        name,
        CONTROL_PERIOD_S,
        (INPUT_NAME,),
        (
            Population("change", 1, LeakyIntegrator()),
            Population("past", 1, LeakyIntegrator(tau_mem_s=np.inf)),
            Population("code", 2 * n.pairs, LIF(threshold=Shared.paired(thresholds), reset="hard")),
            *in_turn,
            Population("pd", 1, LeakyIntegrator()),
        ),
        (
            Connection("input", "change", one),
            Connection("past", "change", -one, delay_ticks=1),
            Connection("change", "past", feedback * one),
            Connection("input", "code", to_code(n.kp)),
            *(Connection("change", "code", slope, delay_ticks=k) for k in range(taps)),
            Connection("code", "pd", Shared.mirrored(steps).reshaped(2 * n.pairs, 1)),
            *takes_turns,
        ),
        (Readout("pd", "pd"),),
        start="steady",
    )


def alternation(
    amplitude: float, target: str
) -> tuple[tuple[Population, ...], tuple[Connection, ...]]:
    """Return two neurons that add `amplitude` and `-amplitude` to `target` in alternate ticks.

    The first one inhibits itself and thus spikes every other tick; it also inhibits the second.
    """
    neuron = LIF(threshold=0.5, bias=1.0, reset="hard")
    inhibits = -np.ones((1, 1))
    return (Population("tick", 1, neuron), Population("tock", 1, neuron)), (
        Connection("tick", "tick", inhibits, delay_ticks=1),
        Connection("tick", "tock", inhibits),
        Connection("tick", target, np.full((1, 1), amplitude)),
        Connection("tock", target, np.full((1, 1), -amplitude)),
    )


def widening_thresholds(n: int, first: float, top: float) -> FloatArray:
    """Return `n` thresholds from `first` to `top` whose spacing grows by a constant factor.

    Raises:
        ParameterError: `top` is not above `first`, or there are fewer than two.
    """
    if n < 2 or not 0 < first < top:
        raise ParameterError(
            f"{n} thresholds from {first:g} to {top:g}: expected at least 2, ascending from above 0"
        )
    low, high = 1e-6, 64.0
    for _ in range(200):
        growth = (low + high) / 2
        reach = first * np.sum(growth ** np.arange(n))
        low, high = (low, growth) if reach > top else (growth, high)
    return first * np.cumsum(growth ** np.arange(n))


def decoding_steps(thresholds: FloatArray) -> FloatArray:
    """Return the weight of each neuron: a value decodes to the middle of its step."""
    middles = np.append((thresholds[1:] + thresholds[:-1]) / 2, thresholds[-1])
    return np.diff(middles, prepend=0.0)
