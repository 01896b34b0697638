"""A spiking module that learns to tell a few places apart, without being told which is which.

Images become Poisson spikes; excitatory (E) neurons compete through inhibitory (I) ones and learn
their inputs by triplet STDP:

    E:  tau_e dv/dt = (rest - v) + g_e (0 - v) + g_i (reversal - v),    dg/dt = -g / tau_g
        spike where v > threshold + theta; then theta rises, in training
    I:  tau_i dv/dt = (rest - v) + g_e (0 - v)

It is the module of S. Hussaini, M. Milford and T. Fischer, ICRA 2023, arXiv:2209.08723, with the
constants of github.com/QVPR/VPRSNN, after P. Diehl and M. Cook,
doi:10.3389/fncom.2015.00099. Neurons are told their places afterwards, see `assignment`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from snn_control.coding.poisson import Spikes, poisson_spikes
from snn_control.controllers.place import assignment
from snn_control.controllers.place.diehl_cook_config import DiehlCookConfig
from snn_control.controllers.place.diehl_cook_kernel import NEVER, ModuleState, Wiring, run
from snn_control.errors import ObservationError, ParameterError
from snn_control.plasticity.triplet_stdp import normalise

__all__ = ["DiehlCookConfig", "DiehlCookModule"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
WIRING, TRAINING, QUERIES = range(3)
"""Independent streams of random numbers of a seed."""


class DiehlCookModule:
    """One module: `fit` to the images of its places, then ask for `responses` and `scores`.

    Args:
        n_places: number of places, at least 1.
        config: constants; None takes the published ones.
        seed: of weights, delays and spikes, at least 0; equal seeds give equal modules, bit for
            bit.

    Raises:
        ParameterError: out of range.
    """

    def __init__(self, n_places: int, config: DiehlCookConfig | None = None, seed: int = 0) -> None:
        if n_places < 1 or seed < 0:
            raise ParameterError(
                f"{n_places} places and seed {seed}; expected at least 1 place and 0"
            )
        self.n_places, self.config, self.seed = n_places, config or DiehlCookConfig(), seed
        c = self.config
        random = np.random.default_rng([seed, WIRING])
        shape = (c.n_inputs, c.n_excitatory)
        weights = c.start_weight * (random.random(shape) + 0.01)
        delays = c.longest_delay_s * random.random(shape)
        self._wiring = wire((delays / c.dt_s + 0.5).astype(np.int64), c.steps(c.longest_delay_s))
        self._weight = np.take_along_axis(weights, self._wiring.target.astype(np.int64), axis=1)
        self._theta_v = np.full(c.n_excitatory, c.theta_start_v)
        self._training: _Session | None = None
        self._spikes = np.random.default_rng([seed, TRAINING])
        self._seen: list[tuple[int, IntArray]] = []

    @property
    def weights(self) -> FloatArray:
        """From the inputs to the E neurons, shape (n_inputs, n_excitatory)."""
        found = np.empty_like(self._weight)
        np.put_along_axis(found, self._wiring.target.astype(np.int64), self._weight, axis=1)
        return found

    @property
    def delays_s(self) -> FloatArray:
        """Of the same synapses, whole time steps, shape (n_inputs, n_excitatory)."""
        first = self._wiring.first - self._wiring.first[:, :1]
        found = np.empty(self._weight.shape)
        for row, begins, target in zip(found, first, self._wiring.target, strict=True):
            row[target] = np.repeat(np.arange(begins.size - 1), np.diff(begins))
        return found * self.config.dt_s

    @property
    def theta_v(self) -> FloatArray:
        """Homeostatic part of each E neuron's threshold, shape (n_excitatory,)."""
        return self._theta_v.copy()

    @property
    def training_counts(self) -> IntArray:
        """Spikes of the E neurons in the last training images, shape (images, n_excitatory)."""
        if not self._seen:
            raise ParameterError("the module has not been trained; call `fit` first")
        return np.array([counts for _, counts in self._seen])

    @property
    def training_places(self) -> IntArray:
        """Places of the last training images, shape (images,)."""
        return np.array([place for place, _ in self._seen], np.int64)

    @property
    def assigned(self) -> IntArray:
        """Place of each E neuron, -1 for none, shape (n_excitatory,)."""
        return assignment.assign(self.training_counts, self.training_places, self.n_places)

    def fit(self, images: npt.ArrayLike, epochs: int | None = None) -> None:
        """Learn the images of all places, or go on learning.

        Args:
            images: bytes, shape (n_places, h, w) or, of several traverses that are shown one after
                the other, (n_traverses, n_places, h, w).
            epochs: passes; None takes those of the configuration.

        Raises:
            ObservationError: images of another type or shape.
            ParameterError: no epoch.
        """
        traverses = np.asarray(images)
        traverses = traverses[np.newaxis] if traverses.ndim == 3 else traverses
        if traverses.ndim != 4 or traverses.shape[1] != self.n_places:
            raise ObservationError(
                f"images of shape {np.shape(images)}; expected ({self.n_places}, h, w), or a "
                "leading axis of traverses before it"
            )
        flat = self._flat(traverses.reshape(-1, *traverses.shape[2:]))
        n_epochs = self.config.epochs if epochs is None else epochs
        if n_epochs < 1:
            raise ParameterError(f"{n_epochs} epochs; expected at least 1")
        if self._training is None:
            self._training = self._session(self._weight, self._theta_v, self._spikes, True)
        for _ in range(n_epochs):
            for k, image in enumerate(flat):
                c = self.config
                normalise(self._weight, self._wiring.target, c.n_excitatory, c.weight_sum)
                self._seen.append((k % self.n_places, self._training.show(image)))
        del self._seen[: -len(flat) * self.config.assignment_epochs]

    def responses(self, images: npt.ArrayLike, draw: int = 0) -> IntArray:
        """Return the E neurons' spikes for images shown in turn, shape (images, n_excitatory).

        Nothing is learnt and thresholds rest. The module begins at rest: equal calls give equal
        spikes.

        Args:
            images: bytes, shape (images, h, w).
            draw: which random numbers make the input spikes, at least 0.

        Raises:
            ObservationError: images of another type or shape.
        """
        random = np.random.default_rng([self.seed, QUERIES, draw])
        session = self._session(self._weight, self._theta_v.copy(), random, False)
        counts = [session.show(image) for image in self._flat(np.asarray(images))]
        return np.array(counts, np.int64).reshape(-1, self.config.n_excitatory)

    def scores(self, responses: npt.ArrayLike, weighted: bool = False) -> FloatArray:
        """Return what each place scores, shape (images, n_places).

        Args:
            responses: of `responses`, or made from them, shape (images, n_excitatory).
            weighted: by the weighted assignment; those responses must be spikes.
        """
        if weighted:
            learnt = assignment.spikes_by_place(
                self.training_counts, self.training_places, self.n_places
            )
            return assignment.weighted_scores(responses, learnt)
        return assignment.scores(responses, self.assigned, self.n_places)

    def _session(
        self, weight: FloatArray, theta_v: FloatArray, random: np.random.Generator, learning: bool
    ) -> _Session:
        return _Session(self.config, self._wiring, weight, theta_v, random, learning)

    def _flat(self, images: npt.NDArray[np.generic]) -> npt.NDArray[np.uint8]:
        n = self.config.n_inputs
        if images.dtype != np.uint8 or images.ndim != 3 or images[:1].size not in (0, n):
            raise ObservationError(
                f"images of {images.dtype} of shape {images.shape}; expected uint8 of {n} pixels "
                "each, (images, h, w)"
            )
        return images.reshape(-1, n).astype(np.uint8)


