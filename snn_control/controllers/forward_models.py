"""Forward models by name, and the adapting controllers on them."""

from __future__ import annotations

import hashlib
import json
from importlib import import_module

import numpy as np

from snn_control.controllers.controller import Controller
from snn_control.controllers.forward_model import ForwardModel
from snn_control.errors import ParameterError, UnknownNameError
from snn_control.network.document import network_document
from snn_control.network.files import Tensors
from snn_control.packages import required_packages

__all__ = ["FORWARD_MODELS", "adapted", "forward_model_class", "identity"]

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


def adapted(controller: Controller) -> Controller:
    """Return a controller on the forward model of its vehicle; an adapting one is returned itself.

    The read-out `pd`, if there is one, acts on the prediction: the model replaces the integral.

    Raises:
        ParameterError: there is no forward model of the vehicle.
    """
    from snn_control.controllers.adapting import Adapting
    from snn_control.controllers.adapting_config import AdaptingConfig

    if isinstance(controller, Adapting):
        return controller
    for name in FORWARD_MODELS:
        kind = forward_model_class(name)
        if tuple(controller.action_names) == (kind.action_name,):
            readout = "pd" if "pd" in controller.readouts else ""
            return Adapting(controller, kind.from_settings({}), AdaptingConfig(readout=readout))
    raise ParameterError(
        f"no forward model commands {', '.join(controller.action_names)}; there are those of: "
        f"{', '.join(FORWARD_MODELS)}"
    )


def identity(controller: Controller, model: ForwardModel) -> str:
    """Return a hash of the networks of a controller, and of kind and settings of its model."""
    digest = hashlib.sha256(type(controller).__qualname__.encode())
    for network in controller.networks:
        tensors: Tensors = {}
        digest.update(json.dumps(network_document(network, tensors), sort_keys=True).encode())
        for name in sorted(tensors):
            digest.update(name.encode() + np.ascontiguousarray(tensors[name]).tobytes())
    digest.update(json.dumps([model.name, model.document()], sort_keys=True).encode())
    return digest.hexdigest()
