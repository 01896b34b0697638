"""Names of controllers that an optimisation makes."""

from __future__ import annotations

import re

from snn_control.errors import ConfigError

TAKEN = ("pid",)
"""The baseline of every evaluation."""


def check_controller_name(name: str) -> None:
    """Require a name that can be a file's and is not that of the baseline.

    Raises:
        ConfigError: with what is allowed.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
        raise ConfigError(f"name: {name!r}; expected letters, digits, dots, hyphens, underscores")
    if name in TAKEN:
        raise ConfigError(f"name: {name!r} is the baseline of every evaluation; choose another")
