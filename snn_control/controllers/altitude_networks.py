"""Spiking altitude networks described by few numbers.

Both are built of pairs of neurons, one for each sign. Few shared numbers (gains, a pole, threshold
spacing) describe all weights, so they can be evolved in seconds and read by people.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from snn_control.errors import ParameterError
from snn_control.network import Connection, Network, Population, Readout, Shared
from snn_control.network.neurons import IWTA, LIF, IntegrateAndFire, LeakyIntegrator
from snn_control.units import decay

FloatArray = npt.NDArray[np.float64]
CONTROL_PERIOD_S = 0.1
INPUT_NAME = "height_error_m"


@dataclass(frozen=True)
class ThermometerPD:
    """Numbers of the network that mimics P + D: a thermometer code of e and its change.

    A washout finds the change c of the error: an integrator is fed by c and taken from e,

        c[t] = e[t] - z[t-1],    z[t] = z[t-1] + (1 - d) c[t],    d = exp(-dt / tau_change_s),

    so a held error leaves c = 0 whatever the weights are, and a steady slope s leaves
    c = s dt / (1 - d). The drive of the code is u = kp e + kd c (1 - d) / dt. With `taps` the
    washout forgets within a tick, c[t] = e[t] - e[t-1], and synapses with delays of 0 to taps - 1
    ticks add up the last changes. The pair k spikes while u > theta_k or -u > theta_k; the read-out
    adds the steps between the thresholds. The top threshold saturates the code, which cuts the
    derivative kick of a reference step. Two neurons that spike in turn add a small alternation: a
    motor command of coarse steps then follows the mean of the command, as with any dither.
    """

    pairs: int = 40
    """Pairs of spiking neurons."""
    kp: float = 9.0
    """Gain on the height error, motor units a metre."""
    kd: float = 14.0
    """Gain on the slope of the error, motor units a metre and second."""
    tau_change_s: float = 0.09
    """Time constant with which a change is forgotten in s; unused with taps."""
    first_step: float = 0.045
    """Lowest threshold, motor units."""
    top: float = 9.0
    """Highest threshold, motor units."""
    readout_gain: float = 1.0
    """What the decoded value is multiplied by."""
    taps: int = 0
    """0: no synaptic delay. Else: how many changes make up the slope, at least 1."""
    dither: float = 0.0
    """Amplitude of the alternation, motor units; 0: none, and no neurons for it."""


def thermometer_pd(numbers: ThermometerPD, name: str = "pd") -> Network:
    """Build the network of `numbers`; its read-out `pd` is in motor units."""
    n = numbers
    thresholds = widening_thresholds(n.pairs, n.first_step, n.top)
    middles = np.append((thresholds[1:] + thresholds[:-1]) / 2, thresholds[-1])
    steps = np.diff(middles, prepend=0.0) * n.readout_gain
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
    """Two neurons that add `amplitude` and `-amplitude` to `target` in turn, tick by tick.

    The first inhibits itself, so it spikes every other tick; it also silences the second.
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
        raise ParameterError(f"need 0 < first < top and n >= 2, got {first}, {top}, {n}")
    low, high = 1e-6, 64.0
    for _ in range(200):
        growth = (low + high) / 2
        reach = first * np.sum(growth ** np.arange(n))
        low, high = (low, growth) if reach > top else (growth, high)
    return first * np.cumsum(growth ** np.arange(n))


@dataclass(frozen=True)
class CounterIntegral:
    """Numbers of the network that integrates the error: spikes are counted in thresholds.

    An integrate-and-fire pair turns the error into spikes of one quantum each. They move the
    adaptation trace of a fine thermometer of IWTA neurons; every `carry` of them, a second pair
    spikes, takes `carry` quanta off the fine trace and moves the trace of a coarse thermometer.
    The traces do not leak, so a held value does not drift.
    """

    ki: float = 0.75
    """Integral gain, motor units a metre and second."""
    quantum: float = 0.1
    """What one spike of the first pair is worth, motor units; above ki * period * largest error."""
    carry: int = 8
    """Fine quanta in a coarse one, and pairs of the fine thermometer."""
    coarse_pairs: int = 10
    """Pairs of the coarse thermometer; with the fine one they bound the output (anti-windup)."""
    trip: float = 0.6
    """Share of a quantum above which a pair spikes; above 0.5, so that it does not chatter."""


def counter_integral(numbers: CounterIntegral, name: str = "i") -> Network:
    """Build the network of `numbers`; its read-out `i` is in motor units."""
    n = numbers
    gain = n.ki * CONTROL_PERIOD_S / n.quantum
    fine, coarse = 2 * n.carry, 2 * n.coarse_pairs
    sign = np.array([[1.0, -1.0], [-1.0, 1.0]])
    fine_steps = np.tile([n.quantum, -n.quantum], n.carry)[:, None]
    coarse_steps = np.tile([n.quantum * n.carry, -n.quantum * n.carry], n.coarse_pairs)[:, None]
    return Network(
        name,
        CONTROL_PERIOD_S,
        (INPUT_NAME,),
        (
            Population("quanta", 2, IntegrateAndFire(threshold=n.trip)),
            Population("carries", 2, IntegrateAndFire(threshold=n.trip * n.carry)),
            Population("fine", fine, _thermometer(n.carry, float(n.carry))),
            Population("coarse", coarse, _thermometer(n.coarse_pairs, float(n.coarse_pairs))),
            Population("i", 1, LeakyIntegrator()),
        ),
        (
            Connection("input", "quanta", np.array([[gain, -gain]])),
            _rest_of_reset("quanta", 1.0, n.trip),
            Connection("quanta", "carries", sign),
            _rest_of_reset("carries", float(n.carry), n.trip * n.carry),
            _moves("quanta", "fine", n.carry, 1.0),
            _moves("carries", "fine", n.carry, -float(n.carry)),
            _moves("carries", "coarse", n.coarse_pairs, 1.0),
            Connection("fine", "i", fine_steps),
            Connection("coarse", "i", coarse_steps),
        ),
        (Readout("i", "i"),),
        start="steady",
    )


def _thermometer(pairs: int, limit: float) -> IWTA:
    """Pair k spikes while the trace is at least k + 1, or at most -(k + 1)."""
    thresholds = Shared.paired(np.arange(pairs) + 0.5)
    return IWTA(threshold=thresholds, adaptation=-1.0, limit=limit, own_spikes=False)


def _moves(source: str, target: str, pairs: int, amount: float) -> Connection:
    """Spikes of the source pair move the traces of a thermometer by `amount`."""
    block = np.tile([[amount, -amount], [-amount, amount]], (1, pairs))
    return Connection(source, target, block, port="adaptation")


def _rest_of_reset(pair: str, quantum: float, threshold: float) -> Connection:
    """A spike takes a quantum off its neuron (the reset took `threshold`), gives it the partner."""
    own = threshold - quantum
    return Connection(
        pair, pair, np.array([[[own, quantum], [quantum, own]]]), "block2", delay_ticks=1
    )
