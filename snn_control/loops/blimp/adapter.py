"""Adapter of the blimp: range, setpoint and battery in, observables and limits out."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from snn_control.controllers import Controller
from snn_control.controllers.adapting_config import Orders
from snn_control.controllers.blimp.motion import BlimpMotion
from snn_control.loops.adapter import (
    AdaptationRequests,
    Estimated,
    Moment,
    Observation,
    Reading,
    VehicleAdapter,
)
from snn_control.loops.blimp.battery import Battery
from snn_control.loops.blimp.config import AltitudeNodeConfig
from snn_control.loops.blimp.estimator import HeightEstimator
from snn_control.loops.blimp.estimator_config import EstimatorConfig
from snn_control.loops.blimp.interface import OBSERVABLE, require_altitude_controller
from snn_control.loops.blimp.landing import EstimateLanding
from snn_control.loops.blimp.model import BlimpModel
from snn_control.supervision.command_gate import CommandGates
from snn_control.supervision.learned_trim import LearnedTrim

__all__ = ["BlimpAdapter", "Setpoint", "range_fault"]

FloatArray = npt.NDArray[np.float64]

STEADY_M = 1.0
"""Height error up to which commands count for the trim, m."""


class Setpoint:
    """Setpoint that follows the requested value, within limits and at a limited rate.

    Without a request it stays at its start value.

    Args:
        low, high: limits.
        rate_per_s: maximum change per second; 0 disables the limit.
    """

    def __init__(self, low: float, high: float, rate_per_s: float = 0.0) -> None:
        self.low, self.high, self.rate_per_s = low, high, rate_per_s
        self.requested: float | None = None
        """Requested value, within the limits; None before the first request."""
        self.value: float | None = None
        """Present setpoint; None before `start`."""

    def request(self, value: float) -> bool:
        """Accept a requested value, clipped to the limits; return True if it was within them.

        A value that is not finite is refused: the last request stays in force.
        """
        if not math.isfinite(value):
            return False
        self.requested = self._limited(value)
        return self.requested == value

    def start(self, value: float) -> None:
        """Start from `value`, clipped to the limits."""
        self.value = self._limited(value)

    def advance(self, dt_s: float, instead: float | None = None) -> float:
        """Advance by `dt_s` and return the setpoint.

        Args:
            dt_s: time since the last call, s.
            instead: value that overrides the request, also outside the limits.

        Raises:
            ValueError: neither `request` nor `start` was called.
        """
        target = next((x for x in (instead, self.requested, self.value) if x is not None), None)
        if target is None:
            raise ValueError("no setpoint; call request() or start()")
        if self.value is None or not self.rate_per_s:
            self.value = target
        else:
            reach = self.rate_per_s * max(dt_s, 0.0)
            self.value = min(max(target, self.value - reach), self.value + reach)
        return self.value

    def _limited(self, value: float) -> float:
        return min(max(value, self.low), self.high)


class BlimpAdapter(VehicleAdapter[float]):
    """Adapter of a blimp; its measurements are ranges in m, its command is the thrust.

    Args:
        controller: altitude controller.
        config: limits and times.
        motion: parameters of the model of the estimate; None: nominal.

    Raises:
        InterfaceMismatchError: the controller has other inputs or outputs.
    """

    observation_names = OBSERVABLE
    senses = ("barometer", "accelerometer", "neighbour_offset")
    supervised_names = (
        "measured_m", "estimate_m", "estimate_sd_m", "lidar_trusted", "barometer_trusted",
        "accelerometer_trusted", "actuator_fault", "battery_doubted",
    )  # fmt: skip
    config: AltitudeNodeConfig

    def __init__(
        self,
        controller: Controller,
        config: AltitudeNodeConfig,
        motion: BlimpMotion | None = None,
    ) -> None:
        self.require_interface(controller)
        super().__init__(config)
        self.setpoint = Setpoint(
            config.set_point_low_m, config.set_point_high_m, config.set_point_rate_m_s
        )
        self.setpoint_s: float | None = None
        """Time of the last setpoint, s."""
        self.setpoint_limit = ""
        """Report of the last setpoint if it was outside its limits, otherwise empty."""
        self.battery = Battery()
        self.over_ceiling = 0
        """Number of upward commands that were replaced by 0 above the ceiling."""
        self._measured_m = self._range_m = self._command = math.nan
        self._model = BlimpModel(motion or BlimpMotion())
        self._order_names = controller.order_names
        self._measured_now = False
        self._trim = LearnedTrim(config.trim_command)
        self._motion, self._refused = motion, ""
        self.estimator = self._make_estimator()
        """Estimate of the height; None if `range_gate_m` is 0, or after its failure."""
        self._landing = EstimateLanding()

    # Inputs.

    def read(self, range_m: float, reach_m: tuple[float, float] = (0.0, 0.0)) -> Reading[float]:
        """Return a range with its fault, see `range_fault`."""
        self._measured_m = range_m
        return Reading(range_m, range_fault(range_m, self.config.range_max_m, reach_m))

    def on_setpoint(self, height_m: float, now_s: float) -> bool:
        """Accept a height setpoint; return True if it is finite and within the limits."""
        if not math.isfinite(height_m):
            self.reject(f"setpoint is {height_m:g}")
            return False
        self.setpoint_s = now_s
        within = self.setpoint.request(height_m)
        self.setpoint_limit = "" if within else self._outside_limits(height_m)
        return within

    def on_battery(self, voltage: float, now_s: float) -> bool:
        """Accept a voltage, V; return True if it is finite and positive."""
        if not (math.isfinite(voltage) and voltage > 0):
            self.reject(f"battery voltage is {voltage:g}")
            return False
        self.battery.receive(voltage, now_s, self.config)
        return True

    # Calls of the loop.

    def refuse(self, fault: str, now_s: float) -> None:
        """Count a range with a fault, and distrust the lidar."""
        self.reject(fault)
        if self.estimator is not None and self.estimator.started:
            self.estimator.gates["lidar"].close(fault.removeprefix("range "), now_s)

    def require_interface(self, controller: Controller) -> None:
        """Refuse a controller that is not an altitude controller."""
        require_altitude_controller(controller)

    def make_gate(self) -> CommandGates:
        """Return the gate of the motors."""
        config = self.config
        return CommandGates(1, config.command_low, config.command_high, config.slew_per_s)

    @property
    def trim(self) -> FloatArray:
        """Thrust that approximately keeps the blimp at its height, learned in operation."""
        if self.estimator is None:
            return np.array([self.config.trim_command])
        if self._trim.start != self.config.trim_command:
            self._trim.restart(self.config.trim_command)
        return np.array([self._trim.value])

    def restart(self) -> None:
        """Start setpoint and estimate from the next measured height."""
        self.setpoint.value = None
        self._command = math.nan
        self._landing.reset()
        self._trim.restart(self.config.trim_command)
        self._refused = ""
        if self.estimator is not None:
            self.estimator.restart()
        else:
            self.estimator = self._make_estimator()

    def abandon_estimate(self) -> None:
        """Use ranges as they are until `restart`; refuse those that were not trusted."""
        if self.estimator is not None:
            self._refused = self.estimator.gates["lidar"].reason
        self.estimator = None

    def orders(
        self, now_s: float, adaptation: AdaptationRequests, sent: FloatArray
    ) -> tuple[float, ...]:
        """Return those of `adapting_config.Orders` that the controller takes."""
        if not self._order_names:
            return ()
        trusted = math.nan
        if self.estimator is not None:
            trusted = float(self.estimator.gates["lidar"].trusted)
        every = Orders(sent.item(), adaptation.frozen, trusted, self._measured_now, *adaptation[1:])
        return tuple(float(getattr(every, name)) for name in self._order_names)

    def observe(self, measured: float, moment: Moment) -> Observation:
        """Return the observables; the setpoint advances by the elapsed time."""
        if moment.automatic and (fault := self._distrust(measured, moment)):
            return Observation(np.full(len(OBSERVABLE), math.nan), distrusted=f"range {fault}")
        self._range_m, setpoint = measured, self.setpoint
        self._measured_now = True
        if setpoint.value is None:
            setpoint.start(measured)
        self._landing.reason = ""
        self._landing.seen_s = self._landing.supported_s = moment.at_s
        values = self._observed(measured, self._advanced(moment), moment)
        return Observation(values, missing="no battery voltage yet")

    def sense(self, name: str, value: float, moment: Moment) -> None:
        """Process a barometric height, m, an acceleration, m/s^2, or a neighbour's offset, m."""
        if self.estimator is None or not moment.automatic:
            return
        self._follow(moment)
        now_s = moment.at_s + moment.age_s
        if name == "barometer":
            self.estimator.on_barometer(value, moment.at_s, now_s)
        elif name == "neighbour_offset":
            self.estimator.on_neighbour(value, now_s)
        else:
            self.estimator.on_acceleration(value, moment.at_s, now_s)

    @property
    def estimates(self) -> bool:
        """True after the first trusted range."""
        return self.estimator is not None and self.estimator.started

    def estimate(self, moment: Moment) -> Estimated | None:
        """Return the observables at the estimated height; None before the first trusted range."""
        if self.estimator is None or not self.estimator.started:
            return None
        self._follow(moment)
        self._measured_now = False
        height_m, sd_m = self.estimator.estimate(moment.at_s)
        setpoint, landing, config = self.setpoint, self._landing, self.config
        land = landing.decide(self.estimator, sd_m, moment.at_s, config)
        if setpoint.value is None:
            setpoint.start(height_m)
        if land:
            setpoint.value = landing.lowered(
                setpoint.value or 0.0, moment.dt_s, moment.at_s, config.land_rate_m_s
            )
        else:
            self._advanced(moment)
        lidar = self.estimator.gates["lidar"]
        missing = "" if lidar.trusted else f"range {lidar.reason}"
        values = self._observed(height_m, setpoint.value or 0.0, moment)
        return Estimated(values, missing, land, landing.landed(moment.at_s))

    def supervised(self, now_s: float) -> tuple[float, ...]:
        """Return range, estimate, its deviation, trust of the sensors, fault of motors, battery."""
        estimator = self.estimator
        if estimator is None or not estimator.started:
            return (math.nan,) * len(self.supervised_names)
        observer, (lidar, barometer, accelerometer) = estimator.observer, estimator.gates.values()
        return (
            self._measured_m,
            observer.position_m,
            observer.position_sd_m,
            lidar.level(now_s),
            barometer.level(now_s),
            accelerometer.level(now_s),
            float(bool(estimator.actuator_fault)),
            float(bool(self.battery.doubt)),
        )

    def deviation(self, values: FloatArray) -> float:
        """Return the height error, m."""
        return float(values[0])

    def objection(self, config: AltitudeNodeConfig) -> str:
        """Return the reason to refuse a trim that does not keep the height, by the model.

        A changed trim is compared with the estimated buoyancy, the present one, at arming, with the
        nominal buoyancy and only for a climb.
        """
        present, unmodelled_m_s2 = config.trim_command == self.config.trim_command, 0.0
        if self.estimator is not None and not present:
            unmodelled_m_s2 = self.estimator.observer.unmodelled_m_s2
        return self._model.trim_fault(config.trim_command, unmodelled_m_s2, only_up=present)

    def limit(self, command: FloatArray) -> FloatArray:
        """Return the command, or 0 if it is upward and the height above the ceiling.

        The height is the last trusted or the estimated one, if that is greater: a range that is too
        low is refused, while the estimate continues.
        """
        ceiling_m, estimator = self.config.ceiling_m, self.estimator
        above = self._range_m > ceiling_m
        above = above or (estimator is not None and estimator.observer.position_m > ceiling_m)
        if above and command[0] > 0:
            self.over_ceiling += 1
            return np.zeros(1)
        return command

    def trouble(self, now_s: float) -> str:
        """Return the voltage of a battery that was critical for too long."""
        return self.battery.trouble(now_s, self.config)

    def _make_estimator(self) -> HeightEstimator | None:
        gate_m, stuck_s = self.config.range_gate_m, self.config.range_stuck_s
        limits = EstimatorConfig(alone_limit_m=gate_m, alone_identical_s=stuck_s)
        return HeightEstimator(limits, self._motion) if gate_m else None

    def _outside_limits(self, height_m: float) -> str:
        """Return the report of a setpoint that was clipped."""
        return (
            f"setpoint {height_m:g} m is not between set_point_low_m {self.setpoint.low:g} and "
            f"set_point_high_m {self.setpoint.high:g}: {self.setpoint.requested:g} m is used"
        )

    def _observed(self, height_m: float, setpoint_m: float, moment: Moment) -> FloatArray:
        """Return the observables at a height; commands near the setpoint teach the trim."""
        error_m = setpoint_m - height_m
        if self.estimator is not None and moment.automatic and abs(error_m) < STEADY_M:
            self._trim.update(self._command, min(moment.dt_s, 1.0))
        return np.array([error_m, setpoint_m, height_m, moment.dt_s, self.battery.voltage_v])

    def _advanced(self, moment: Moment) -> float:
        """Advance the setpoint by the time of a tick."""
        land_m = min(self.config.land_height_m, self.setpoint.value or 0.0)
        # The setpoint stands still in a long gap: its ramp would end in a step.
        moving_s = min(moment.dt_s, self.config.hold_s)
        return self.setpoint.advance(moving_s, land_m if moment.landing else None)

    def _follow(self, moment: Moment) -> None:
        """Pass the commands sent to the estimator."""
        for sent in moment.sent:
            self._command = sent.command.item()
            if self.estimator is not None:
                self.estimator.sent(self._command, sent.at_s)

    def _distrust(self, measured: float, moment: Moment) -> str:
        """Return the evidence against a range, or an empty string."""
        self._follow(moment)
        if self.estimator is None:
            return self._refused
        verdict = self.estimator.on_range(measured, moment.at_s, moment.at_s + moment.age_s)
        return verdict.reason


