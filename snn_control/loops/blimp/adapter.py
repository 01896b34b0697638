"""Adapter of the blimp: range, setpoint and battery in, observables and limits out."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from snn_control.controllers import Controller
from snn_control.errors import InterfaceMismatchError
from snn_control.loops.adapter import Estimated, Moment, Observation, Reading, VehicleAdapter
from snn_control.loops.blimp.config import AltitudeNodeConfig
from snn_control.loops.blimp.estimator import HeightEstimator
from snn_control.loops.blimp.estimator_config import EstimatorConfig
from snn_control.loops.blimp.model import BlimpModel, BlimpMotion
from snn_control.loops.blimp.range_fault import range_fault
from snn_control.loops.blimp.setpoint import Setpoint
from snn_control.supervision.command_gate import CommandGates
from snn_control.supervision.learned_trim import LearnedTrim
from snn_control.supervision.trust import TrustGate

__all__ = ["ACTIONS", "OBSERVABLE", "ORDERS", "BlimpAdapter"]

FloatArray = npt.NDArray[np.float64]

OBSERVABLE = ("height_error_m", "height_ref_m", "range_m", "dt_s", "battery_v")
"""Observables, as in `snn_control/BlimpAltitude-v0`."""
ACTIONS = ("motor_command",)
ORDERS = ("sent_command", "frozen", "trusted")
"""Inputs that a controller may take beside its observation: the command in force, motor units; 1
while its adaptation is frozen; 1 while the range is trusted."""
BELOW_FLOOR_M = -0.3
"""Setpoint at the end of a landing on the estimate, m."""
TOUCHED_S = 3.0
"""Time at that setpoint after which the blimp has landed, s."""
STEADY_M = 1.0
"""Height error up to which commands count for the trim, m."""
TRIM_MAX_M_S2 = 0.12
"""Maximum acceleration at the trim command, m/s^2: two motor units off hover."""


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
        self.battery_s: float | None = None
        """Time of the last voltage, s."""
        self.battery_v = math.nan
        self.battery_doubt = ""
        """Evidence against the voltage; empty if there is none."""
        self._doubted_s = -math.inf
        self.over_ceiling = 0
        """Number of upward commands that were replaced by 0 above the ceiling."""
        self._critical_since_s: float | None = None
        self._measured_m = self._range_m = self._command = math.nan
        self._model = BlimpModel(motion or BlimpMotion())
        self._order_names = controller.order_names
        self._trim = LearnedTrim(config.trim_command)
        self.estimator: HeightEstimator | None = None
        """Estimate of the height; None if `range_gate_m` is 0."""
        if config.range_gate_m:
            limits = EstimatorConfig(
                alone_limit_m=config.range_gate_m, alone_identical_s=config.range_stuck_s
            )
            self.estimator = HeightEstimator(limits, motion)
        self._seen_s = self._supported_s = self._floor_s = math.nan
        self._land = ""

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
        """Accept a voltage; return True if it is finite and positive.

        A voltage that stays critical is trouble, also if no further voltage follows. After a drop
        by more than `battery_jump_v` at once it is doubted, and has to stay critical for longer.
        """
        if not (math.isfinite(voltage) and voltage > 0):
            self.reject(f"battery voltage is {voltage:g}")
            return False
        if self.battery_v - voltage > self.config.battery_jump_v:
            self.battery_doubt = (
                f"battery fell from {self.battery_v:.2f} to {voltage:.2f} V at once"
            )
            self._doubted_s = now_s
        elif now_s - self._doubted_s > self.config.battery_doubt_s:
            self.battery_doubt = ""
        self.battery_v, self.battery_s = voltage, now_s
        if voltage >= self.config.battery_critical_v:
            self._critical_since_s = None
        elif self._critical_since_s is None:
            self._critical_since_s = now_s
        return True

    # Calls of the loop.

    def refuse(self, fault: str, now_s: float) -> None:
        """Count a range with a fault, and distrust the lidar."""
        self.reject(fault)
        if self.estimator is not None and self.estimator.started:
            self.estimator.gates["lidar"].close(fault.removeprefix("range "), now_s)

    def require_interface(self, controller: Controller) -> None:
        """Refuse a controller that is not an altitude controller."""
        wrong = [name for name in controller.observation_names if name not in OBSERVABLE]
        if wrong or tuple(controller.action_names) != ACTIONS:
            raise InterfaceMismatchError(
                f"the controller has inputs {controller.observation_names} and outputs "
                f"{controller.action_names}, the node has {OBSERVABLE} and {ACTIONS}: "
                "name a model of an altitude controller"
            )
        if unknown := [name for name in controller.order_names if name not in ORDERS]:
            raise InterfaceMismatchError(
                f"the controller takes the orders {unknown}, the node has {ORDERS}"
            )

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
        self._seen_s = self._supported_s = self._floor_s = self._command = math.nan
        self._land = ""
        self._trim.restart(self.config.trim_command)
        if self.estimator is not None:
            self.estimator.restart()

    def orders(self, now_s: float, frozen: bool, sent: FloatArray) -> tuple[float, ...]:
        """Return those of `ORDERS` that the controller takes."""
        trusted = self.estimator is None or self.estimator.gates["lidar"].trusted
        values = dict(zip(ORDERS, (sent.item(), float(frozen), float(trusted)), strict=True))
        return tuple(values[name] for name in self._order_names)

    def observe(self, measured: float, moment: Moment) -> Observation:
        """Return the observables; the setpoint advances by the elapsed time."""
        if moment.automatic and (fault := self._distrust(measured, moment)):
            return Observation(np.full(len(OBSERVABLE), math.nan), distrusted=f"range {fault}")
        self._range_m, setpoint = measured, self.setpoint
        if setpoint.value is None:
            setpoint.start(measured)
        self._land, self._seen_s, self._supported_s = "", moment.at_s, moment.at_s
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
        height_m, sd_m = self.estimator.estimate(moment.at_s)
        self._land = self._too_uncertain(sd_m, moment.at_s)
        if self.setpoint.value is None:
            self.setpoint.start(height_m)
        if self._land:
            setpoint_m = self._descended(moment)
        else:
            self._floor_s = math.nan
            setpoint_m = self._advanced(moment)
        landed = moment.at_s - self._floor_s >= TOUCHED_S
        lidar = self.estimator.gates["lidar"]
        missing = "" if lidar.trusted else f"range {lidar.reason}"
        values = self._observed(height_m, setpoint_m, moment)
        return Estimated(values, missing, self._land, landed)

    def supervised(self, now_s: float) -> tuple[float, ...]:
        """Return range, estimate, its deviation, trust of the sensors, fault of motors, battery."""
        estimator = self.estimator
        if estimator is None or not estimator.started:
            return (math.nan,) * len(self.supervised_names)
        return (
            self._measured_m,
            estimator.observer.position_m,
            estimator.observer.position_sd_m,
            *(_trust(gate, now_s) for gate in estimator.gates.values()),
            float(bool(estimator.actuator_fault)),
            float(bool(self.battery_doubt)),
        )

    def deviation(self, values: FloatArray) -> float:
        """Return the height error, m."""
        return float(values[0])

    def objection(self, config: AltitudeNodeConfig) -> str:
        """Return the reason to refuse a trim that does not keep the height, by the model.

        A changed trim is compared with the estimated buoyancy, the present one, at arming, with
        the nominal buoyancy and only for a climb.
        """
        trim, unmodelled_m_s2 = config.trim_command, 0.0
        present = trim == self.config.trim_command
        if self.estimator is not None and not present:
            unmodelled_m_s2 = self.estimator.observer.unmodelled_m_s2
        change_m_s2 = self._model.acceleration_at(trim) + unmodelled_m_s2
        if (change_m_s2 if present else abs(change_m_s2)) <= TRIM_MAX_M_S2:
            return ""
        hover = self._model.hover_command(unmodelled_m_s2)
        return (
            f"trim_command {trim:g} does not keep the height: by the model it accelerates the "
            f"blimp by {change_m_s2:+.2f} m/s^2, at most {TRIM_MAX_M_S2:g} is allowed; "
            f"{hover:.1f} keeps it"
        )

    def limit(self, command: FloatArray) -> FloatArray:
        """Return the command, or 0 if it is upward and the height above the ceiling.

        The height is the last trusted or the estimated one, if that is greater: a range that is too
        low is refused, while the estimate continues.
        """
        heights_m = [self._range_m]
        if self.estimator is not None:
            heights_m.append(self.estimator.observer.position_m)
        if any(height_m > self.config.ceiling_m for height_m in heights_m) and command[0] > 0:
            self.over_ceiling += 1
            return np.zeros(1)
        return command

    def trouble(self, now_s: float) -> str:
        """Return the voltage of a battery that was critical for `battery_critical_s`."""
        since_s, config = self._critical_since_s, self.config
        longest_s = config.battery_doubt_s if self.battery_doubt else config.battery_critical_s
        if since_s is None or now_s - since_s < longest_s:
            return ""
        return f"the battery is critical at {self.battery_v:.2f} V"

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
        return np.array([error_m, setpoint_m, height_m, moment.dt_s, self.battery_v])

    def _advanced(self, moment: Moment) -> float:
        """Advance the setpoint by the time of a tick."""
        land_m = min(self.config.land_height_m, self.setpoint.value or 0.0)
        # The setpoint stands still in a long gap: its ramp would end in a step.
        moving_s = min(moment.dt_s, self.config.hold_s)
        return self.setpoint.advance(moving_s, land_m if moment.landing else None)

    def _descended(self, moment: Moment) -> float:
        """Lower the setpoint to below the floor."""
        setpoint, rate_m_s = self.setpoint, self.config.land_rate_m_s
        lower_m = (setpoint.value or 0.0) - rate_m_s * max(moment.dt_s, 0.0)
        setpoint.value = max(lower_m, BELOW_FLOOR_M)
        if setpoint.value == BELOW_FLOOR_M and math.isnan(self._floor_s):
            self._floor_s = moment.at_s
        return setpoint.value

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
            return ""
        verdict = self.estimator.on_range(measured, moment.at_s, moment.at_s + moment.age_s)
        return verdict.reason

    def _too_uncertain(self, sd_m: float, at_s: float) -> str:
        """Return the reason to land on the estimate, or an empty string; it lasts for a while."""
        assert self.estimator is not None
        supported = self.estimator.height_sensor(at_s)
        if supported or math.isnan(self._supported_s):
            self._supported_s = at_s
        if supported == "lidar" or math.isnan(self._seen_s):
            self._seen_s = at_s
        config = self.config
        if self._land and not (supported and sd_m < 0.5 * config.land_sd_m):
            return self._land
        if at_s - self._seen_s <= config.coast_max_s:
            return ""
        if at_s - self._supported_s > config.coast_max_s:
            return f"no sensor of the height for {config.coast_max_s:g} s"
        return f"the height is uncertain by {sd_m:.2f} m" if sd_m > config.land_sd_m else ""


def _trust(gate: TrustGate, now_s: float) -> float:
    """Return 1 for a trusted sensor, 0.5 for a silent one, 0 for one that is not trusted."""
    if not gate.trusted:
        return 0.0
    return 0.5 if gate.silent(now_s) else 1.0