def wire(delays: IntArray, longest: int) -> Wiring:
    """Order the synapses of each input by their delay.

    Args:
        delays: time steps, shape (n_inputs, n_excitatory), 0 to `longest`.
        longest: largest delay.
    """
    target = np.argsort(delays, axis=1, kind="stable")
    position = np.argsort(target, axis=1, kind="stable")
    slots = np.arange(longest + 2)
    first = np.array([np.searchsorted(np.sort(row), slots) for row in delays])
    first += delays.shape[1] * np.arange(len(delays))[:, np.newaxis]
    return Wiring(
        np.ascontiguousarray(first, np.int32),
        np.ascontiguousarray(target, np.int32),
        np.ascontiguousarray(position.T, np.int32),
    )


class _Session:
    """A run of a module from rest: images one after the other, with silence between them."""

    def __init__(
        self,
        config: DiehlCookConfig,
        wiring: Wiring,
        weight: FloatArray,
        theta_v: FloatArray,
        random: np.random.Generator,
        learning: bool,
    ) -> None:
        n = config.n_excitatory
        self._config, self._wiring, self._learning = config, wiring, learning
        self._numbers = config.numbers()
        self._rule = config.stdp.numbers(config.dt_s)
        self._random = random
        self._state = ModuleState(
            weight=weight,
            arrived=np.full(weight.shape if learning else (1, 1), NEVER, np.int32),
            v_v=np.full(n, config.start_e_v),
            g_e=np.zeros(n),
            g_i=np.zeros(n),
            theta_v=theta_v,
            fast=np.zeros(n),
            spiked=np.full(n, NEVER, np.int32),
            inhibitor_v=np.full(n, config.start_i_v),
            inhibitor_g=np.zeros(n),
            inhibitor_spiked=np.full(n, NEVER, np.int32),
        )
        self._on_the_way = Spikes(np.empty(0, np.int32), np.empty(0, np.int32))
        self._late = self._run(np.zeros(config.n_inputs), config.first_rest_s)

    def show(self, image: npt.NDArray[np.uint8]) -> IntArray:
        """Show a flat image, then nothing; return the spikes since the last image's end."""
        c = self._config
        shown = self._run(image.astype(np.float64) * c.rate_per_level_hz, c.image_s)
        counts: IntArray = self._late + shown
        self._late = self._run(np.zeros(c.n_inputs), c.rest_s)
        return counts

    def _run(self, rates_hz: FloatArray, duration_s: float) -> IntArray:
        c = self._config
        n_steps = c.steps(duration_s)
        new = poisson_spikes(rates_hz, n_steps, c.dt_s, self._random)
        before = self._on_the_way
        steps = np.concatenate((before.steps, new.steps))
        sources = np.concatenate((before.sources, new.sources))
        counts = np.zeros(c.n_excitatory, np.int64)
        run(
            self._wiring, self._state, self._numbers, self._rule, steps, sources, n_steps,
            self._learning, counts, np.empty((0, 2), np.int32),
        )  # fmt: skip
        still = steps >= n_steps - c.steps(c.longest_delay_s)
        self._on_the_way = Spikes(steps[still] - np.int32(n_steps), sources[still])
        return counts
