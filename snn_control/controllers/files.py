"""Controllers by name: built in, on disk, or from another package.

On disk a controller is a `ControllerDocument` in one JSON and one safetensors file. Another package
adds a controller by an entry point of the group `snn_control.controllers`: its name is that of the
controller and of the kind in files, its object a subclass of `Controller`.
"""

from __future__ import annotations

import hashlib
import inspect
import math
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snn_control.controllers.blimp.pid import PID
from snn_control.controllers.controller import Controller
from snn_control.controllers.corridor.gap import Gap
from snn_control.controllers.document import ControllerDocument
from snn_control.controllers.engine_names import engine_options, in_c
from snn_control.errors import (
    ConfigError,
    ControlPeriodError,
    ModelFileError,
    ParameterError,
    UnknownNameError,
)
from snn_control.input_file import is_file
from snn_control.network import Network
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
from snn_control.network.resample import MAX_LAG_CHANGE, resampling_remedy
from snn_control.network.resample import resample as resampled
from snn_control.packages import required_packages
from snn_control.resources import models_folder

if TYPE_CHECKING:
    from importlib.metadata import EntryPoints

__all__ = [
    "ALIASES",
    "BUILT_IN",
    "ENTRY_POINT_GROUP",
    "FILED",
    "document_sha256",
    "file_kind",
    "filed_class",
    "load",
    "model_names",
    "model_path",
    "save",
]

ENTRY_POINT_GROUP = "snn_control.controllers"

BUILT_IN: dict[str, type[Controller]] = {"gap": Gap, "pid": PID}
"""Controllers without a file."""

ALIASES = {"swimmer": "swimmer-spiking"}
"""Other names of shipped models."""

FILED: dict[str, str] = {
    "adapting": "snn_control.controllers.adapting:Adapting",
    "altitude": "snn_control.controllers.blimp.altitude:Altitude",
    "gap": "snn_control.controllers.corridor.gap:Gap",
    "spiking_gap": "snn_control.controllers.corridor.spiking_gap:SpikingGap",
    "network": "snn_control.controllers.network_controller:NetworkController",
    "swimmer": "snn_control.controllers.swimmer.swimmer:Swimmer",
}
"""Module and class of the controllers with files, by the name of their kind in the files."""

_FIELDS = ("schema_version", "arrays_sha256", "kind", "controller", "networks", "settings", "about")


def save(controller: Controller, path: str | Path, about: Document | None = None) -> Path:
    """Write `<path>.json` and `<path>.safetensors`; return the path of the document.

    Args:
        controller: controller that implements `to_document`.
        path: with or without suffix.
        about: provenance; must contain no time and no path.

    Raises:
        ParameterError: the class does not support files or has no registered name.
    """
    content = controller.to_document()
    tensors: Tensors = {}
    networks = [
        network_document(network, tensors, prefix=f"{k}/")
        for k, network in enumerate(content.networks)
    ]
    document: Document = {
        "kind": "controller",
        "controller": file_kind(controller.filed_as),
        "networks": networks,
    }
    if content.settings:
        document["settings"] = dict(content.settings)
    return write_pair(path, document | {"about": about or {}}, tensors)


def load(
    name_or_path: str | Path,
    *,
    control_period_s: float | None = None,
    resample: bool = False,
    max_lag_change: float = MAX_LAG_CHANGE,
    library: str | Path | None = None,
    **options: Any,
) -> Controller:
    """Load a controller.

    Args:
        name_or_path: `pid`, the name of a shipped model or one of `ALIASES`, a run folder, a model
            file, or the name of a controller of another package. Names of this package come first.
        control_period_s: intended control period, s; None: that of the model. `pid` accepts any.
        resample: True to resample networks of another period, see `network.resample`; False to
            refuse them.
        max_lag_change: accepted change of the lag of filters by resampling, see
            `network.resample`.
        library: shared library of the exported model for engine `c`, `libNAME.so` with the prefix
            NAME; it must have the hash of the model's document. None: it is compiled if it is not
            in the cache.
        options: options of the controller's `from_document`, or of its constructor if it has no
            file: `engine="c"`, `"integer"` (weights of 8 bits), `"reference"`, `"native"` or a
            function that makes an engine, for swimmers `n_links=4` and `untrained=True`.

    Raises:
        UnknownNameError: neither a name nor a path, or no engine of that name.
        ModelFileError: an invalid file; the message names the field.
        ControlPeriodError: the model has another control period and is not resampled.
        ConfigError: another package registers an object that is not a `Controller`.
        ParameterError: the controller does not accept an option or its value, or the library is of
            another model.
        MissingCompilerError: there is no compiler for engine `c`.
    """
    name, path = str(name_or_path), model_path(name_or_path)
    built = None if library is None else Path(library)
    if path is not None:
        change = max_lag_change if resample and built is None else None
        return _read(path, name, control_period_s, change, options, built)
    kind = BUILT_IN.get(name) or _registered(name)
    taken = _require_options(name, kind, options, control_period_s)
    controller = kind(**taken)
    _require_period(name, controller.control_period_s, control_period_s)
    return controller