def range_fault(
    range_m: float, range_max_m: float, reach_m: tuple[float, float] = (0.0, 0.0)
) -> str:
    """Return the fault of a measured range and how to fix it, or an empty string if it is usable.

    Args:
        range_m: measured range.
        range_max_m: maximum plausible range.
        reach_m: minimum and maximum range of the sensor; a maximum of 0: unknown.
    """
    nearest_m, farthest_m = reach_m if reach_m[1] > 0 else (0.0, math.inf)
    if 0 < range_m <= range_max_m and nearest_m <= range_m <= farthest_m:
        return ""
    if math.isnan(range_m):
        return "range is NaN"
    if math.isinf(range_m):
        return "no return (range is infinite): point the sensor at the floor, within its reach"
    if range_m == 0:
        return (
            "range is 0: no height, but the value of many drivers for no return; point the sensor "
            "at the floor, within its reach"
        )
    if range_m < 0:
        return f"range {range_m:g} m is negative: ranges are positive distances"
    if range_m > range_max_m:
        return (
            f"range {range_m:g} m is above range_max_m {range_max_m:g}: does the "
            "sensor report millimetres? Range messages are in metres (REP-103)"
        )
    return (
        f"range {range_m:g} m is outside the sensor's min_range {nearest_m:g} to max_range "
        f"{farthest_m:g} m"
    )
