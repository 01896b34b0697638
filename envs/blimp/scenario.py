"""All random quantities of an episode, drawn in advance into plain arrays.

The MuJoCo environment and the native plant use the same scenario: the same blimp, gusts and ticks.
The number of random draws does not depend on the enabled effects: one seed gives the same blimp
under every preset with the same ranges.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from snn_control.envs.blimp import plant
from snn_control.envs.blimp.parameters import BlimpParameters
from snn_control.envs.blimp.timing import called_ticks
from snn_control.envs.blimp.wind import gust_series
from snn_control.errors import ParameterError


@dataclass(frozen=True)
class Scenario:
    """Random quantities of one episode: blimp, ticks, gusts and references."""

    seed: int
    """Seed of the scenario."""
    constants: NDArray[np.float64]
    """Constants row of the blimp, shape (CONSTANTS_SIZE,), see `plant`."""
    battery_start_v: float
    """Battery voltage at the start, V."""
    gust_m_s2: NDArray[np.float64]
    """Gust acceleration along x, y, z, m/s^2, shape (3, slots); a slot lasts 0.1 s."""
    tick_step: NDArray[np.int32]
    """Physics steps (0.01 s) of the calls of the controller, from 0, shape (ticks,)."""
    substeps: NDArray[np.int32]
    """Physics steps from each called tick to the next, or to the end, shape (ticks,)."""
    missed: NDArray[np.int32]
    """Number of missed ticks directly before each called tick, shape (ticks,)."""
    reference_m: NDArray[np.float64]
    """Reference height at each called tick, m, shape (ticks,)."""
    step_s: NDArray[np.float64]
    """Instants of the changes of the reference, s, shape (changes,)."""
    n_steps: int
    """Number of physics steps of the episode."""

    @property
    def duration_s(self) -> float:
        """Length of the episode, s."""
        return self.n_steps * plant.PHYSICS_STEP_S


def draw_scenario(parameters: BlimpParameters, seed: int, duration_s: float = 300.0) -> Scenario:
    """Draw the episode of `seed`, `duration_s` long (0.1 to 86400 s).

    Raises:
        ParameterError: `duration_s` is not finite or out of range.
    """
    if not 0.1 <= duration_s <= 86400.0:
        raise ParameterError(f"duration_s is {duration_s!r}; expected 0.1 to 86400 s")
    rng = np.random.default_rng(seed)
    n_steps = round(duration_s / plant.PHYSICS_STEP_S)
    drawn = _draw_ranged(parameters, rng)
    gust = gust_series(parameters, drawn, rng, n_steps)
    ticks, missed = called_ticks(parameters, drawn["missed_probability"], rng, n_steps)
    change_s, heights_m = _references(parameters, rng, duration_s)
    at = np.searchsorted(change_s, ticks * plant.PHYSICS_STEP_S + 1e-9, side="right") - 1
    return Scenario(
        seed=seed,
        constants=constants_row(parameters, drawn),
        battery_start_v=drawn["battery_start_v"],
        gust_m_s2=gust,
        tick_step=ticks,
        substeps=np.diff(ticks, append=np.int32(n_steps)).astype(np.int32),
        missed=missed,
        reference_m=heights_m[at],
        step_s=change_s[1:],
        n_steps=n_steps,
    )


def constants_row(
    parameters: BlimpParameters, drawn: dict[str, float] | None = None
) -> NDArray[np.float64]:
    """Return the constants row, shape (CONSTANTS_SIZE,); `drawn` values replace nominal ones."""
    p = parameters
    value = {item.name: getattr(p, item.name) for item in fields(p)} | (drawn or {})
    h = plant.PHYSICS_STEP_S
    count = 9.0 + 3.0 * value["hover_motor_units"]
    hover_duty = (np.floor(count) if p.integer_pwm else count) / 45.0
    if p.dead_zone and value["hover_motor_units"] < p.dead_zone_motor_units:
        hover_duty = 0.0
    lag = value["motor_time_constant_s"]
    row = np.zeros(plant.CONSTANTS_SIZE)
    row[plant.GAIN] = value["thrust_gain_m_s2"]
    row[plant.MOTOR_FRACTION] = -np.expm1(-h / lag) if p.motor_lag else 1.0
    row[plant.DELAY_STEPS] = round(value["transport_delay_s"] / h) if p.transport_delay else 0
    row[plant.LINEAR_DRAG] = value["linear_drag_per_s"]
    row[plant.QUADRATIC_DRAG] = value["quadratic_drag_per_m"]
    row[plant.BIAS] = -value["thrust_gain_m_s2"] * (count / 45.0) ** 2
    row[plant.LEAK] = value["leak_m_s3"] if p.leak else 0.0
    row[plant.SAG_PER_S] = value["sag_v_per_s"] / value["battery_start_v"] if p.sag else 0.0
    row[plant.DEAD_ZONE] = p.dead_zone_motor_units if p.dead_zone else 0.0
    row[plant.INTEGER_PWM] = float(p.integer_pwm)
    row[plant.SERVO_STEP] = p.servo_rate_rad_s * h if p.servo_flip else np.pi
    row[plant.QUANTUM] = p.range_quantum_m if p.quantisation else 0.0
    row[plant.RANGE_MAX] = p.range_max_m
    row[plant.BLIND_BELOW] = p.blind_below_m if p.blind_zone else 0.0
    row[plant.BLIND_STEP] = p.blind_step_m
    row[plant.REST_HEIGHT] = p.rest_height_m
    row[plant.START_HEIGHT] = max(value["start_height_m"], p.rest_height_m)
    row[plant.START_DUTY] = hover_duty
    return row


def _draw_ranged(parameters: BlimpParameters, rng: np.random.Generator) -> dict[str, float]:
    drawn = {}
    for item in fields(parameters):
        if "range" in item.metadata:
            low, high = item.metadata["range"]
            value = getattr(parameters, item.name)
            low, high = min(low, value), max(high, value)
            start = value - parameters.spread * (value - low)
            drawn[item.name] = start + rng.random() * parameters.spread * (high - low)
    return drawn


def _references(
    parameters: BlimpParameters, rng: np.random.Generator, duration_s: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the start of each reference height (the first is 0), s, and the heights, m."""
    if not parameters.random_reference:
        hold_s = parameters.reference_hold_s
        change_s = np.append(0.0, np.arange(hold_s, duration_s - 0.5 * hold_s, hold_s))
        return change_s, np.resize(np.array(parameters.reference_heights_m), change_s.size)
    drawn_s, drawn_m = [0.0], [0.5]
    while drawn_s[-1] < duration_s:
        height = rng.uniform(0.4, 1.8)
        while not 0.3 <= abs(height - drawn_m[-1]) <= 1.0:
            height = rng.uniform(0.4, 1.8)
        drawn_m.append(height)
        drawn_s.append(drawn_s[-1] + rng.uniform(20.0, 35.0))
    return np.array(drawn_s[:-1]), np.array(drawn_m[:-1])
