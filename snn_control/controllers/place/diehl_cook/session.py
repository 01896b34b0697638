"""Session of a Diehl-Cook module: consecutive images with silence between them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from snn_control.coding.poisson import Spikes, poisson_spikes
from snn_control.controllers.place.diehl_cook.config import DiehlCookConfig
from snn_control.controllers.place.diehl_cook.kernel import NEVER, ModuleState, run
from snn_control.controllers.place.diehl_cook.synapses import Synapses
from snn_control.copies import Copied

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


class Session(Copied):
    """Simulation of a module that starts at rest.

    Args:
        config: constants.
        synapses: input synapses; learning changes their weights.
        theta_v: homeostatic part of the thresholds, V, shape (n_excitatory,); changed by learning.
        random: random generator of the input spikes.
        learning: True if weights and thresholds change.
    """

    def __init__(
        self,
        config: DiehlCookConfig,
        synapses: Synapses,
        theta_v: FloatArray,
        random: np.random.Generator,
        learning: bool,
    ) -> None:
        n, weight = config.n_excitatory, synapses.weight
        self._config, self._wiring, self._learning = config, synapses.wiring, learning
        self._numbers = config.numbers()
        self._rule = config.stdp.numbers(config.dt_s)
        self._random = random
        self.state = ModuleState(
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
        self.in_transit = Spikes(np.empty(0, np.int32), np.empty(0, np.int32))
        """Input spikes that have not reached all their targets; their time steps are negative."""
        self.late = np.zeros(n, np.int64)
        """Spikes since the end of the last image, shape (n_excitatory,)."""

    def begin(self) -> Session:
        """Simulate the silence before the first image; return the session."""
        self.late = self._run(np.zeros(self._config.n_inputs), self._config.first_rest_s)
        return self

    def show(self, image: npt.NDArray[np.uint8]) -> IntArray:
        """Present a flat image, then silence; return the spikes since the end of the last image."""
        c = self._config
        shown = self._run(image.astype(np.float64) * c.rate_per_level_hz, c.image_s)
        counts: IntArray = self.late + shown
        self.late = self._run(np.zeros(c.n_inputs), c.rest_s)
        return counts

    def _run(self, rates_hz: FloatArray, duration_s: float) -> IntArray:
        c = self._config
        n_steps = c.steps(duration_s)
        new = poisson_spikes(rates_hz, n_steps, c.dt_s, self._random)
        before = self.in_transit
        steps = np.concatenate((before.steps, new.steps))
        sources = np.concatenate((before.sources, new.sources))
        counts = np.zeros(c.n_excitatory, np.int64)
        run(
            self._wiring, self.state, self._numbers, self._rule, steps, sources, n_steps,
            self._learning, counts, np.empty((0, 2), np.int32),
        )  # fmt: skip
        pending = steps >= n_steps - c.steps(c.longest_delay_s)
        self.in_transit = Spikes(steps[pending] - np.int32(n_steps), sources[pending])
        return counts
