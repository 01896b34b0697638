"""Read-outs on `blimp-altitude` that learn through regimes of the blimp, with and without memory.

A read-out y = D a is added to the P + D of the controller and learns by PES with P + D as its
error. Rules against forgetting receive the times at which the regime changes:

| rule | at a change | in a tick |
|---|---|---|
| plain | nothing | PES |
| hlop | protects the subspace of the features | PES on features without their protected part |
| ewc | keeps D and mean squares F of the features | PES, then D <- D - strength dt F (D - kept D) |
| replay | keeps samples of features and outputs | PES, and again on a sample towards its output |
| own readout | selects the D of this regime | PES |

ewc: J. Kirkpatrick et al., PNAS 114 (2017) 3521, doi:10.1073/pnas.1611835114, with the squares of
the features in place of the Fisher information, equal to it for a linear read-out.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from snn_control.controllers import Controller, load
from snn_control.errors import UnknownNameError
from snn_control.plasticity.hlop import HebbianProjection
from snn_control.plasticity.pes import pes
from snn_control.studies.adaptation.support.altitude_baselines import BOUND, ERROR_LIMIT

__all__ = ["FEATURES", "RULES", "RegimeReadout"]

FloatArray = npt.NDArray[np.float64]

RULES = ("plain", "hlop", "ewc", "replay", "own readout")
"""Rules by name."""
RATE = 0.2
"""Rate of the integral that the read-out equals on constant features, 1/s."""
ROWS = {"constant": 1, "tiles": 3, "random": 5}
"""Lateral neurons of HLOP for a regime."""
BATCH, LATERAL_RATE = 50, 0.1
"""Features of an update of the lateral weights, and their rate."""
EWC_STRENGTH = 1.0
"""Pull towards the kept read-out, 1/s over the squared unit of a feature."""
SAMPLES = 200
"""Samples that replay keeps of all earlier regimes."""
DROP_V = 0.35
"""Fall of the battery over which its tiles are spread, V."""


def constant(reference_m: float, drop_v: float) -> FloatArray:
    """Return the constant feature."""
    return np.ones(1)


def tiles(reference_m: float, drop_v: float) -> FloatArray:
    """Return 18 Gaussian tiles, six of the reference by three of the battery, of sum 1."""
    along = np.exp(-0.5 * ((reference_m - np.linspace(0.4, 1.6, 6)) / 0.24) ** 2)
    across = np.exp(-0.5 * ((drop_v / DROP_V - np.linspace(0.0, 1.0, 3)) / 0.5) ** 2)
    values = np.outer(along, across).ravel()
    return np.asarray(values / values.sum())


_DIRECTIONS = np.random.default_rng(4).normal(size=(30, 3))


def random(reference_m: float, drop_v: float) -> FloatArray:
    """Return 30 fixed random sigmoids of reference and battery."""
    inputs = np.array([1.0, 2.0 * (reference_m - 1.0), 2.0 * drop_v / DROP_V - 1.0])
    return np.asarray(1.0 / (1.0 + np.exp(-2.0 * _DIRECTIONS @ inputs)))


FEATURES: dict[str, Callable[[float, float], FloatArray]] = {
    "constant": constant,
    "tiles": tiles,
    "random": random,
}
"""Features by name, each a function of the reference, m, and the fall of the battery, V."""


class RegimeReadout(Controller):
    """P + D of `blimp-altitude` with a read-out that learns.

    Args:
        features: name among `FEATURES`.
        rule: name among `RULES`.
        regimes: start of each regime, s, from 0, and its name; equal names are one regime.

    Raises:
        UnknownNameError: no such features or rule; with the closest names.
    """

    action_names = ("motor_command",)

    def __init__(self, features: str, rule: str, regimes: tuple[tuple[float, str], ...]) -> None:
        if features not in FEATURES:
            raise UnknownNameError("features", features, FEATURES)
        if rule not in RULES:
            raise UnknownNameError("rule", rule, RULES)
        self._name, self._rule, self._regimes = features, rule, regimes
        self._features = FEATURES[features]
        self._inner = load("blimp-altitude")
        self.observation_names = ("height_error_m", "height_ref_m", "dt_s", "battery_v")
        self.control_period_s, self.networks = self._inner.control_period_s, self._inner.networks
        self.reset()

    def reset(self, seed: int | None = None) -> None:
        """Reset the controller and forget all that was learned."""
        self._inner.reset(seed)
        self._random = np.random.default_rng([seed or 0, 9])
        n = self._features(1.0, 0.0).size
        self._decoder = np.zeros((1, n))
        self._own: dict[str, FloatArray] = {}
        self._projection = HebbianProjection(n, seed=seed or 0, rate=LATERAL_RATE)
        self._batch: list[FloatArray] = []
        self._kept, self._squares = np.zeros((1, n)), np.zeros(n)
        self._seen: list[FloatArray] = []
        self._memory: list[list[tuple[FloatArray, float]]] = []
        """Samples of each earlier regime, features and outputs, equally many of each."""
        self._time_s, self._start_v, self._regime = 0.0, 0.0, ""
        self._protected = 0.0

    @property
    def free_rank(self) -> int:
        """Dimensions of the features that HLOP leaves to further regimes."""
        return self._projection.free_rank

    @property
    def readouts(self) -> dict[str, float]:
        """Share of the squared features that HLOP protects, and its free rank."""
        return {"protected_share": self._protected, "free_rank": float(self.free_rank)}

    def _step(self, observation: FloatArray) -> FloatArray:
        error_m, reference_m, dt_s, voltage = observation.tolist()
        self._time_s += dt_s
        self._start_v = self._start_v or voltage
        name = next(name for start, name in reversed(self._regimes) if self._time_s >= start)
        if name != self._regime:
            self._change(name)
        self._inner.step(np.array([error_m]))
        pd = self._inner.readouts["pd"]
        features = self._features(reference_m, self._start_v - voltage)
        self._learn(features, pd)
        return np.array([pd + float(self._decoder[0] @ features)])

    def _change(self, name: str) -> None:
        """Enter a regime."""
        first = not self._regime
        if self._rule == "own readout":
            if not first:
                self._own[self._regime] = self._decoder.copy()
            self._decoder = self._own.get(name, self._decoder).copy()
        if self._rule == "hlop":
            self._projection.protect()
            rows = min(ROWS[self._name], self._projection.free_rank)
            if rows:
                self._projection.add(rows)
        if self._rule == "ewc" and not first:
            seen = np.array(self._seen)
            self._kept, self._squares = self._decoder.copy(), self._squares + (seen**2).mean(0)
        if self._rule == "replay" and not first:
            self._memory.append([(f, float(self._decoder[0] @ f)) for f in self._seen])
            share = SAMPLES // len(self._memory)
            for k, samples in enumerate(self._memory):
                chosen = self._random.permutation(len(samples))[:share]
                self._memory[k] = [samples[each] for each in chosen]
        self._seen, self._batch, self._regime = [], [], name

    def _learn(self, features: FloatArray, error: float) -> None:
        learned = features
        size = float(features @ features)
        if self._rule == "hlop":
            learned = self._projection.apply(features[None])[0]
            self._batch.append(features / np.sqrt(size))
            if len(self._batch) == BATCH:
                self._projection.learn(np.array(self._batch))
                self._batch = []
        self._protected = 1.0 - float(learned @ learned) / size
        self._update(learned, error, size)
        if self._rule in ("ewc", "replay"):
            self._seen.append(features)
        if self._rule == "ewc":
            pull = EWC_STRENGTH * self.control_period_s * self._squares
            self._decoder -= np.minimum(pull, 1.0) * (self._decoder - self._kept)
        if self._rule == "replay" and self._memory:
            samples = self._memory[self._random.integers(len(self._memory))]
            old, output = samples[self._random.integers(len(samples))]
            self._update(old, output - float(self._decoder[0] @ old), float(old @ old))

    def _update(self, features: FloatArray, error: float, size: float) -> None:
        """Apply PES with the rate that makes the read-out an integral of rate `RATE`."""
        pes(
            self._decoder, features, np.array([error]), RATE * features.size / size,
            self.control_period_s, ERROR_LIMIT, 0.0, BOUND * features.size,
        )  # fmt: skip
