"""Equations of the module in plain NumPy: every trace of every synapse in each step."""

from __future__ import annotations

import numpy as np

from snn_control.coding.poisson import poisson_spikes
from snn_control.controllers.place.diehl_cook.module import TRAINING, DiehlCookModule


class PlainModule:
    """Module trained as by `DiehlCookModule.fit`, with its initial weights and delays."""

    def __init__(self, module: DiehlCookModule) -> None:
        c = self.config = module.config
        self.random = np.random.default_rng([module.seed, TRAINING])
        self.w = module.weights
        self.delays = np.rint(module.delays_s / c.dt_s).astype(int)
        n = c.n_excitatory
        self.a, self.b1, self.b2 = (np.zeros(self.w.shape) for _ in range(3))
        self.v, self.theta = np.full(n, c.start_e_v), np.full(n, c.theta_start_v)
        self.ge, self.gi, self.since = np.zeros(n), np.zeros(n), np.full(n, 10**6)
        self.u, self.hi, self.since_i = np.full(n, c.start_i_v), np.zeros(n), np.full(n, 10**6)
        self.queue: dict[int, list[tuple[int, int]]] = {}
        self.raster: list[tuple[int, int]] = []
        self.now = 0
        self.late = self.run(np.zeros(c.n_inputs), c.first_rest_s)

    def show(self, image: np.ndarray) -> np.ndarray:
        c = self.config
        self.w *= c.weight_sum / self.w.sum(axis=0)
        counts = self.late + self.run(image.ravel() * c.rate_per_level_hz, c.image_s)
        self.late = self.run(np.zeros(c.n_inputs), c.rest_s)
        return counts

    def run(self, rates_hz: np.ndarray, duration_s: float) -> np.ndarray:
        c = self.config
        n_steps = round(duration_s / c.dt_s)
        steps, sources = poisson_spikes(rates_hz, n_steps, c.dt_s, self.random)
        for step, i in zip(steps, sources, strict=True):
            for j in range(c.n_excitatory):
                at = self.now + step + self.delays[i, j]
                self.queue.setdefault(at, []).append((i, j))
        counts = np.zeros(c.n_excitatory, int)
        for _ in range(n_steps):
            counts += self.step()
        return counts

    def step(self) -> np.ndarray:
        c, rule, dt = self.config, self.config.stdp, self.config.dt_s
        self.since += 1
        self.since_i += 1
        free = self.since * dt > c.refractory_e_s - dt / 2
        free_i = self.since_i * dt > c.refractory_i_s - dt / 2
        dv = (c.rest_e_v - self.v) + self.ge * (0.0 - self.v) + self.gi * (c.reversal_e_v - self.v)
        du = (c.rest_i_v - self.u) + self.hi * (0.0 - self.u)
        self.v = self.v + np.where(free, dt / c.tau_e_s * dv, 0.0)
        self.u = self.u + np.where(free_i, dt / c.tau_i_s * du, 0.0)
        self.ge = self.ge - dt / c.tau_ge_s * self.ge
        self.gi = self.gi - dt / c.tau_gi_s * self.gi
        self.hi = self.hi - dt / c.tau_ge_s * self.hi
        self.theta = self.theta - dt / c.tau_theta_s * self.theta
        self.a *= np.exp(-dt / rule.tau_pre_s)
        self.b1 *= np.exp(-dt / rule.tau_fast_s)
        self.b2 *= np.exp(-dt / rule.tau_slow_s)
        waited = self.since * dt > c.silence_e_s + dt / 2
        fired = free & waited & (self.v > c.threshold_e_v + self.theta)
        fired_i = free_i & (self.u > c.threshold_i_v)

        for i, j in self.queue.pop(self.now, []):
            self.ge[j] += self.w[i, j]
            self.a[i, j] = 1.0
            change = rule.pre_sign * rule.pre_rate * self.b1[i, j]
            self.w[i, j] = np.clip(self.w[i, j] + change, 0.0, rule.w_max)
        self.hi[fired] += c.weight_to_inhibitor
        self.gi += c.weight_to_excitatory * (fired_i.sum() - fired_i)
        learnt = self.w + rule.post_rate * self.a * self.b2
        self.w = np.where(fired, np.clip(learnt, 0.0, rule.w_max), self.w)
        self.b1[:, fired] = self.b2[:, fired] = 1.0
        self.v[fired], self.since[fired] = c.reset_e_v, 0
        self.u[fired_i], self.since_i[fired_i] = c.reset_i_v, 0
        self.theta[fired] += c.theta_rise_v
        self.raster += [(self.now, int(j)) for j in np.flatnonzero(fired)]
        self.now += 1
        return fired.astype(int)
