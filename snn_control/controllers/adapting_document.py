"""Parts of an adapting controller in its file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from snn_control.controllers.adapting_config import AdaptingConfig
from snn_control.controllers.controller import Controller
from snn_control.controllers.document import ControllerDocument
from snn_control.controllers.files import filed_class
from snn_control.controllers.forward_model import ForwardModel
from snn_control.controllers.forward_models import forward_model_class
from snn_control.controllers.model_identity import identity
from snn_control.errors import ParameterError, UnknownNameError
from snn_control.plasticity.need import EssentialVariable

__all__ = ["adapting_parts", "parameters_in", "snapshot_of"]


def adapting_parts(
    document: ControllerDocument,
) -> tuple[type[Controller], ControllerDocument, ForwardModel, AdaptingConfig]:
    """Return class and document of the wrapped controller, the model and the limits.

    Raises:
        ParameterError: unknown kinds or wrong settings.
    """
    settings = dict(document.settings)
    try:
        kind = filed_class(settings["inner"])
        inner = ControllerDocument(document.networks, settings["inner_settings"])
        model = forward_model_class(settings["forward_model"]).from_settings(settings["model"])
        adaptation = dict(settings["adaptation"])
        needs = tuple(EssentialVariable(**each) for each in adaptation.pop("needs", ()))
        config = AdaptingConfig(**adaptation, needs=needs)
    except (KeyError, TypeError, UnknownNameError) as exc:
        raise ParameterError(f"settings of an adapting controller: {exc}") from exc
    return kind, inner, model, config


def snapshot_of(inner: Controller, model: ForwardModel) -> dict[str, Any]:
    """Return the learned parameters as JSON values, for `parameters_in`."""
    parameters = zip(model.parameter_names, model.parameters, strict=True)
    return {"controller": identity(inner, model), "parameters": dict(parameters)}


def parameters_in(
    snapshot: Mapping[str, Any], inner: Controller, model: ForwardModel
) -> tuple[float, ...]:
    """Return the parameters of a snapshot.

    Raises:
        ParameterError: one of another controller or model, or incomplete.
    """
    if snapshot.get("controller") != identity(inner, model):
        raise ParameterError(
            "the snapshot is of another network or forward model; load it with its own model"
        )
    values, names = snapshot.get("parameters", {}), model.parameter_names
    if set(values) != set(names):
        raise ParameterError(f"parameters of the snapshot: expected {', '.join(names)}")
    return tuple(float(values[name]) for name in names)
