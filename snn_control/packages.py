"""Commands that install missing packages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from snn_control.errors import MissingExtraError

__all__ = ["required_packages"]

_DISTRIBUTIONS = {"PIL": "pillow", "sklearn": "scikit-learn", "yaml": "PyYAML"}
"""Distributions whose name is not that of their module."""
_REMEDIES = {
    "torch": 'pip install "{0}" --index-url https://download.pytorch.org/whl/cpu',
    "ros": 'pip install "{0}" (Linux x86_64), or source ROS 2',
}
"""Commands by module or extra, other than `pip install`."""
_REQUIREMENT = re.compile(
    r"""(?P<name>[\w-]+)(?P<rest>[^;]*)(;.*extra == ['"](?P<extra>[\w-]+)['"])?"""
)
"""Pattern of a requirement in the metadata of a package."""


@contextmanager
def required_packages() -> Iterator[None]:
    """Report missing requirements of snn_control with the command that installs them.

    Raises:
        MissingExtraError: in place of `ModuleNotFoundError`.
    """
    try:
        yield
    except ModuleNotFoundError as exc:
        module = exc.name or ""  # a missing part of a package is another fault
        command = _command(module)
        if not command:
            raise
        raise MissingExtraError(f"{module} is not installed: {command}") from exc


def _command(module: str) -> str:
    """Return the command that installs a module; empty if it is not a requirement."""
    name = _DISTRIBUTIONS.get(module, module).replace("_", "-").lower()
    for requirement in filter(None, map(_REQUIREMENT.match, _requirements())):
        if requirement["name"].removeprefix("ros-jazzy-").lower() == name:
            extra, distribution = requirement["extra"], requirement["name"] + requirement["rest"]
            installed = f"snn_control[{extra}]" if extra else distribution.strip()
            remedy = _REMEDIES.get(extra or module, 'pip install "{0}"')
            return remedy.format(installed)
    return ""


def _requirements() -> list[str]:
    from importlib.metadata import PackageNotFoundError, requires  # 2 MB that nodes do not need

    try:
        return requires("snn_control") or []
    except PackageNotFoundError:
        return []
