"""Spiking network of P + D, described by few numbers.

It consists of pairs of neurons, one for each sign. Few shared numbers (gains, a pole, threshold
spacing) define all weights, so that evolution takes seconds and the result can be interpreted. The
network of I is in `counter_integral`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
    "column_of",
    "decoding_steps",
    "thermometer_pd",
    "thermometer_values",
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


def thermometer_values(
    numbers: ThermometerPD, columns: Mapping[str, FloatArray]
) -> dict[str, FloatArray]:
    """Return the free values of the parameters of several networks of one structure.

    Args:
        numbers: numbers of all networks.
        columns: numbers that differ, by name, each of shape (n_networks,).

    Returns:
        Values by parameter, see `evolution.parameter_codec`, each of shape (n_networks, n_values).
    """
    of = column_of(numbers, columns)
    pairs, taps = numbers.pairs, max(numbers.taps, 1)
    n = len(of("kp"))
    thresholds = widening_thresholds(pairs, of("first_step"), of("top"))
    feedback = np.ones((n, 1))
    if not numbers.taps:
        feedback = 1.0 - decay(of("tau_change_s"), CONTROL_PERIOD_S)
    slope = of("kd") * feedback / (taps * CONTROL_PERIOD_S)
    changes = ["change->code" + (f"@{k}" if k else "") for k in range(taps)]
    values = {
        "code.threshold": thresholds,
        "change->past.weights": feedback,
        "input->code.weights": np.repeat(of("kp"), pairs, axis=1),
        **{f"{label}.weights": np.repeat(slope, pairs, axis=1) for label in changes},
        "code->pd.weights": decoding_steps(thresholds) * of("readout_gain"),
    }
    if np.all(of("dither")):
        values |= {"tick->pd.weights": of("dither"), "tock->pd.weights": -of("dither")}
    return values


def thermometer_pd(numbers: ThermometerPD, name: str = "pd") -> Network:
    """Build the network; its read-out `pd` is in motor units."""
    n, one = numbers, np.ones((1, 1))
    values = {key: rows[0] for key, rows in thermometer_values(numbers, {}).items()}
    in_turn, takes_turns = alternation(n.dither, "pd") if n.dither else ((), ())

    def to_code(source: str, delay: int) -> Connection:
        label = f"{source}->code" + (f"@{delay}" if delay else "")
        weights = Shared.mirrored(values[f"{label}.weights"]).reshaped(1, 2 * n.pairs)
        return Connection(source, "code", weights, delay_ticks=delay)

    code = LIF(threshold=Shared.paired(values["code.threshold"]), reset="hard")
    steps = Shared.mirrored(values["code->pd.weights"]).reshaped(2 * n.pairs, 1)
    return Network(
        name,
        CONTROL_PERIOD_S,
        (INPUT_NAME,),
        (
            Population("change", 1, LeakyIntegrator()),
            Population("past", 1, LeakyIntegrator(tau_mem_s=np.inf)),
            Population("code", 2 * n.pairs, code),
            *in_turn,
            Population("pd", 1, LeakyIntegrator()),
        ),
        (
            Connection("input", "change", one),
            Connection("past", "change", -one, delay_ticks=1),
            Connection("change", "past", values["change->past.weights"][None]),
            to_code("input", 0),
            *(to_code("change", delay) for delay in range(max(n.taps, 1))),
            Connection("code", "pd", steps),
            *takes_turns,
        ),
        (Readout("pd", "pd"),),
        start="steady",
    )


def column_of(numbers: object, columns: Mapping[str, FloatArray]) -> Callable[[str], FloatArray]:
    """Return a function that gives a number of all networks by name, shape (n_networks, 1)."""
    n = max((len(column) for column in columns.values()), default=1)

    def of(name: str) -> FloatArray:
        if name in columns:
            return columns[name][:, None]
        return np.full((n, 1), float(getattr(numbers, name)))

    return of


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


def widening_thresholds(n: int, first: FloatArray, top: FloatArray) -> FloatArray:
    """Return `n` thresholds from `first` to `top` whose spacing grows by a constant factor.

    Args:
        n: number of thresholds.
        first: lowest thresholds, shape (n_networks, 1).
        top: highest thresholds, same shape.

    Returns:
        Thresholds, shape (n_networks, n).

    Raises:
        ParameterError: `top` is not above `first`, or there are fewer than two.
    """
    for low, high in zip(first.ravel().tolist(), top.ravel().tolist(), strict=True):
        if n < 2 or not 0 < low < high:
            raise ParameterError(
                f"{n} thresholds from {low:g} to {high:g}: expected at least 2, ascending from "
                "above 0"
            )
    exponents = np.arange(n)
    smallest, largest = np.full(first.shape, 1e-6), np.full(first.shape, 64.0)
    while True:
        growth = (smallest + largest) / 2
        if ((growth == smallest) | (growth == largest)).all():  # adjacent floats
            return first * np.cumsum(growth**exponents, axis=1)
        beyond = first * np.sum(growth**exponents, axis=1, keepdims=True) > top
        largest, smallest = np.where(beyond, growth, largest), np.where(beyond, smallest, growth)


def decoding_steps(thresholds: FloatArray) -> FloatArray:
    """Return the weight of each neuron, same shape: a value decodes to the middle of its step."""
    middles = (thresholds[:, 1:] + thresholds[:, :-1]) / 2
    return np.diff(np.concatenate([middles, thresholds[:, -1:]], axis=1), prepend=0.0, axis=1)
