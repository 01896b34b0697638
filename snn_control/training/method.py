"""Contract of the configurations of optimisation methods."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Self

from snn_control.config import from_mapping
from snn_control.errors import ConfigError
from snn_control.training.system import System
from snn_control.training.systems import system
from snn_control.training.task import accept_former_names

__all__ = ["MethodConfig", "check_controller_name"]


class MethodConfig(ABC):
    """Configuration of one method; a frozen dataclass whose first field is `method`.

    Attributes:
        method: name of the method, the value of `method` in the YAML file.
        system: name of the system of the controllers.
        name: name of the resulting controller.
    """

    method: str
    system: str
    name: str

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        accept_former_names(cls)

    @classmethod
    def read(cls, content: Mapping[str, Any], where: str) -> Self:
        """Build the configuration from a mapping.

        Args:
            content: keys and values, `method` included.
            where: name of the file, for messages.

        Raises:
            ConfigError: an unknown key or a value of the wrong kind.
        """
        return from_mapping(cls, content, where)

    @property
    def own_system(self) -> System:
        """System of the controllers."""
        return system(self.system)

    @property
    @abstractmethod
    def default_budget(self) -> str:
        """Budget if none is passed, see `Budget.parse`."""

    @property
    @abstractmethod
    def in_environment(self) -> bool:
        """Return True if candidates act in the environment, False if they imitate."""

    @property
    def recordings(self) -> tuple[str, ...]:
        """Files of recorded data to imitate; none by default."""
        return ()

    def with_recordings(self, recordings: tuple[str, ...], *, alone: bool) -> Self:
        """Return the configuration with recorded data to imitate added.

        Args:
            recordings: files of logs.
            alone: True to leave out the synthetic data.

        Raises:
            ConfigError: the method imitates no data.
        """
        raise ConfigError(
            f"{self.name} imitates no data and takes no recordings; name a configuration with "
            "`system: blimp` or `method: gradient`"
        )

    @property
    @abstractmethod
    def data(self) -> str:
        """Origin of the data apart from the recordings, for the provenance of models."""


def check_controller_name(name: str, system: System) -> None:
    """Require a letter or digit, then letters, digits or `._-`; refuse reserved names.

    Raises:
        ConfigError: other characters, the name of a baseline, or the suffix `TWIN`.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
        raise ConfigError(
            f"name: {name!r}; expected a letter or digit, then letters, digits or ._-"
        )
    if system.role(name) != "subject":
        raise ConfigError(f"name: {name!r} is reserved for a {system.role(name)}; choose another")
