"""Recurrent networks that set the gains of an observer of the height, trained by gradients.

Spiking networks (LIF) and their twins without spikes (tanh) have equal sizes, inputs, initial
weights and training data. All networks of a study are trained at once, as one batch of matrices.
One half of the neurons receives the innovation of the lidar, the other half that of the barometer;
all are connected. From leaky averages of the activity

    fusion layer:           all neurons -> gains of both sensors
    heads of one sensor:    its half    -> its gain, for an observer of this sensor alone

follow. The heads serve training: their losses are added, and from their fit s_a, s_v, and that of
the fusion s_av, the inverse-effectiveness coefficient

    1 + tanh(1 - ((s_a + s_v) / 2) / s_av)

multiplies the gradient of the fusion layer, if it is switched on (He et al. 2025, arXiv:2505.10176;
there the s are probabilities of the true class, here means of exp(-|error| / 5 cm)). Heads, their
losses and the noise of the gradient are the same with it and without.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.errors import ParameterError
from snn_control.studies.support.fused_episodes import TICK_S, Condition, Episodes, draw_episodes

FloatArray = npt.NDArray[np.float64]

SCALES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
"""Innovations, m, at which an input neuron responds most."""
N_INPUTS = 2 * len(SCALES) + 2
KEPT = (0.7, 0.95)
"""Parts that the leaky averages keep of themselves in a tick."""
LEAK = 0.8
SCALE = 4.0
"""Factor of the sums of the read-outs; raises the speed of their training."""
FIT_M = 0.05
SKIPPED = 20
"""Ticks at the beginning that the loss leaves out."""


@dataclass(frozen=True)
class Arm:
    """Kind of network."""

    name: str
    """Name in the table."""
    spiking: bool
    """False: tanh in place of spikes."""
    modulated: bool
    """True: the inverse-effectiveness coefficient multiplies the gradient of the fusion layer."""


ARMS = (
    Arm("spiking gains", True, False),
    Arm("spiking gains, inverse effectiveness", True, True),
    Arm("tanh gains", False, False),
)


@dataclass(frozen=True)
class TrainingConfig:
    """Size and training of the networks.

    Raises:
        ParameterError: a value is out of its range.
    """

    neurons: int = 64
    """Number of recurrent neurons, even."""
    steps: int = 400
    """Steps of the gradient descent."""
    batch: int = 32
    """Episodes of a step."""
    ticks: int = 120
    """Ticks of an episode; more than 20."""
    learning_rate: float = 3e-3
    """Largest step size, which falls to 0 along a cosine."""
    auxiliary: float = 0.3
    """Weight of the losses of the heads of one sensor."""
    gradient_noise: float = 0.1
    """Noise of the gradient of the fusion layer, in standard deviations of this gradient."""

    def __post_init__(self) -> None:
        if self.neurons < 2 or self.neurons % 2 or self.steps < 1 or self.batch < 4:
            raise ParameterError(
                f"neurons {self.neurons}, steps {self.steps}, batch {self.batch}: expected an even "
                "number of neurons, at least 1 step and at least 4 episodes"
            )
        if self.ticks <= SKIPPED or not self.learning_rate > 0.0:
            raise ParameterError(
                f"ticks {self.ticks}, learning_rate {self.learning_rate:g}: expected more than "
                f"{SKIPPED} ticks and a positive rate"
            )


class GainNetworks:
    """Networks of all arms and seeds, in the order of the arms, then of the seeds.

    Args:
        config: size.
        seeds: seeds of the initial weights; equal for all arms.
    """

    def __init__(self, config: TrainingConfig, seeds: range) -> None:
        import torch

        self.config, self.seeds = config, seeds
        half = config.neurons // 2
        traced = len(KEPT) * config.neurons
        weights: dict[str, list[Any]] = {}
        for seed in seeds:
            generator = torch.Generator().manual_seed(seed)

            def normal(*shape: int, g: Any = generator, scale: float = 1.0) -> Any:
                return scale * torch.randn(*shape, generator=g)

            # Each half receives its own sensor; the zeros are kept by a mask.
            for name, value in {
                "inputs": normal(2 * N_INPUTS, config.neurons, scale=N_INPUTS**-0.5),
                "recurrent": normal(
                    config.neurons, config.neurons, scale=0.5 * config.neurons**-0.5
                ),
                "offset": 0.2 * normal(1, config.neurons),
                "fusion": normal(traced, 2, scale=0.5 * traced**-0.5),
                "fusion_offset": torch.full((1, 2), -2.0),
                "heads": normal(traced, 2, scale=0.5 * traced**-0.5),
                "heads_offset": torch.full((1, 2), -2.0),
                "speed": torch.full((1, 1), -1.0),
                "bias": torch.full((1, 1), -3.0),
            }.items():
                weights.setdefault(name, []).append(value)
        self.weights: dict[str, Any] = {
            name: torch.stack(values).repeat(len(ARMS), 1, 1).requires_grad_()
            for name, values in weights.items()
        }
        mask = torch.zeros(2 * N_INPUTS, config.neurons)
        mask[:N_INPUTS, :half] = mask[N_INPUTS:, half:] = 1.0
        self._mask = mask
        owned = torch.zeros(len(KEPT), config.neurons, 2)
        owned[:, :half, 0] = owned[:, half:, 1] = 1.0
        self._owned = owned.reshape(traced, 2)
        self._spiking = torch.tensor(
            [arm.spiking for arm in ARMS for _ in seeds], dtype=torch.bool
        ).reshape(-1, 1, 1)
        self.modulated = torch.tensor(
            [arm.modulated for arm in ARMS for _ in seeds], dtype=torch.bool
        )

    def estimates(self, episodes: list[Episodes]) -> Any:
        """Return estimates, m, shape (observers, networks, episodes, ticks).

        The observers are those of both sensors, of the lidar and of the barometer.

        Args:
            episodes: episodes of each seed, equal numbers of equal length.
        """
        import torch
        from norse.torch.functional.threshold import threshold

        def stacked(name: str) -> Any:
            values = np.stack([getattr(some, name) for some in episodes])
            return torch.from_numpy(values.astype(np.float32)).repeat(len(ARMS), 1, 1)

        lidar, barometer = stacked("lidar_m"), stacked("barometer_m")
        acceleration = stacked("acceleration_m_s2")
        present = torch.isfinite(lidar)
        lidar = torch.where(present, lidar, torch.zeros_like(lidar))
        w = self.weights
        inputs, owned = w["inputs"] * self._mask, w["heads"] * self._owned
        n, many, ticks = lidar.shape
        zeros = lidar.new_zeros(n, many, self.config.neurons)
        potential, activity = zeros, zeros
        traces = [zeros for _ in KEPT]
        z = barometer[:, :, 0].expand(3, n, many)
        v, b = torch.zeros_like(z), torch.zeros_like(z)
        # Rows are observers, columns sensors: each head corrects its own observer alone.
        uses = lidar.new_tensor([[1.0, 1.0], [1.0, 0.0], [0.0, 1.0]]).reshape(3, 2, 1, 1)
        speed, drift = w["speed"].exp()[:, 0], w["bias"].exp()[:, 0]
        logs, before = torch.tensor(SCALES).log(), torch.zeros_like(z[:2])
        results = []
        for k in range(ticks):
            v = v + TICK_S * (acceleration[:, :, k] - b)
            z = z + TICK_S * v
            there = torch.stack([present[:, :, k].float(), torch.ones_like(zeros[..., 0])])
            read = torch.stack([lidar[:, :, k], barometer[:, :, k]])
            apart = there * (read - z[0].detach())
            sizes = (torch.stack([apart, apart - before], -1).abs() + 1e-3).log().unsqueeze(-1)
            bumps = torch.exp(-0.5 * ((sizes - logs) / 0.6) ** 2).flatten(-2)
            before = torch.where(there > 0.0, apart, before)
            parts = [bumps, torch.tanh(apart / 0.05).unsqueeze(-1), torch.ones_like(bumps[..., :1])]
            seen = torch.cat(parts, -1) * there.unsqueeze(-1)
            drive = torch.cat([seen[0], seen[1]], -1) @ inputs + activity @ w["recurrent"]
            potential = LEAK * potential + drive + w["offset"]
            spikes = threshold(potential - 1.0, "super", 10.0)
            activity = torch.where(self._spiking, spikes, torch.tanh(potential))
            potential = potential - torch.where(self._spiking, spikes.detach(), zeros)
            traces = [
                kept * trace + (1.0 - kept) * activity
                for kept, trace in zip(KEPT, traces, strict=True)
            ]
            traced = torch.cat(traces, -1)
            fused = SCALE * (traced @ w["fusion"]) + w["fusion_offset"]
            alone = SCALE * (traced @ owned) + w["heads_offset"]
            gains = torch.sigmoid(torch.stack([fused, alone, alone])).movedim(-1, 1)
            for sensor in (0, 1):
                gain = gains[:, sensor] * uses[:, sensor] * there[sensor]
                off = read[sensor] - z
                beta = gain * gain / (2.0 - gain)
                z = z + gain * off
                v = v + speed * beta / TICK_S * off
                b = b - drift * 0.5 * beta * gain / TICK_S**2 * off
            results.append(z)
        return torch.stack(results, -1)

    def train(self, progress: Callable[[str], None]) -> None:
        """Train all networks; each seed has its own episodes, equal for all arms."""
        import torch

        threads = torch.get_num_threads()
        # The matrices are small: further threads would only wait for each other.
        torch.set_num_threads(1)
        try:
            self._train(progress)
        finally:
            torch.set_num_threads(threads)

    def _train(self, progress: Callable[[str], None]) -> None:
        import torch

        config = self.config
        parameters = list(self.weights.values())
        optimiser = torch.optim.Adam(parameters, config.learning_rate)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, config.steps)
        rngs = [np.random.default_rng([seed, 9]) for seed in self.seeds]
        noises = [torch.Generator().manual_seed(seed) for seed in self.seeds]
        for step in range(config.steps):
            episodes = [training_episodes(config, rng) for rng in rngs]
            heights = np.stack([some.height_m for some in episodes]).astype(np.float32)
            truth = torch.from_numpy(heights).repeat(len(ARMS), 1, 1)
            errors = (self.estimates(episodes) - truth)[..., SKIPPED:]
            # The logarithm gives episodes on good and on bad sensors the same weight.
            losses = (errors.square().mean(-1) + 0.003**2).log().mean(-1)
            optimiser.zero_grad()
            (losses[0] + config.auxiliary * (losses[1] + losses[2])).sum().backward()
            fits = torch.exp(-errors.detach().abs() / FIT_M).mean((-1, -2))
            self._shape_gradients(fits, noises)
            optimiser.step()
            schedule.step()
            if step % 50 == 49:
                by_arm = losses[0].detach().reshape(len(ARMS), -1).mean(1).div(2.0).exp()
                text = ", ".join(f"{100 * value:.2f}" for value in by_arm.tolist())
                progress(f"training, step {step + 1}: geometric mean of the errors {text} cm")

    def _shape_gradients(self, fits: Any, noises: list[Any]) -> None:
        """Limit the gradients of each network; modulate and disturb that of the fusion layer."""
        import torch

        grads: dict[str, Any] = {name: w.grad for name, w in self.weights.items()}
        norms: Any = sum(grad.square().sum((1, 2), keepdim=True) for grad in grads.values())
        norms = norms.sqrt()
        for grad in grads.values():
            grad.mul_((1.0 / (norms + 1e-12)).clamp(max=1.0))
        coefficient = 1.0 + torch.tanh(1.0 - 0.5 * (fits[1] + fits[2]) / fits[0])
        coefficient = torch.where(self.modulated, coefficient, torch.ones_like(coefficient))
        for name in ("fusion", "fusion_offset"):
            grad = grads[name]
            drawn = [torch.randn(grad.shape[1:], generator=noise) for noise in noises]
            noise = torch.stack(drawn).repeat(len(ARMS), 1, 1)
            sd = grad.std((1, 2), keepdim=True)
            grad.add_(self.config.gradient_noise * sd * noise)
            grad.mul_(coefficient.reshape(-1, 1, 1))


def training_episodes(config: TrainingConfig, rng: np.random.Generator) -> Episodes:
    """Draw the episodes of a step: random noise, losses, wrong and switching lidars."""
    episodes: Episodes | None = None
    for k in range(4):
        condition = Condition(
            sigma_m=0.0 if k == 0 else float(np.exp(rng.uniform(math.log(0.01), 0.0))),
            dropout=float(rng.uniform(0.0, 0.6)) if k in (0, 1) else 0.0,
            biased=bool(k == 2 or rng.random() < 0.2),
        )
        drawn = draw_episodes(condition, max(config.batch // 4, 1), config.ticks, rng)
        episodes = episodes.joined(drawn) if episodes else drawn
    assert episodes is not None
    return episodes
