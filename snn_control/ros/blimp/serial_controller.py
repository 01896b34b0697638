"""Class and parameters of the node `serial_controller`."""

from __future__ import annotations

import copy
import math
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from snn_control.controllers import PID, Controller
from snn_control.controllers.remote import RemoteController
from snn_control.errors import ConfigError, SnnControlError
from snn_control.export.firmware.link import Counts, FirmwareLink, LinkConfig
from snn_control.loops.blimp.config import AltitudeNodeConfig
from snn_control.loops.field import parameter
from snn_control.ros.base.diagnostics import ERROR, WARN, Status
from snn_control.ros.base.loaded_model import ModelSource
from snn_control.ros.blimp.node import AltitudeNode

RECONNECT_S = 0.1
"""Time between two attempts to connect again, s."""
RECONNECT_DEADLINE_S = 0.03
"""Longest time that an attempt delays other callbacks, s."""
NOTED = ("departed", "restarts", "time_outs", "unanswered")
"""Counts whose growth is a warning."""


@dataclass(frozen=True)
class Config(AltitudeNodeConfig):
    """Parameters of `serial_controller`."""

    model: str = parameter("blimp-altitude")
    """Model that the firmware must have, by the hash of its document; empty: any."""
    port: str = parameter("")
    """Serial port of the firmware: a path, a pattern such as /dev/ttyACM*, or
    socket://127.0.0.1:PORT."""
    baud: int = parameter(115200, 300, 10_000_000)
    """Symbol rate of the serial port, 1/s."""
    connect_s: float = parameter(2.0, 0.01, 60.0)
    """Longest wait for the first answer of the firmware, s."""
    retry_s: float = parameter(0.005, 0.0001, 10.0)
    """Time until an unanswered request is repeated, s; longer than a round trip."""
    deadline_s: float = parameter(0.06, 0.0001, 9.9)
    """Longest wait for the answer of a step, s; below the control period."""
    max_unanswered: int = parameter(3, 0, 1000)
    """Unanswered steps in a row, with a line that is alive, at which the last command is held;
    then, and at once on a silent line, the PID takes over."""
    reset_if_departed: bool = parameter(False)
    """Reset the controller if the firmware has missed a step, instead of a warning."""
    input_unit: float = parameter(0.0, 0.0, 1000.0)
    """Value of 1 in an integer input of the firmware, m; 0: floating point."""
    output_unit: float = parameter(0.0, 0.0, 1000.0)
    """Value of 1 in an integer output of the firmware, motor units; 0: floating point."""

    def link(self) -> LinkConfig:
        """Return the configuration of the link.

        Raises:
            ParameterError: times that are not in order.
            ConfigError: the model has no file.
        """
        from snn_control.controllers.files import document_sha256

        sha256 = document_sha256(self.model)
        if self.model and not sha256:
            raise ConfigError(f"model {self.model!r} has no file: name that of the firmware")
        return LinkConfig(self.port, self.baud, self.retry_s, self.deadline_s, sha256)


class FirmwareSource(ModelSource):
    """Source of the controller on a microcontroller; holds one link at a time."""

    def __init__(self) -> None:
        self.link: FirmwareLink | None = None

    def load(self, config: Config) -> RemoteController:
        """Connect to the firmware, and reset it.

        Raises:
            LineError, UnansweredError, ProtocolError: no firmware with the model.
        """
        self.close()
        self.link = FirmwareLink(config.link())
        self.link.connect(config.connect_s)
        controller = RemoteController(
            self.link,
            PID.observation_names,
            PID.action_names,
            input_unit=config.input_unit,
            output_unit=config.output_unit,
            max_unanswered=config.max_unanswered,
        )
        if config.deadline_s >= controller.control_period_s:
            raise ConfigError(
                f"deadline_s is {config.deadline_s:g}; expected less than the firmware's period, "
                f"{controller.control_period_s:g} s"
            )
        controller.reset()
        return controller

    def ready(self, config: Config) -> RemoteController:
        """Return the controller without a step, which would drive actuators of the firmware."""
        return self.load(config)

    def status(self, controller: Controller, config: Config) -> Status:
        """Return name and hash of the model."""
        info = None if self.link is None else self.link.info
        values = {
            "model": config.model,
            "sha256": info.model_sha256[:16] if info else "",
            "control period (s)": controller.control_period_s,
        }
        return Status(values=values)

    def close(self) -> None:
        """Close the link."""
        if self.link is not None:
            self.link.close()
            self.link = None


class SerialController(AltitudeNode):
    """Node of an altitude controller that runs on a microcontroller."""

    config_type = Config

    def __init__(self, **options: Any) -> None:
        self._source = FirmwareSource()
        self._tried_s = -math.inf
        self._noted, self._reported = Counts(), Counts()
        super().__init__("serial_controller", self._source, **options)
        self.diagnostics.add("link", self._link_status)

    def cleanup(self) -> None:
        """Close topics, services and the link."""
        super().cleanup()
        self._source.close()

    def make_safe(self) -> None:
        """Disarm, stop the motors, and make the outputs of the firmware safe."""
        super().make_safe()
        link = self._source.link
        if link is not None and link.connected:
            with suppress(SnnControlError):  # without a reset its time-out does the same
                link.reset()

    def accompany(self, now_s: float) -> None:
        """Connect again after a loss, and note the counts of the link."""
        super().accompany(now_s)
        link = self._source.link
        if link is None:
            return
        if not link.connected and now_s - self._tried_s >= RECONNECT_S:
            self._tried_s = now_s
            self._reconnect(link)
        self._note(link)

    def _reconnect(self, link: FirmwareLink) -> None:
        try:
            link.connect(RECONNECT_DEADLINE_S)
        except SnnControlError as exc:
            self.get_logger().warning(f"firmware lost: {exc}", throttle_duration_sec=1.0)
            return
        self.get_logger().info("firmware connected again: the controller starts again")
        self._start_again()

    def _start_again(self) -> None:
        self._running().reset()
        self._publish_mode()

    def _note(self, link: FirmwareLink) -> None:
        """Warn of new events of the link; reset the controller if that is requested."""
        grown = _grown(self._noted, link.counts)
        departed = "departed" in grown or "restarts" in grown
        self._noted = copy.copy(link.counts)
        if grown:
            text = ", ".join(f"{name} {n}" for name, n in grown.items())
            self.get_logger().warning(f"firmware: {text}", throttle_duration_sec=1.0)
        if departed and self.config.reset_if_departed and link.connected:
            self._start_again()

    def _link_status(self) -> Status:
        link = self._source.link
        if link is None:
            return Status(message="no link")
        values = {"port": link.config.port, "connected": link.connected}
        status = Status(values=values | vars(link.counts))
        if grown := _grown(self._reported, link.counts):
            status.escalate(WARN, ", ".join(f"{name} {n}" for name, n in grown.items()))
        self._reported = copy.copy(link.counts)
        if not link.connected:
            status.escalate(ERROR, "the firmware is lost")
        return status


def _grown(before: Counts, now: Counts) -> dict[str, int]:
    """Return the increase of each count of `NOTED` that has grown."""
    grown = {name: getattr(now, name) - getattr(before, name) for name in NOTED}
    return {name: n for name, n in grown.items() if n > 0}
