"""The model that a node flies: loaded, warm, and compared with its file."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from snn_control.controllers import Controller
from snn_control.controllers.files import model_path
from snn_control.errors import ParameterError
from snn_control.ros.base.diagnostics import WARN, Status
from snn_control.training.model_name import ModelName, load_named


class LoadedModel:
    """Remembers which controller came from which file."""

    def __init__(self) -> None:
        self._newest: tuple[Controller | None, str] = (None, "")

    def load(self, config: Any) -> Controller:
        """Load the model that the parameters name."""
        digest, period_s = model_hash(config.model), config.control_period_s or None
        controller = load_named(config.model, control_period_s=period_s, resample=config.resample)
        self._newest = (controller, digest)
        return controller

    def status(self, flown: Controller, config: Any) -> Status:
        """Return the status of a controller that is flown."""
        newest, digest = self._newest
        flies = newest is flown
        status = Status()
        status.values = {
            "model": config.model,
            "sha256": digest if flies else "of an older file",
            "control period (s)": flown.control_period_s,
        }
        if not flies or model_hash(config.model) != digest:
            status.say(WARN, "the model's file has changed: call ~/reload")
        return status


def warm(controller: Controller) -> Controller:
    """Call a controller once, so that nothing is compiled in flight."""
    controller.step(np.zeros(len(controller.observation_names)))
    controller.reset()
    return controller


def model_hash(name: str) -> str:
    """Return the first 16 digits of the SHA-256 of a model's document; it holds that of its arrays.

    A controller that is no file has none.
    """
    path = model_path(ModelName.parse(name).base)
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()[:16] if path else ""
    except OSError as exc:
        raise ParameterError(f"model {name!r} cannot be read: {exc}") from exc
