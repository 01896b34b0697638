"""Scenarios that every genome of a generation flies, and the flights of the PID through them."""

from __future__ import annotations

import functools

import numpy as np

from snn_control.controllers.blimp.pid import PID
from snn_control.envs.blimp.batch import ScenarioBatch, stack_scenarios
from snn_control.envs.blimp.presets import blimp_parameters
from snn_control.envs.blimp.scenario import draw_scenario
from snn_control.training.blimp.closed_loop import Flights, fly_controllers

__all__ = ["Scenarios", "scenario_batch"]


class Scenarios:
    """Scenarios drawn from a seed.

    Args:
        presets: presets of the blimp, taken in turn.
        n: number of scenarios.
        duration_s: length of each, s.
        seed: seed of the draws.
    """

    def __init__(self, presets: tuple[str, ...], n: int, duration_s: float, seed: int) -> None:
        self.batch = scenario_batch(presets, n, duration_s, seed)

    @property
    def ticks(self) -> int:
        """Control periods of all scenarios."""
        return int(self.batch.n_ticks.sum())

    @functools.cached_property
    def pid(self) -> Flights:
        """Flights of the PID, simulated on first use."""
        return fly_controllers([PID() for _ in self.batch.n_ticks], self.batch)


def scenario_batch(presets: tuple[str, ...], n: int, duration_s: float, seed: int) -> ScenarioBatch:
    """Draw `n` scenarios, taking the presets in turn."""
    seeds = np.random.SeedSequence(seed).generate_state(n)
    return stack_scenarios(
        [
            draw_scenario(blimp_parameters(presets[k % len(presets)]), int(s), duration_s)
            for k, s in enumerate(seeds)
        ]
    )
