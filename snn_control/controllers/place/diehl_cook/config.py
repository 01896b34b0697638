"""Constants of a Diehl-Cook module, from arXiv:2209.08723 and its code."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from snn_control.controllers.place.diehl_cook.kernel import ModuleNumbers
from snn_control.errors import ParameterError
from snn_control.plasticity.triplet_stdp import TripletSTDP

__all__ = ["DiehlCookConfig"]


@dataclass(frozen=True)
class DiehlCookConfig:
    """Parameters of a module with equal numbers of excitatory (E) and inhibitory (I) neurons.

    Raises:
        ParameterError: out of range.
    """

    n_inputs: int = 784
    """Number of inputs, one per pixel."""
    n_excitatory: int = 400
    """Number of E neurons, each with one partner I neuron."""
    dt_s: float = 1e-4
    """Time step of the Euler method, s."""

    rate_per_level_hz: float = 0.25
    """Spike rate of an input per grey level of its pixel (0 to 255), Hz."""
    image_s: float = 0.35
    """Duration of an image, s."""
    rest_s: float = 0.15
    """Silence after an image, s; its spikes are counted with the next image."""
    first_rest_s: float = 0.5
    """Silence before the first image, s."""
    longest_delay_s: float = 0.01
    """Largest delay of the input synapses, s; delays are uniform from 0."""

    epochs: int = 30
    """Passes over the images of all places; published: 20 to 70."""
    assignment_epochs: int = 5
    """Last epochs whose responses assign neurons to places; published: 5 of 50 images."""

    start_weight: float = 0.3
    """Scale of the initial input weights, scale times (u + 0.01), u uniform from 0 to 1."""
    weight_sum: float = 78.0
    """Sum of the input weights of an E neuron, restored before each training image."""
    weight_to_inhibitor: float = 10.4
    """Weight of an E neuron onto its partner."""
    weight_to_excitatory: float = 17.0
    """Weight of an I neuron onto all E neurons except its partner."""
    tau_ge_s: float = 1e-3
    """Time constant of excitatory conductances, s."""
    tau_gi_s: float = 0.5e-3
    """Time constant of inhibitory conductances, s; 2 ms in P. Diehl and M. Cook (2015)."""

    tau_e_s: float = 0.1
    """Membrane time constant of the E neurons, s."""
    rest_e_v: float = -0.065
    """Resting potential of the E neurons, V."""
    reset_e_v: float = -0.065
    """Reset potential of the E neurons, V."""
    threshold_e_v: float = -0.072
    """Threshold of the E neurons without theta, V: -52 mV - 20 mV."""
    refractory_e_s: float = 5e-3
    """Refractory time of the membrane of an E neuron, s."""
    silence_e_s: float = 0.05
    """Minimum interval between spikes of an E neuron, s: 50 ms with the slow timer of the published
    code, or 5 ms."""
    reversal_e_v: float = -0.1
    """Reversal potential of inhibition, V."""
    start_e_v: float = -0.105
    """Initial potential of the E neurons, V."""
    theta_start_v: float = 0.02
    """Initial theta, the homeostatic part of the threshold, V."""
    theta_rise_v: float = 5e-5
    """Increase of theta per spike in training, V."""
    tau_theta_s: float = 1e4
    """Time constant of theta in training, s."""

    tau_i_s: float = 0.01
    """Membrane time constant of the I neurons, s."""
    rest_i_v: float = -0.06
    """Resting potential of the I neurons, V."""
    reset_i_v: float = -0.045
    """Reset potential of the I neurons, V."""
    threshold_i_v: float = -0.04
    """Threshold of the I neurons, V."""
    refractory_i_s: float = 2e-3
    """Refractory time of the I neurons, s."""
    start_i_v: float = -0.1
    """Initial potential of the I neurons, V."""

    stdp: TripletSTDP = field(default_factory=TripletSTDP)
    """Learning rule of the input weights; `pre_sign` is +1, as in the published code, or -1."""

    def __post_init__(self) -> None:
        for name in ("n_inputs", "n_excitatory", "epochs", "assignment_epochs"):
            if getattr(self, name) < 1:
                raise ParameterError(f"{name} is {getattr(self, name)}; expected at least 1")
        if self.n_inputs * self.n_excitatory >= 2**31:
            raise ParameterError(
                f"n_inputs is {self.n_inputs}, n_excitatory {self.n_excitatory}: expected fewer "
                "than 2^31 synapses"
            )
        for name, value in vars(self).items():
            if isinstance(value, float) and not math.isfinite(value):
                raise ParameterError(f"{name} is {value}; expected a finite number")
        for name in (
            "dt_s", "image_s", "rate_per_level_hz", "start_weight", "weight_sum", "tau_ge_s",
            "tau_gi_s", "tau_e_s", "tau_i_s", "tau_theta_s",
        ):  # fmt: skip
            if getattr(self, name) <= 0.0:
                raise ParameterError(f"{name} is {getattr(self, name):g}; expected above 0")
        for name in (
            "rest_s", "first_rest_s", "longest_delay_s", "refractory_e_s", "silence_e_s",
            "refractory_i_s", "theta_rise_v", "weight_to_inhibitor", "weight_to_excitatory",
        ):  # fmt: skip
            if getattr(self, name) < 0.0:
                raise ParameterError(f"{name} is {getattr(self, name):g}; expected at least 0")
        shortest = min(self.tau_ge_s, self.tau_gi_s, self.tau_e_s, self.tau_i_s)
        if self.dt_s > 0.5 * shortest:
            raise ParameterError(
                f"dt_s is {self.dt_s:g}; expected at most half of the shortest time constant, "
                f"{shortest:g} s"
            )
        if 255.0 * self.rate_per_level_hz * self.dt_s > 1.0:
            raise ParameterError(
                f"rate_per_level_hz is {self.rate_per_level_hz:g}: a white pixel would spike more "
                f"than once in a step of {self.dt_s:g} s; lower the rate or the time step"
            )

    def steps(self, duration_s: float) -> int:
        """Return the number of time steps in a duration, rounded."""
        return int(duration_s / self.dt_s + 0.5)

    def numbers(self) -> ModuleNumbers:
        """Return the constants for the kernel, per time step."""
        return ModuleNumbers(
            self.rest_e_v,
            self.reset_e_v,
            self.threshold_e_v,
            self.reversal_e_v,
            self.dt_s / self.tau_e_s,
            self.steps(self.refractory_e_s),
            # the refractory time allows a spike at its end, the timer only after its end
            max(self.steps(self.silence_e_s), self.steps(self.refractory_e_s) - 1),
            self.rest_i_v,
            self.reset_i_v,
            self.threshold_i_v,
            self.dt_s / self.tau_i_s,
            self.steps(self.refractory_i_s),
            1.0 - self.dt_s / self.tau_ge_s,
            1.0 - self.dt_s / self.tau_gi_s,
            1.0 - self.dt_s / self.tau_theta_s,
            self.theta_rise_v,
            self.weight_to_inhibitor,
            self.weight_to_excitatory,
        )
