"""The node `altitude_controller`: range and set-point in, motor command out, by any model."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from snn_control.controllers import Controller, load
from snn_control.controllers.files import model_path
from snn_control.errors import ParameterError
from snn_control.ros.altitude_config import AltitudeNodeConfig
from snn_control.ros.altitude_node import AltitudeNode
from snn_control.ros.diagnostics import WARN, Status
from snn_control.ros.parameters import parameter
from snn_control.ros.run_node import run_node


@dataclass(frozen=True)
class Config(AltitudeNodeConfig):
    """Parameters of `altitude_controller`."""

    model: str = parameter("blimp-altitude")
    """Name of a shipped model, a run folder or a model file."""
    control_period_s: float = parameter(0.0, 0.0, 10.0)
    """Period the measurements come at, s; 0: that of the model. Another one is refused."""
    resample: bool = parameter(False)
    """Whether a model of another period may be resampled instead."""


class AltitudeController(AltitudeNode):
    """Flies a model."""

    config_type = Config

    def __init__(self, **options: Any) -> None:
        self._loaded: tuple[Controller | None, str] = (None, "")
        super().__init__("altitude_controller", **options)

    def make_controller(self, config: Config) -> Controller:
        """Load the model."""
        digest, period_s = model_hash(config.model), config.control_period_s or None
        controller = load(config.model, control_period_s=period_s, resample=config.resample)
        self._loaded = (controller, digest)
        return controller

    def _model_status(self) -> Status:
        config, status = self.config, Status()
        if self.loop is None or config is None:
            return Status(message="no model loaded")
        controller, digest = self._loaded
        flies = controller is self.loop.controller
        status.values = {
            "model": config.model,
            "sha256": digest if flies else "of an older file",
            "control period (s)": self.loop.period_s,
        }
        if not flies or model_hash(config.model) != digest:
            status.say(WARN, "the model's file has changed: call ~/reload")
        return status


def model_hash(name: str) -> str:
    """Return the first 16 digits of the SHA-256 of a model's document; it holds that of its arrays.

    A controller that is no file has none.
    """
    path: Path | None = model_path(name)
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()[:16] if path else ""
    except OSError as exc:
        raise ParameterError(f"model {name!r} cannot be read: {exc}") from exc


def main(arguments: list[str] | None = None) -> int:
    """Run the node."""
    return run_node(AltitudeController, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
