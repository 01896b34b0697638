"""Class and parameters of the node `blimp_simulator`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from nav_msgs.msg import Odometry
from sensor_msgs.msg import BatteryState, FluidPressure, Imu, Range
from std_msgs.msg import Float64

from snn_control.envs.blimp.parameter_file import read_parameters
from snn_control.envs.blimp.plant import COMMAND_LIMIT, PHYSICS_STEP_S
from snn_control.envs.blimp.presets import PRESETS, blimp_parameters
from snn_control.envs.blimp.robot import BlimpRobot, Measurement
from snn_control.envs.blimp.scenario import draw_scenario
from snn_control.envs.blimp.sensing.errors import SenseParameters
from snn_control.errors import ParameterError, UnknownNameError
from snn_control.loops.field import parameter
from snn_control.ros.base.interface import qos
from snn_control.ros.base.simulator_node import SimulatorConfig, SimulatorNode
from snn_control.ros.blimp.interfaces import SIMULATOR
from snn_control.ros.blimp.senses import SenseMessages
from snn_control.runs import atomic


@dataclass(frozen=True)
class Config(SimulatorConfig):
    """Parameters of `blimp_simulator`.

    Raises:
        UnknownNameError: no such preset.
    """

    preset: str = parameter("default")
    """Preset of the faults: default, clean, missed, leak or stress."""
    parameters_file: str = parameter("")
    """File of blimp parameters that override the preset, as written by `snn-control fit`."""
    reference: bool = parameter(True)
    """Publish the setpoints of the task."""
    motor_timeout_s: float = parameter(2.0, 0.1, 3600.0)
    """Time without a command after which the motors stop, s."""
    period_s: float = parameter(0.0, 0.0, 1.0)
    """Control period, s; 0: that of the preset."""
    senses: bool = parameter(False)
    """Noise of the lidar, and topics `pressure` and `imu`, as in BlimpAltitude-v1."""
    room_seed: int = parameter(-1, -1, 2**31 - 1)
    """Seed of the drift that the barometers of blimps in one room share; -1: another one."""
    site_height_m: float = parameter(0.0, -400.0, 5000.0)
    """Height of the floor above sea level in the standard atmosphere, m; for `pressure`."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.preset not in PRESETS:
            raise UnknownNameError("preset", self.preset, PRESETS)


class BlimpSimulator(SimulatorNode[BlimpRobot]):
    """Simulator node that flies one scenario."""

    config_type = Config
    interface = SIMULATOR
    physics_step_s = PHYSICS_STEP_S

    def __init__(self, **options: Any) -> None:
        super().__init__("blimp_simulator", **options)

    def make_robot(self, config: Config) -> BlimpRobot:
        """Return the blimp at the start of a drawn scenario."""
        changes = read_parameters(Path(config.parameters_file)) if config.parameters_file else {}
        if config.period_s:
            changes = {**changes, "control_period_s": config.period_s}
        parameters = blimp_parameters(config.preset, changes)
        scenario = draw_scenario(parameters, config.seed, config.duration_s)
        room_seed = None if config.room_seed < 0 else config.room_seed
        senses = SenseParameters(room_seed=room_seed) if config.senses else None
        return BlimpRobot(scenario, config.motor_timeout_s, senses)

    def open_topics(self) -> tuple[Any, Any, list[Any]]:
        """Open the topics of range, command, battery, setpoint and ground truth."""
        self._range = self.create_publisher(Range, "range", qos("sensor"))
        self._battery = self.create_publisher(BatteryState, "battery", qos("sensor"))
        self._set_point = self.create_publisher(Float64, "height_set_point", qos("latched"))
        self._truth = self.create_publisher(Odometry, "ground_truth", qos("sensor"))
        commands = self.create_subscription(
            Float64, "motor_command", self.guarded(self._on_command), qos("command")
        )
        others = [self._battery, self._set_point, self._truth, *self._open_senses()]
        return self._range, commands, others

    def _open_senses(self) -> list[Any]:
        """Open the topics of the senses, if they are on."""
        if not self.config.senses:
            return []
        self._messages = SenseMessages(SenseParameters(), self.config.site_height_m)
        self._pressure = self.create_publisher(FluidPressure, "pressure", qos("sensor"))
        self._imu = self.create_publisher(Imu, "imu", qos("sensor"))
        return [self._pressure, self._imu]

    def begin(self) -> None:
        """Reset the published setpoint and voltage."""
        self._published_m = self._battery_at_s = -math.inf

    def _on_command(self, message: Float64) -> None:
        try:
            self._current().command(message.data)
        except ParameterError as exc:
            self.refuse(exc)
            return
        if abs(message.data) > COMMAND_LIMIT:
            self.report_limit(f"motor_command {message.data:g}", f"{COMMAND_LIMIT:g}")

    def publish(self, measurement: Measurement, stamp: Any) -> None:
        """Publish senses, range and ground truth; setpoint on change; battery every second.

        The range comes last of the measurements, because it triggers a tick of the controller.
        """
        if self.config.reference and measurement.height_ref_m != self._published_m:
            self._published_m = measurement.height_ref_m
            self._set_point.publish(Float64(data=self._published_m))
        if measurement.time_s - self._battery_at_s >= 1.0:
            self._battery_at_s = measurement.time_s
            battery = BatteryState(voltage=measurement.battery_v, present=True)
            battery.header.stamp = stamp
            battery.percentage = battery.current = battery.charge = math.nan
            battery.capacity = battery.design_capacity = battery.temperature = math.nan
            self._battery.publish(battery)
        self._publish_senses(measurement, stamp)
        message = Range(
            radiation_type=Range.INFRARED, field_of_view=0.03, min_range=0.0, max_range=12.0
        )
        message.header.stamp, message.header.frame_id = stamp, "lidar"
        message.range = measurement.range_m
        self._range.publish(message)
        self._truth.publish(self._odometry(stamp))

    def _publish_senses(self, measurement: Measurement, stamp: Any) -> None:
        height_m = measurement.barometer_m
        acceleration_m_s2 = measurement.vertical_acceleration_m_s2
        if height_m is not None and acceleration_m_s2 is not None:
            self._pressure.publish(self._messages.pressure(height_m, stamp))
            self._imu.publish(self._messages.imu(acceleration_m_s2, stamp))

    def _odometry(self, stamp: Any) -> Odometry:
        body = self._current().body
        message = Odometry(child_frame_id="base_link")
        message.header.stamp, message.header.frame_id = stamp, "map"
        position, turn = message.pose.pose.position, message.pose.pose.orientation
        position.x, position.y = (float(x) for x in body.data.qpos[:2])
        position.z = body.height_m
        turn.w, turn.x, turn.y, turn.z = (float(x) for x in body.data.qpos[3:7])
        message.twist.twist.linear.z = body.speed_m_s
        return message

    def write_episode(self, robot: BlimpRobot, path: Path) -> None:
        """Write the trace `BlimpAltitude.trace` and its ticks, without pickles."""
        ticks = robot.scenario.tick_step
        arrays = robot.trace() | {
            "tick_step": ticks[ticks < robot.step],
            "missed": robot.scenario.missed[: int((ticks < robot.step).sum())],
            "finished": np.array(robot.finished),
        }
        atomic.write_arrays(path, arrays)
