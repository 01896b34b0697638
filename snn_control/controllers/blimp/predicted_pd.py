"""Spiking network of P + D on a predicted state, described by few numbers.

The drive of its thermometer code is u = kp e - kd v, with the predicted height error e and climb
rate v as inputs: without a derivative it has no state. Thresholds, pairs and dither are
those of `thermometer_pd`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from snn_control.controllers.blimp.thermometer_pd import (
    CONTROL_PERIOD_S,
    INPUT_NAME,
    alternation,
    column_of,
    decoding_steps,
    widening_thresholds,
)
from snn_control.errors import ParameterError
from snn_control.network import Connection, Network, Population, Readout, Shared
from snn_control.network.neurons import LIF, LeakyIntegrator

__all__ = ["CLIMB_RATE", "PredictedPD", "predicted_pd", "predicted_pd_values"]

FloatArray = npt.NDArray[np.float64]
CLIMB_RATE = "climb_rate_m_s"


@dataclass(frozen=True)
class PredictedPD:
    """Parameters of the network.

    Raises:
        ParameterError: fewer than two pairs.
    """

    pairs: int = 40
    """Pairs of spiking neurons."""
    kp: float = 43.0
    """Gain on the predicted height error, motor units per metre."""
    kd: float = 46.0
    """Gain on the predicted climb rate, motor units per metre per second."""
    first_step: float = 0.1
    """Lowest threshold, motor units."""
    top: float = 9.5
    """Highest threshold, motor units."""
    readout_gain: float = 1.0
    """Factor of the decoded value."""
    dither: float = 0.0
    """Amplitude of the dither, motor units; 0: no dither neurons."""

    def __post_init__(self) -> None:
        if self.pairs < 2:
            raise ParameterError(f"pairs is {self.pairs}; expected at least 2")


def predicted_pd_values(
    numbers: PredictedPD, columns: Mapping[str, FloatArray]
) -> dict[str, FloatArray]:
    """Return the free values of the parameters of several networks, as `thermometer_values`."""
    of = column_of(numbers, columns)
    pairs = numbers.pairs
    thresholds = widening_thresholds(pairs, of("first_step"), of("top"))
    gains = np.stack([of("kp"), -of("kd")], axis=1)  # (n_networks, 2 inputs, 1)
    values = {
        "code.threshold": thresholds,
        "input->code.weights": np.repeat(gains, pairs, axis=2).reshape(len(gains), -1),
        "code->pd.weights": decoding_steps(thresholds) * of("readout_gain"),
    }
    if np.all(of("dither")):
        values |= {"tick->pd.weights": of("dither"), "tock->pd.weights": -of("dither")}
    return values


def predicted_pd(numbers: PredictedPD, name: str = "pd") -> Network:
    """Build the network; its read-out `motor_command` is in motor units."""
    n = numbers
    values = {key: rows[0] for key, rows in predicted_pd_values(numbers, {}).items()}
    in_turn, takes_turns = alternation(n.dither, "pd") if n.dither else ((), ())
    drive = Shared.mirrored(values["input->code.weights"]).reshaped(2, 2 * n.pairs)
    steps = Shared.mirrored(values["code->pd.weights"]).reshaped(2 * n.pairs, 1)
    return Network(
        name,
        CONTROL_PERIOD_S,
        (INPUT_NAME, CLIMB_RATE),
        (
            Population(
                "code", 2 * n.pairs,
                LIF(threshold=Shared.paired(values["code.threshold"]), reset="hard"),
            ),
            *in_turn,
            Population("pd", 1, LeakyIntegrator()),
        ),
        (
            Connection("input", "code", drive),
            Connection("code", "pd", steps),
            *takes_turns,
        ),
        (Readout("motor_command", "pd"),),
        start="steady",
    )  # fmt: skip
