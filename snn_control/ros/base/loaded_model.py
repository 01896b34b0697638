"""Source of the controller of a node: a model, loaded, warmed up and compared with its file."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from snn_control.controllers import Controller
from snn_control.ros.base.diagnostics import WARN, Status

__all__ = ["LoadedModel", "ModelSource", "model_hash", "warm"]


class ModelSource(ABC):
    """Source of the controller of a node."""

    @abstractmethod
    def load(self, config: Any) -> Controller:
        """Return a new controller for the parameters of the node."""

    def ready(self, config: Any) -> Controller:
        """Return a new controller that is in its initial state and compiles nothing later."""
        return warm(self.load(config))

    @abstractmethod
    def status(self, controller: Controller, config: Any) -> Status:
        """Return the status of the current controller."""


class LoadedModel(ModelSource):
    """Model file that may change while its controller is in use.

    Args:
        options: function that returns further options of `load` for the parameters; None: none.
    """

    def __init__(self, options: Callable[[Any], Mapping[str, Any]] | None = None) -> None:
        self._options = options
        self._newest: tuple[Controller | None, str] = (None, "")

    def load(self, config: Any) -> Controller:
        """Load the model named by the parameters."""
        from snn_control.network.resample import MAX_LAG_CHANGE
        from snn_control.training.model_name import load_named

        digest, period_s = model_hash(config.model), config.control_period_s or None
        controller = load_named(
            config.model,
            control_period_s=period_s,
            resample=config.resample,
            max_lag_change=getattr(config, "max_lag_change", MAX_LAG_CHANGE),
            options=self._options(config) if self._options else None,
        )
        self._newest = (controller, digest)
        return controller

    def status(self, controller: Controller, config: Any) -> Status:
        """Return name and hash of the model, with a warning if its file has changed."""
        newest, digest = self._newest
        current = newest is controller
        status = Status()
        status.values = {
            "model": config.model,
            "sha256": digest if current else "of an older file",
            "control period (s)": controller.control_period_s,
        }
        if not current or model_hash(config.model) != digest:
            status.escalate(WARN, "the model file has changed: call ~/reload")
        return status


def warm(controller: Controller) -> Controller:
    """Step a controller once and reset it, so that nothing is compiled in operation."""
    controller.step(np.zeros(len(controller.observation_names)))
    controller.reset()
    return controller


def model_hash(name: str) -> str:
    """Return the first 16 digits of the SHA-256 of a model document; empty if it is not a file.

    The document contains the hash of its arrays.
    """
    from snn_control.controllers.files import document_sha256
    from snn_control.training.model_name import ModelName

    return document_sha256(ModelName.parse(name).base)[:16]
