"""Controllers by name: built in, on disk, or from another package.

On disk are the networks of a controller in one JSON and one safetensors file. Another package adds
a controller by an entry point of the group `snn_control.controllers`, whose name is the
controller's and whose object is a subclass of `Controller`.
"""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from snn_control.controllers.altitude import Altitude
from snn_control.controllers.controller import Controller
from snn_control.controllers.pid import PID
from snn_control.errors import ConfigError, ModelFileError, UnknownNameError
from snn_control.network.files import (
    Document,
    Tensors,
    network_document,
    network_from_document,
    read_pair,
    reading,
    write_pair,
)
from snn_control.resources import models_folder

ENTRY_POINT_GROUP = "snn_control.controllers"

BUILT_IN: dict[str, Any] = {"pid": PID}
"""Controllers that need no file."""

NETWORK_CONTROLLERS: dict[str, Any] = {"altitude": Altitude}
"""Controllers made of networks, by the name their files carry."""


def save(controller: Altitude, path: str | Path, about: Document | None = None) -> Path:
    """Write `<path>.json` and `<path>.safetensors`; return the path of the document.

    Args:
        controller: what to save.
        path: with or without suffix.
        about: provenance for people: command, data, rights. Must hold no time and no path.
    """
    tensors: Tensors = {}
    networks = [
        network_document(network, tensors, prefix=f"{k}/")
        for k, network in enumerate(controller.networks)
    ]
    document = {"kind": "controller", "controller": "altitude", "networks": networks}
    return write_pair(path, document | {"about": about or {}}, tensors)


def load(name_or_path: str | Path, **options: Any) -> Controller:
    """Load a controller.

    Args:
        name_or_path: `pid`, the name of a shipped model, a run folder, a model file, or the name
            of a controller of another package. Ours come before those of other packages.
        options: for the controller's constructor, for example `engine=ReferenceEngine`.

    Raises:
        UnknownNameError: neither a name nor a path.
        ModelFileError: a broken file; the message names the field.
        ConfigError: another package registers something that is no `Controller`.
    """
    name = str(name_or_path)
    if name in BUILT_IN:
        return BUILT_IN[name](**options)
    path = _model_path(name)
    if path is None:
        return _registered(name)(**options)
    document, tensors = read_pair(path, "controller")
    with reading(path):
        kind = document["controller"]
        if kind not in NETWORK_CONTROLLERS:
            raise ModelFileError(f"{path}: controller is {kind!r}, known: {[*NETWORK_CONTROLLERS]}")
        networks = [network_from_document(d, tensors) for d in document["networks"]]
        return NETWORK_CONTROLLERS[kind](networks, **options)


def find_model(name: str) -> Path:
    """Return the document of a shipped model, a run folder or a file.

    Raises:
        UnknownNameError: with the closest names.
    """
    path = _model_path(name)
    if path is None:
        raise UnknownNameError("model", name, model_names())
    return path


def _model_path(name: str) -> Path | None:
    path = Path(name)
    candidates = [
        path / "checkpoints" / "best" / "model.json",
        path / "model.json",
        path if path.suffix == ".json" else path.with_name(path.name + ".json"),
        models_folder() / f"{name}.json",
    ]
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def _registered(name: str) -> type[Controller]:
    for point in entry_points(group=ENTRY_POINT_GROUP, name=name):
        found = point.load()
        if not (isinstance(found, type) and issubclass(found, Controller)):
            raise ConfigError(
                f"entry point {point.value!r} of controller {name!r} is no subclass of Controller"
            )
        return found
    raise UnknownNameError("model", name, model_names())


def model_names() -> list[str]:
    """Names that `load` knows: shipped models, built-in controllers, those of other packages."""
    shipped = {path.stem for path in models_folder().glob("*.json")}
    others = {point.name for point in entry_points(group=ENTRY_POINT_GROUP)}
    return sorted(shipped | BUILT_IN.keys() | others)
