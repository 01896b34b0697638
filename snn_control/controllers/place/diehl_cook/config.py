"""Constants of a Diehl-Cook module, as arXiv:2209.08723 and its code have them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from snn_control.controllers.place.diehl_cook.kernel import ModuleNumbers
from snn_control.errors import ParameterError
from snn_control.plasticity.triplet_stdp import TripletSTDP

__all__ = ["DiehlCookConfig"]


@dataclass(frozen=True)
class DiehlCookConfig:
    """A module of inputs, excitatory (E) and as many inhibitory (I) neurons, and its schedule.

    Raises:
        ParameterError: out of range.
    """

    n_inputs: int = 784
    """Pixels of an image."""
    n_excitatory: int = 400
    """E neurons; each has a partner among as many I neurons."""
    dt_s: float = 1e-4
    """Time step of the Euler method."""

    rate_per_level_hz: float = 0.25
    """Rate of an input for each of the 255 levels of its pixel."""
    image_s: float = 0.35
    """Time for which an image is shown."""
    rest_s: float = 0.15
    """Silence after it; what spikes in it is counted with the next image."""
    first_rest_s: float = 0.5
    """Silence before the first image."""
    longest_delay_s: float = 0.01
    """Delays of the synapses from the inputs are uniform from 0 to this."""

    epochs: int = 30
    """Passes over the images of all places; 20 to 70 were published."""
    assignment_epochs: int = 5
    """Last epochs whose responses tell neurons their places; 5 of 50 images were published."""

    start_weight: float = 0.3
    """Weights from the inputs start at this times (u + 0.01), u uniform from 0 to 1."""
    weight_sum: float = 78.0
    """Sum of the weights onto an E neuron, restored before each training image."""
    weight_to_inhibitor: float = 10.4
    """Of an E neuron onto its partner."""
    weight_to_excitatory: float = 17.0
    """Of an I neuron onto all E neurons but its partner."""
    tau_ge_s: float = 1e-3
    """Decay of excitatory conductances."""
    tau_gi_s: float = 0.5e-3
    """Decay of inhibitory conductances; 2 ms in P. Diehl and M. Cook (2015)."""

    tau_e_s: float = 0.1
    """Membrane of the E neurons."""
    rest_e_v: float = -0.065
    """Rest of the E neurons."""
    reset_e_v: float = -0.065
    """Reset of the E neurons."""
    threshold_e_v: float = -0.072
    """Threshold of the E neurons without theta: -52 mV - 20 mV."""
    refractory_e_s: float = 5e-3
    """Time for which the membrane of an E neuron rests after a spike."""
    silence_e_s: float = 0.05
    """Time after which an E neuron can spike again: 50 ms by the code's slow timer, or 5 ms."""
    reversal_e_v: float = -0.1
    """Potential towards which inhibition pulls."""
    start_e_v: float = -0.105
    """First potential of the E neurons."""
    theta_start_v: float = 0.02
    """First homeostatic part of the threshold."""
    theta_rise_v: float = 5e-5
    """Rise of it by a spike, in training."""
    tau_theta_s: float = 1e4
    """Decay of it, in training."""

    tau_i_s: float = 0.01
    """Membrane of the I neurons."""
    rest_i_v: float = -0.06
    """Rest of the I neurons."""
    reset_i_v: float = -0.045
    """Reset of the I neurons."""
    threshold_i_v: float = -0.04
    """Threshold of the I neurons."""
    refractory_i_s: float = 2e-3
    """Time for which an I neuron rests after a spike."""
    start_i_v: float = -0.1
    """First potential of the I neurons."""

    stdp: TripletSTDP = field(default_factory=TripletSTDP)
    """Learning of the weights from the inputs; `pre_sign` is +1 as the code, or -1."""

    def __post_init__(self) -> None:
        for name in ("n_inputs", "n_excitatory", "epochs", "assignment_epochs"):
            if getattr(self, name) < 1:
                raise ParameterError(f"{name} is {getattr(self, name)}; expected at least 1")
        if self.n_inputs * self.n_excitatory >= 2**31:
            raise ParameterError(
                f"n_inputs is {self.n_inputs}, n_excitatory {self.n_excitatory}: expected less "
                "than 2^31 synapses"
            )
        for name, value in vars(self).items():
            if isinstance(value, float) and not math.isfinite(value):
                raise ParameterError(f"{name} is {value}; expected a number")
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
                f"than once in a step of {self.dt_s:g} s; take a lower rate or shorter steps"
            )

    def steps(self, duration_s: float) -> int:
        """Return the number of time steps in a duration, rounded."""
        return int(duration_s / self.dt_s + 0.5)

    def numbers(self) -> ModuleNumbers:
        """Return what the kernel takes."""
        return ModuleNumbers(
            self.rest_e_v,
            self.reset_e_v,
            self.threshold_e_v,
            self.reversal_e_v,
            self.dt_s / self.tau_e_s,
            self.steps(self.refractory_e_s),
            # at the end of the refractory time a spike may follow at once, of the timer only later
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
