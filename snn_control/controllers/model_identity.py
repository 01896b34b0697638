"""Identity of a controller and its forward model."""

from __future__ import annotations

import hashlib
import json

import numpy as np

from snn_control.controllers.controller import Controller
from snn_control.controllers.forward_model import ForwardModel
from snn_control.network.document import network_document
from snn_control.network.files import Tensors

__all__ = ["identity"]


def identity(controller: Controller, model: ForwardModel) -> str:
    """Return a hash of the networks of a controller, and of kind and settings of its model."""
    digest = hashlib.sha256(controller.filed_as.__qualname__.encode())
    for network in controller.networks:
        tensors: Tensors = {}
        digest.update(json.dumps(network_document(network, tensors), sort_keys=True).encode())
        for name in sorted(tensors):
            digest.update(name.encode() + np.ascontiguousarray(tensors[name]).tobytes())
    digest.update(json.dumps([model.name, model.document()], sort_keys=True).encode())
    return digest.hexdigest()