def _read(
    path: Path,
    name: str,
    control_period_s: float | None,
    max_lag_change: float | None,
    options: dict[str, Any],
    library: Path | None,
) -> Controller:
    """Read a controller; its networks are resampled unless `max_lag_change` is None."""
    document, tensors = read_pair(path, "controller")
    with reading(path):
        root = Field(document).only(_FIELDS)
        kind = _filed(root["controller"])
        networks = tuple(
            network_from_document(item.value, tensors, item.place)
            for item in root["networks"].items()
        )
        settings = root["settings"].mapping() if "settings" in root else {}
        about = root["about"].mapping() if "about" in root else {}
    if max_lag_change is not None and control_period_s is not None:
        networks = tuple(
            resampled(network, control_period_s, max_lag_change=max_lag_change)
            for network in networks
        )
    elif networks:
        _require_period(name, networks[0].control_period_s, control_period_s, networks)
    _require_options(name, kind.from_document, options)
    options, whole = engine_options(kind, options, library)
    content = ControllerDocument(networks, settings)
    try:
        controller = kind.from_document(content, **options)
    except ParameterError:
        with reading(path):  # raises if the file is at fault, not the options
            kind.from_document(content)
        raise
    controller.about = about
    return in_c(controller, path, library) if whole else controller


def options_of(taker: Any) -> list[str] | None:
    """Return the option names of a constructor or `from_document`; None if it accepts any."""
    parameters = [*inspect.signature(taker).parameters.values()]
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return None
    first = 0 if inspect.isclass(taker) else 1  # the document of `from_document`
    return [p.name for p in parameters[first:]]


def _require_options(
    name: str, taker: Any, options: dict[str, Any], control_period_s: float | None = None
) -> dict[str, Any]:
    """Return the options, with the control period if `taker` has a parameter for it."""
    known = options_of(taker)
    for key in options:
        if known is not None and key not in known:
            raise ParameterError(
                f"controller {name!r} takes no option {key!r}; it takes: "
                f"{', '.join(known) or 'none'}"
            )
    if control_period_s is not None and "control_period_s" in (known or ()):
        return options | {"control_period_s": control_period_s}
    return options


def _require_period(
    name: str, own_s: float, required_s: float | None, networks: Sequence[Network] = ()
) -> None:
    if required_s is not None and not math.isclose(own_s, required_s, rel_tol=1e-6):
        remedy = resampling_remedy(networks, required_s)
        raise ControlPeriodError(
            f"controller {name!r} was made for a control period of {own_s:g} s; the requested "
            f"one is {required_s:g} s; run it at its own period{remedy}"
        )


def model_path(name: str | Path) -> Path | None:
    """Return the path of a model's document, see `load`; None for a controller without a file."""
    if str(name) in BUILT_IN:  # a file of that name in the working folder does not replace it
        return None
    if not str(name):  # else the files of the working folder
        return None
    path = Path(name)
    candidates = [
        path / "checkpoints" / "best" / "model.json",
        path / "model.json",
        path if path.suffix == ".json" else Path(f"{path}.json"),
        models_folder() / f"{ALIASES.get(str(name), str(name))}.json",
    ]
    return next((candidate for candidate in candidates if is_file(candidate)), None)


def document_sha256(name: str | Path) -> str:
    """Return the SHA-256 of a model's document, which contains the hash of its arrays.

    Empty for a controller without a file.

    Raises:
        ParameterError: the file cannot be read.
    """
    path = model_path(name)
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() if path else ""
    except OSError as exc:
        raise ParameterError(f"model {name!r} cannot be read: {exc}") from exc


def file_kind(kind: type[Controller]) -> str:
    """Return the name of a controller class in its files.

    Raises:
        ParameterError: the class is not registered.
    """
    for name, place in FILED.items():
        if place == f"{kind.__module__}:{kind.__qualname__}":
            return name
    for point in _entry_points():
        if point.name not in FILED and point.load() is kind:
            return point.name
    raise ParameterError(
        f"{kind.__name__} has no name for its file: register it as an entry point of the group "
        f"{ENTRY_POINT_GROUP}, under another name than {', '.join(FILED)}, and install its package"
    )


def _filed(field: Field) -> type[Controller]:
    shipped = isinstance(field.value, str) and field.value in FILED
    others = set() if shipped else {point.name for point in _entry_points()}
    try:
        name = field.one_of([*FILED, *sorted(others - FILED.keys())])
    except ModelFileError as exc:
        raise ModelFileError(
            f"{exc}; or install the package that registers it ({ENTRY_POINT_GROUP})"
        ) from exc
    return filed_class(name) if name in FILED else _registered(name)


def filed_class(name: str) -> type[Controller]:
    """Import and return the class of one of `FILED`.

    Raises:
        MissingExtraError: a package of its kernels is not installed.
    """
    module, _, attribute = FILED[name].partition(":")
    with required_packages():
        kind: type[Controller] = getattr(import_module(module), attribute)
    return kind


def _registered(name: str) -> type[Controller]:
    for point in _entry_points().select(name=name):
        kind = point.load()
        if not (isinstance(kind, type) and issubclass(kind, Controller)):
            raise ConfigError(
                f"entry point {point.value!r} of controller {name!r} is not a subclass of "
                "Controller"
            )
        return kind
    raise UnknownNameError("model", name, model_names())


def _entry_points() -> EntryPoints:
    """Return the controllers of other packages."""
    from importlib.metadata import entry_points  # 2 MB that nodes do not need

    return entry_points(group=ENTRY_POINT_GROUP)


def model_names() -> list[str]:
    """Return the names that `load` accepts: shipped, built in, and of other packages."""
    shipped = {path.stem for path in models_folder().glob("*.json")}
    others = {point.name for point in _entry_points()}
    return sorted(shipped | BUILT_IN.keys() | others)
