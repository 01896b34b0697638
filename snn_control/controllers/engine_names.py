"""Engines of controllers by name."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from snn_control.controllers.controller import Controller
from snn_control.errors import ParameterError, UnknownNameError
from snn_control.packages import required_packages

__all__ = ["ENGINES", "engine_named", "engine_options", "in_c"]

ENGINES = {
    "native": "snn_control.engines.native:NativeEngine",
    "reference": "snn_control.engines.reference:ReferenceEngine",
    "integer": "snn_control.engines.integer.engine:IntegerEngine",
    "c": "snn_control.export.c.engine:CEngine",
}
"""Module and class of each engine of a network, by its name in `load`."""


def engine_named(name: str) -> Callable[..., Any]:
    """Import and return the class of one of `ENGINES`.

    Raises:
        UnknownNameError: there is no such engine.
        MissingExtraError: a package of it is not installed.
    """
    if name not in ENGINES:
        raise UnknownNameError("engine", name, ENGINES)
    module, _, attribute = ENGINES[name].partition(":")
    with required_packages():
        kind: Callable[..., Any] = getattr(import_module(module), attribute)
    return kind


def engine_options(
    kind: type[Controller], options: Mapping[str, Any], library: Path | None
) -> tuple[dict[str, Any], bool]:
    """Return the options of `from_document` with an engine in place of its name.

    Args:
        kind: class of the controller.
        options: options of `load`.
        library: shared library of an export, or None.

    Returns:
        The options, and True for a controller that is to run in C as a whole.

    Raises:
        UnknownNameError: there is no such engine.
        ParameterError: a library with another engine or further options, or for a controller of
            which only the networks run in C.
    """
    engine = options.get("engine")
    whole = engine == "c" and kind.whole_in_c
    if library is not None and (not whole or len(options) > 1):
        raise ParameterError(
            f"library {library}: expected engine='c' without further options, and a controller "
            "that runs in C as a whole"
        )
    if not isinstance(engine, str):
        return dict(options), False
    return {**options, "engine": engine_named("reference" if whole else engine)}, whole


def in_c(controller: Controller, document: Path, library: Path | None) -> Controller:
    """Return a controller in C; it is compiled unless there is a library of its document.

    Raises:
        MissingCompilerError: there is no C compiler.
        ParameterError: the controller cannot be exported, or the library is of another model.
    """
    from snn_control.controllers.c_controller import CController

    sha256 = hashlib.sha256(document.read_bytes()).hexdigest()
    return CController(controller, library=library, model_sha256=sha256)
