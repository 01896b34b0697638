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

from pathlib import Path

import numpy as np
import numpy.typing as npt

from snn_control.controllers.place.diehl_cook import assignment, files
from snn_control.controllers.place.diehl_cook.config import DiehlCookConfig
from snn_control.controllers.place.diehl_cook.session import Session
from snn_control.controllers.place.diehl_cook.synapses import Synapses
from snn_control.errors import ObservationError, ParameterError
from snn_control.network.files import Document
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
        steps = (delays / c.dt_s + 0.5).astype(np.int64)
        self.synapses = Synapses.of(steps, c.steps(c.longest_delay_s), weights)
        self.thresholds_v = np.full(c.n_excitatory, c.theta_start_v)
        """Homeostatic part of each E neuron's, shape (n_excitatory,); training changes it."""
        self.random = np.random.default_rng([seed, TRAINING])
        """Makes the input spikes of the training."""
        self.training: Session | None = None
        """Run that `fit` goes on with; None before the first."""
        self.seen: list[tuple[int, IntArray]] = []
        """Place and spikes of each of the last training images."""

    @property
    def weights(self) -> FloatArray:
        """From the inputs to the E neurons, shape (n_inputs, n_excitatory)."""
        return self.synapses.by_neuron(self.synapses.weight)

    @property
    def delays_s(self) -> FloatArray:
        """Of the same synapses, whole time steps, shape (n_inputs, n_excitatory)."""
        return self.synapses.delays().astype(np.float64) * self.config.dt_s

    @property
    def theta_v(self) -> FloatArray:
        """Homeostatic part of each E neuron's threshold, shape (n_excitatory,)."""
        return self.thresholds_v.copy()

    @property
    def training_counts(self) -> IntArray:
        """Spikes of the E neurons in the last training images, shape (images, n_excitatory)."""
        if not self.seen:
            raise ParameterError("the module has not been trained; call `fit` first")
        return np.array([counts for _, counts in self.seen])

    @property
    def training_places(self) -> IntArray:
        """Places of the last training images, shape (images,)."""
        return np.array([place for place, _ in self.seen], np.int64)

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
        if self.training is None:
            self.training = self.session().begin()
        for _ in range(n_epochs):
            for k, image in enumerate(flat):
                c = self.config
                weight, target = self.synapses.weight, self.synapses.wiring.target
                normalise(weight, target, c.n_excitatory, c.weight_sum)
                self.seen.append((k % self.n_places, self.training.show(image)))
        del self.seen[: -len(flat) * self.config.assignment_epochs]

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
        session = Session(self.config, self.synapses, self.theta_v, random, False).begin()
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

    def session(self) -> Session:
        """Return a run that changes the module, from rest."""
        return Session(self.config, self.synapses, self.thresholds_v, self.random, True)

    def save(self, path: str | Path, *, about: Document | None = None) -> Path:
        """Write `<path>.json` and `<path>.safetensors`; return the path of the document.

        A loaded module answers and goes on learning as this one would, bit for bit.

        Args:
            path: with or without suffix.
            about: provenance for people.

        Raises:
            RunError: the disk is full or the folder cannot be written; a model that was there
                stays.
        """
        state = files.TrainedModule(
            self.config, self.n_places, self.seed, self.synapses, self.thresholds_v, self.random,
            self.training, self.seen,
        )  # fmt: skip
        return files.save(state, path, about=about)

    @classmethod
    def load(cls, path: str | Path) -> DiehlCookModule:
        """Read what `save` wrote.

        Raises:
            ModelFileError: a broken file, or one of another version; the message names the field.
        """
        state = files.load(path)
        module = cls(state.n_places, state.config, state.seed)
        module.synapses, module.thresholds_v = state.synapses, state.thresholds_v
        module.random, module.training, module.seen = state.random, state.training, state.seen
        return module

    def _flat(self, images: npt.NDArray[np.generic]) -> npt.NDArray[np.uint8]:
        n = self.config.n_inputs
        if images.dtype != np.uint8 or images.ndim != 3 or images[:1].size not in (0, n):
            raise ObservationError(
                f"images of {images.dtype} of shape {images.shape}; expected uint8 of {n} pixels "
                "each, (images, h, w)"
            )
        return images.reshape(-1, n).astype(np.uint8)
