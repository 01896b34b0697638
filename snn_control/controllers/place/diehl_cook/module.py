"""Spiking module that learns to distinguish a few places without labels.

Images are encoded as Poisson spikes; excitatory (E) neurons compete through inhibitory (I) ones and
learn their input weights by triplet STDP:

    E:  tau_e dv/dt = (rest - v) + g_e (0 - v) + g_i (reversal - v),    dg/dt = -g / tau_g
        spike if v > threshold + theta; then theta increases, in training
    I:  tau_i dv/dt = (rest - v) + g_e (0 - v)

Source: S. Hussaini, M. Milford and T. Fischer, ICRA 2023, arXiv:2209.08723, with the
constants of github.com/QVPR/VPRSNN, after P. Diehl and M. Cook,
doi:10.3389/fncom.2015.00099. Neurons are assigned to places after training, see `assignment`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from snn_control.controllers.place.diehl_cook import assignment, files
from snn_control.controllers.place.diehl_cook.config import DiehlCookConfig
from snn_control.controllers.place.diehl_cook.session import Session
from snn_control.controllers.place.diehl_cook.synapses import Synapses
from snn_control.copies import Copied
from snn_control.errors import ObservationError, ParameterError
from snn_control.network.files import Document
from snn_control.plasticity.triplet_stdp import normalise

__all__ = ["DiehlCookConfig", "DiehlCookModule"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
WIRING, TRAINING, QUERIES = range(3)
"""Independent random streams of a seed."""


class DiehlCookModule(Copied):
    """Spiking place module: call `fit` with the images of its places, then `responses`, `scores`.

    Args:
        n_places: number of places, at least 1.
        config: constants; None: the published ones.
        seed: seed of weights, delays and spikes, at least 0; equal seeds give equal modules, bit
            for bit.

    Raises:
        ParameterError: out of range.
    """

    def __init__(self, n_places: int, config: DiehlCookConfig | None = None, seed: int = 0) -> None:
        if n_places < 1 or seed < 0:
            raise ParameterError(
                f"{n_places} places and seed {seed}; expected at least 1 place and a "
                "seed of at least 0"
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
        """Homeostatic part of the thresholds, V, shape (n_excitatory,); changed by training."""
        self.random = np.random.default_rng([seed, TRAINING])
        """Random generator of the input spikes in training."""
        self.training: Session | None = None
        """Session that `fit` continues; None before the first call."""
        self.seen: list[tuple[int, IntArray]] = []
        """Place and spike counts of the last training images."""

    @property
    def weights(self) -> FloatArray:
        """Weights from the inputs to the E neurons, shape (n_inputs, n_excitatory)."""
        return self.synapses.by_neuron(self.synapses.weight)

    @property
    def delays_s(self) -> FloatArray:
        """Delays of the input synapses, whole time steps, s, shape (n_inputs, n_excitatory)."""
        return self.synapses.delays().astype(np.float64) * self.config.dt_s

    @property
    def theta_v(self) -> FloatArray:
        """Homeostatic part of the E neurons' thresholds, V, shape (n_excitatory,)."""
        return self.thresholds_v.copy()

    @property
    def training_counts(self) -> IntArray:
        """Spikes of the E neurons in the last training images, shape (images, n_excitatory)."""
        if not self.seen:
            raise ParameterError("the module is not trained; call `fit` first")
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
        """Train on the images of all places, or continue the training.

        Args:
            images: uint8, shape (n_places, h, w) or, for several traverses shown in turn,
                (n_traverses, n_places, h, w).
            epochs: passes over the images; None: that of the configuration.

        Raises:
            ObservationError: images of a wrong type or shape.
            ParameterError: fewer than 1 epoch.
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
        """Return the spikes of the E neurons for images shown in turn, (images, n_excitatory).

        Weights and thresholds are constant. The module starts at rest, so that equal calls return
        equal counts.

        Args:
            images: uint8, shape (images, h, w).
            draw: index of the random stream of the input spikes, at least 0.

        Raises:
            ObservationError: images of a wrong type or shape.
        """
        random = np.random.default_rng([self.seed, QUERIES, draw])
        session = Session(self.config, self.synapses, self.theta_v, random, False).begin()
        counts = [session.show(image) for image in self._flat(np.asarray(images))]
        return np.array(counts, np.int64).reshape(-1, self.config.n_excitatory)

    def scores(self, responses: npt.ArrayLike, weighted: bool = False) -> FloatArray:
        """Return the scores of the places, shape (images, n_places).

        Args:
            responses: result of `responses`, or derived from it, shape (images, n_excitatory).
            weighted: use the weighted assignment, which requires spike counts.
        """
        if weighted:
            learnt = assignment.spikes_by_place(
                self.training_counts, self.training_places, self.n_places
            )
            return assignment.weighted_scores(responses, learnt)
        return assignment.scores(responses, self.assigned, self.n_places)

    def session(self) -> Session:
        """Return a training session that starts at rest and changes the module."""
        return Session(self.config, self.synapses, self.thresholds_v, self.random, True)

    def save(self, path: str | Path, *, about: Document | None = None) -> Path:
        """Write `<path>.json` and `<path>.safetensors`; return the path of the document.

        A loaded module responds and continues its training bit for bit.

        Args:
            path: path with or without suffix.
            about: provenance, human-readable.

        Raises:
            RunError: the disk is full or the folder is not writable; an existing model is kept.
        """
        state = files.TrainedModule(
            self.config, self.n_places, self.seed, self.synapses, self.thresholds_v, self.random,
            self.training, self.seen,
        )  # fmt: skip
        return files.save(state, path, about=about)

    @classmethod
    def load(cls, path: str | Path) -> DiehlCookModule:
        """Read a module written by `save`.

        Raises:
            ModelFileError: missing, broken or of another version; the message names file or field.
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
                f"images of {images.dtype} with shape {images.shape}; expected uint8, "
                f"(images, h, w), with {n} pixels each"
            )
        return images.reshape(-1, n).astype(np.uint8)
