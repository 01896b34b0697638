"""Parameters of the blimp: plant, sensor, timing, faults and task.

Vertical plant in terms of these parameters, identified from the public flight logs of T. Burgers,
S. Stroobants, G. de Croon, arXiv 2309.12937:

    count  = 9 + 3 |u| of 45 (an integer), duty = count / 45, 0 where |u| < dead zone
    w'     = (duty(t - delay) - w) / motor_time_constant
    angle' = +-servo_rate towards 0 (u >= 0) or pi (u < 0)
    v'     = gain (V / V0)^2 w^2 cos(angle) - c1 v - c2 |v| v + b(t) + gust(t)
    b(t)   = -gain duty(hover)^2 - leak t,   V(t) = V0 - sag t

A field with a range is drawn once per episode, uniformly between `default - spread (default - low)`
and `default + spread (high - default)`; `spread` 0 gives the defaults, 1 the whole range.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from math import pi
from typing import Any

from snn_control.errors import ParameterError, UnknownNameError
from snn_control.ranges import require_not_negative

__all__ = ["BlimpParameters"]


def _ranged(default: float, low: float, high: float) -> Any:
    return field(default=default, metadata={"range": (low, high)})


@dataclass(frozen=True)
class BlimpParameters:
    """Plant, sensor, timing, faults and task, in SI units; commands in motor units (full 10).

    Raises:
        ParameterError: a value is not finite, negative or out of its range.
    """

    spread: float = 0.25
    """Fraction of each randomisation range in use, 0 (all blimps equal) to 1."""

    thrust_gain_m_s2: float = _ranged(1.11, 0.9, 1.9)
    """Vertical acceleration at duty 1 and start voltage, m/s^2."""
    motor_time_constant_s: float = _ranged(0.15, 0.08, 0.8)
    """First-order lag of the motors' duty, s; requires `motor_lag`."""
    transport_delay_s: float = _ranged(0.33, 0.15, 0.4)
    """Delay from command to motor and servo, s, at most 0.6; requires `transport_delay`."""
    linear_drag_per_s: float = _ranged(0.20, 0.1, 0.5)
    """Linear drag over effective mass, 1/s."""
    quadratic_drag_per_m: float = _ranged(0.34, 0.2, 2.6)
    """Quadratic drag over effective mass, 1/m."""
    hover_motor_units: float = _ranged(3.1, 2.5, 3.7)
    """Hover command at the start of the episode, motor units."""
    dead_zone_motor_units: float = 0.3
    """Magnitude below which a command stops the motors, motor units; requires `dead_zone`."""
    servo_rate_rad_s: float = 600.0 / 180.0 * pi
    """Slew rate of the servo that turns the thrusters over, rad/s; requires `servo_flip`."""
    start_height_m: float = _ranged(0.5, 0.45, 0.55)
    """Hover height at the start, m."""

    range_quantum_m: float = 0.01
    """Resolution of the lidar, m; requires `quantisation`."""
    range_max_m: float = 12.0
    """Maximum range of the lidar, m."""
    blind_below_m: float = 0.3
    """Range below which readings have steps of `blind_step_m`, m; requires `blind_zone`."""
    blind_step_m: float = 0.045
    """Step of the readings in the blind zone, m."""
    rest_height_m: float = 0.06
    """Height of the lidar with the blimp on the floor, m; the smallest reading."""

    control_period_s: float = 0.1
    """Nominal time between control ticks, s."""
    jitter_sd_s: float = 0.009
    """Standard deviation of a tick's instant around its grid point, s; requires `jitter`."""
    gap_probability: float = 0.03
    """Probability that a tick starts a gap; requires `gaps`."""
    gap_min_s: float = 0.3
    """Shortest (and most likely) gap, s; its delayed ticks follow as a burst, 0.01 s apart."""
    gap_max_s: float = 0.53
    """Longest gap, s."""
    missed_probability: float = _ranged(0.2, 0.1, 0.3)
    """Probability that a tick does not call the controller; requires `missed_ticks`."""

    leak_m_s3: float = _ranged(1.9e-4, 0.0, 3.8e-4)
    """Loss of lift by the leak, m/s^3 (3.8e-4: one motor unit in 170 s); requires `leak`."""
    battery_start_v: float = _ranged(4.1, 3.9, 4.2)
    """Battery voltage at the start, V."""
    sag_v_per_s: float = _ranged(5.3e-4, 2e-4, 1.2e-3)
    """Rate of the battery sag, V/s; requires `sag`."""
    gust_sd_m_s2: float = _ranged(0.008, 0.0, 0.03)
    """Standard deviation of the vertical gust acceleration, m/s^2; requires `gusts`."""
    gust_sideways_ratio: float = 3.0
    """Ratio of sideways to vertical gust acceleration (MuJoCo body only)."""
    gust_time_constant_s: float = _ranged(3.0, 1.0, 10.0)
    """Correlation time of the gusts, s."""

    quantisation: bool = True
    """Simulate the finite resolution of the lidar."""
    blind_zone: bool = True
    """Simulate the blind zone of the lidar."""
    motor_lag: bool = True
    """Simulate the lag of the motors."""
    transport_delay: bool = True
    """Simulate the delay of the commands."""
    dead_zone: bool = True
    """Simulate the dead zone of the motors."""
    integer_pwm: bool = True
    """Truncate the PWM count to an integer."""
    servo_flip: bool = True
    """Simulate the slewing of the servo; if false, thrust changes sign at once."""
    jitter: bool = True
    """Simulate jitter of the ticks."""
    gaps: bool = True
    """Simulate gaps between ticks, each followed by a burst."""
    missed_ticks: bool = True
    """Simulate ticks without a call of the controller."""
    leak: bool = True
    """Simulate a helium leak."""
    sag: bool = True
    """Simulate battery sag."""
    gusts: bool = True
    """Simulate gusts."""

    reference_heights_m: tuple[float, ...] = (0.5, 1.0, 1.5, 1.0)
    """Sequence of reference heights, m; repeats from its start."""
    reference_hold_s: float = 70.0
    """Duration of each height, s; no change in the last half of it before the end."""
    random_reference: bool = False
    """Draw random heights: 0.4 to 1.8 m, steps of 0.3 to 1.0 m, 20 to 35 s each."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "reference_heights_m", tuple(map(float, self.reference_heights_m)))
        heights_m = self.reference_heights_m
        if not heights_m:
            raise ParameterError("reference_heights_m is empty; expected at least one height")
        numbers = {name: x for name, x in vars(self).items() if name != "reference_heights_m"}
        require_not_negative(
            numbers | {f"reference_heights_m[{k}]": x for k, x in enumerate(heights_m)}
        )
        for name, low, high in _BOUNDS:
            if not low <= getattr(self, name) <= high:
                raise ParameterError(f"{name} is {getattr(self, name)!r}; expected {low} to {high}")
        if self.gap_max_s < self.gap_min_s:
            raise ParameterError(f"gap_max_s {self.gap_max_s} is below gap_min_s {self.gap_min_s}")

    def override(self, changes: dict[str, Any] | None) -> BlimpParameters:
        """Return a copy with `changes` (name -> value) applied.

        Raises:
            UnknownNameError: a name is not a parameter; the message lists close names.
            ParameterError: a value is out of range.
        """
        known = [item.name for item in fields(self)]
        for name in changes or {}:
            if name not in known:
                raise UnknownNameError("blimp parameter", name, known)
        return replace(self, **(changes or {}))


_BOUNDS = (
    ("spread", 0.0, 1.0),
    ("thrust_gain_m_s2", 1e-3, 100.0),
    ("motor_time_constant_s", 1e-3, 10.0),
    ("transport_delay_s", 0.0, 0.6),
    ("hover_motor_units", 0.0, 10.0),
    ("dead_zone_motor_units", 0.0, 10.0),
    ("servo_rate_rad_s", 1e-3, 1e6),
    ("range_quantum_m", 1e-6, 1.0),
    ("blind_step_m", 1e-6, 1.0),
    ("control_period_s", 0.02, 10.0),
    ("jitter_sd_s", 0.0, 0.05),
    ("gap_probability", 0.0, 0.2),
    ("missed_probability", 0.0, 0.95),
    ("battery_start_v", 1.0, 20.0),
    ("gust_time_constant_s", 0.01, 1e4),
    ("reference_hold_s", 1.0, 1e6),
)
