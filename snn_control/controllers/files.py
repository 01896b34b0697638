"""Controllers by name: built in, on disk, or from another package.

On disk are the networks of a controller in one JSON and one safetensors file. Another package adds
a controller by an entry point of the group `snn_control.controllers`, whose name is the
controller's and whose object is a subclass of `Controller`.
"""

from __future__ import annotations

import dataclasses
import math
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from snn_control.controllers.blimp.altitude import Altitude
from snn_control.controllers.blimp.pid import PID, PIDConfig
from snn_control.controllers.controller import Controller
from snn_control.controllers.model_name import ModelName
from snn_control.controllers.swimmer.plan import plan_of
from snn_control.controllers.swimmer.swimmer import Swimmer, read_swimmer
from snn_control.errors import (
    ConfigError,
    ControlPeriodError,
    UnknownNameError,
)
from snn_control.network.fields import Field
from snn_control.network.files import (
    Document,
    Tensors,
    network_document,
    network_from_document,
    read_pair,
    reading,
    write_pair,
)
from snn_control.network.resample import resample as resampled
from snn_control.resources import models_folder

ENTRY_POINT_GROUP = "snn_control.controllers"

BUILT_IN: dict[str, Any] = {"pid": PID}
"""Controllers that need no file."""

ALIASES = {"swimmer": "swimmer-spiking"}
"""Other names of shipped models."""

NETWORK_CONTROLLERS: dict[str, Any] = {"altitude": Altitude, "swimmer": Swimmer}
"""Controllers made of networks, by the name their files carry."""

_FIELDS = ("schema_version", "arrays_sha256", "kind", "controller", "networks", "settings", "about")


def save(controller: Altitude | Swimmer, path: str | Path, about: Document | None = None) -> Path:
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
    kind = next(name for name, cls in NETWORK_CONTROLLERS.items() if type(controller) is cls)
    document: Document = {"kind": "controller", "controller": kind, "networks": networks}
    if isinstance(controller, Swimmer):
        document["settings"] = controller.settings()
    return write_pair(path, document | {"about": about or {}}, tensors)


def load(
    name_or_path: str | Path,
    *,
    control_period_s: float | None = None,
    resample: bool = False,
    **options: Any,
) -> Controller:
    """Load a controller.

    Args:
        name_or_path: `pid`, the name of a shipped model or one of `ALIASES`, a run folder, a model
            file, or the name of a controller of another package. Ours come before those of other
            packages.
            `:untrained` and `:4-links` may follow that of a swimmer, see `ModelName`.
        control_period_s: period it will run at, in s; None: the one it was made for. `pid` is
            made for any.
        resample: whether networks made for another period may be resampled, see
            `network.resample`; else they are refused.
        options: for the controller's constructor, for example `engine=ReferenceEngine`.

    Raises:
        UnknownNameError: neither a name nor a path.
        ModelFileError: a broken file; the message names the field.
        ControlPeriodError: made for another control period, and not to be or cannot be resampled.
        ConfigError: another package registers something that is no `Controller`.
        ParameterError: something follows the name of what is no swimmer, or a body of so many links
            is none.
    """
    asked = ModelName.parse(str(name_or_path))
    name, path = asked.base, model_path(str(name_or_path))
    if name in BUILT_IN:
        asked.require_plain()
        return BUILT_IN[name](**_with_period(options, control_period_s))
    if path is None:
        kind = _registered(name)
        asked.require_plain()
        controller = kind(**options)
        _require_period(name, controller.control_period_s, control_period_s, can_resample=False)
        return controller
    document, tensors = read_pair(path, "controller")
    with reading(path):
        root = Field(document).only(_FIELDS)
        kind = root["controller"].one_of([*NETWORK_CONTROLLERS])
        networks = [
            network_from_document(item.value, tensors, item.place)
            for item in root["networks"].items()
        ]
    if resample and control_period_s is not None:
        networks = [resampled(network, control_period_s) for network in networks]
    elif networks:
        _require_period(name, networks[0].control_period_s, control_period_s, can_resample=True)
    if kind != "swimmer":
        asked.require_plain()
        with reading(path):
            return NETWORK_CONTROLLERS[kind](networks, **options)
    with reading(path):
        settings = root["settings"].mapping() if "settings" in root else {}
        if asked.n_links is None:
            return read_swimmer(networks, settings, asked.untrained, **options)
        own = read_swimmer(networks, settings, asked.untrained)
    return plan_of(own).on(asked.n_links).swimmer(**options)


def _with_period(options: dict[str, Any], control_period_s: float | None) -> dict[str, Any]:
    if control_period_s is None:
        return options
    config = options.get("config") or PIDConfig()
    return options | {"config": dataclasses.replace(config, control_period_s=control_period_s)}


def _require_period(name: str, own_s: float, asked_s: float | None, *, can_resample: bool) -> None:
    if asked_s is not None and not math.isclose(own_s, asked_s, rel_tol=1e-6):
        remedy = ", or load it with resample=True" if can_resample else ""
        raise ControlPeriodError(
            f"controller {name!r} was made for a control period of {own_s:g} s and was asked to "
            f"run at {asked_s:g} s; run it at its own period{remedy}"
        )


def model_path(name: str) -> Path | None:
    """Return the document of a model, named as for `load`; None for what is no file."""
    base = ModelName.parse(name).base
    path = Path(base)
    candidates = [
        path / "checkpoints" / "best" / "model.json",
        path / "model.json",
        path if path.suffix == ".json" else path.with_name(path.name + ".json"),
        models_folder() / f"{ALIASES.get(base, base)}.json",
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
