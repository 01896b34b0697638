"""Functions of a user's modules by name, `MODULE:FUNCTION`."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from snn_control.errors import ConfigError, UnknownNameError, did_you_mean

__all__ = ["ImportedFunction"]


class ImportedFunction:
    """Function of a module that is installed or lies in the working folder.

    Args:
        name: `MODULE:FUNCTION`.
        where: position of the name in a configuration, for messages.

    Raises:
        ConfigError: another form, or the module cannot be imported.
        UnknownNameError: the module has no such function; with the closest names.
    """

    def __init__(self, name: str, where: str) -> None:
        module, _, attribute = name.partition(":")
        if not module or not attribute:
            raise ConfigError(f"{where}: {name!r}; expected MODULE:FUNCTION")
        try:
            content = vars(importlib.import_module(module))
        except Exception as exc:  # a user's module raises exceptions of any type
            raise ConfigError(
                f"{where}: module {module!r} cannot be imported ({exc!r}); it must be an "
                "installed package or lie in the working folder"
            ) from exc
        functions = [key for key, value in content.items() if callable(value)]
        if attribute not in functions:
            raise UnknownNameError(f"function of module {module}:", attribute, functions)
        self.name = name
        self._where = where
        self._function: Callable[..., Any] = content[attribute]
        self._parameters = inspect.signature(self._function).parameters

    @property
    def takes_any(self) -> bool:
        """Return True if the function accepts arguments of any name."""
        return any(p.kind is p.VAR_KEYWORD for p in self._parameters.values())

    def takes(self, name: str) -> bool:
        """Return True if the function has a parameter of this name."""
        return name in self._parameters

    def default(self, name: str) -> Any:
        """Return the default of a parameter; None if it has none."""
        parameter = self._parameters.get(name)
        return (
            None
            if parameter is None or parameter.default is parameter.empty
            else (parameter.default)
        )

    def require_parameters(self, names: Mapping[str, Any] | list[str], where: str) -> None:
        """Refuse arguments that the function does not take.

        Raises:
            ConfigError: no such parameter; with the closest names.
        """
        for name in names:
            if not (self.takes_any or self.takes(name)):
                raise ConfigError(
                    f"{where}: {self.name} has no parameter {name!r}"
                    f"{did_you_mean(name, self._parameters)}"
                )

    def __call__(self, **arguments: Any) -> Any:
        """Call the function.

        Raises:
            ConfigError: the function raised; the message has its error.
        """
        try:
            return self._function(**arguments)
        except Exception as exc:  # a user's function raises exceptions of any type
            raise ConfigError(
                f"{self._where}: {self.name} raised {type(exc).__name__}: {exc}"
            ) from exc
