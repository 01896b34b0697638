"""Forward models by name."""

from __future__ import annotations

from importlib import import_module

from snn_control.controllers.forward_model import ForwardModel
from snn_control.errors import UnknownNameError
from snn_control.packages import required_packages

__all__ = ["FORWARD_MODELS", "forward_model_class"]

FORWARD_MODELS: dict[str, str] = {
    "blimp": "snn_control.controllers.blimp.forward_model:BlimpForwardModel",
}
"""Module and class of each forward model, by its name in files."""


def forward_model_class(name: str) -> type[ForwardModel]:
    """Import and return the class of one of `FORWARD_MODELS`.

    Raises:
        UnknownNameError: no such forward model.
    """
    if name not in FORWARD_MODELS:
        raise UnknownNameError("forward model", name, FORWARD_MODELS)
    module, _, attribute = FORWARD_MODELS[name].partition(":")
    with required_packages():
        kind: type[ForwardModel] = getattr(import_module(module), attribute)
    return kind
