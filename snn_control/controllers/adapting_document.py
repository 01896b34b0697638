"""Parts of an adapting controller in its file."""

from __future__ import annotations

from snn_control.controllers.adapting_config import AdaptingConfig
from snn_control.controllers.controller import Controller
from snn_control.controllers.document import ControllerDocument
from snn_control.controllers.files import filed_class
from snn_control.controllers.forward_model import ForwardModel
from snn_control.controllers.forward_models import forward_model_class
from snn_control.errors import ParameterError, UnknownNameError
from snn_control.plasticity.need import EssentialVariable

__all__ = ["adapting_parts"]


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
