"""Configurations of the methods that make a controller: their contract."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Self

from snn_control.config import from_mapping
from snn_control.errors import ConfigError
from snn_control.training.system import System

__all__ = ["MethodConfig", "check_controller_name"]


class MethodConfig(ABC):
    """Configuration of one method; a frozen dataclass whose first field is `method`.

    Attributes:
        method: name of the method, as the YAML file says it.
        system: name of the system of the controllers.
        name: of the controller that comes out.
    """

    method: str
    system: str
    name: str

    @classmethod
    def read(cls, content: Mapping[str, Any], where: str) -> Self:
        """Build the configuration of a mapping.

        Args:
            content: keys and values, `method` included.
            where: file, for messages.

        Raises:
            ConfigError: an unknown key or a value of the wrong kind.
        """
        return from_mapping(cls, content, where)

    @property
    @abstractmethod
    def default_budget(self) -> str:
        """Budget where none is given, see `Budget.parse`."""

    @property
    @abstractmethod
    def in_environment(self) -> bool:
        """Return True where candidates act in the environment, False where they imitate."""

    @property
    def flights(self) -> tuple[str, ...]:
        """Files of recorded data that the controller is made from; none by default."""
        return ()

    def with_flights(self, flights: tuple[str, ...], *, alone: bool) -> Self:
        """Return the configuration with flight logs added to what it imitates.

        Args:
            flights: files of logs.
            alone: without the synthetic data.

        Raises:
            ConfigError: it imitates nothing.
        """
        raise ConfigError(
            f"{self.name} imitates nothing and takes no flight logs; name a configuration with "
            "`system: blimp` or `method: gradient`"
        )

    @property
    @abstractmethod
    def data(self) -> str:
        """Origin of the other data, for the provenance of models."""


def check_controller_name(name: str, system: System) -> None:
    """Require a name that can be a file's and is not that of a baseline or a twin.

    Raises:
        ConfigError: with what is allowed.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
        raise ConfigError(f"name: {name!r}; expected letters, digits, dots, hyphens, underscores")
    if system.role(name) != "subject":
        raise ConfigError(
            f"name: {name!r} is that of a {system.role(name)} in evaluations; choose another"
        )
