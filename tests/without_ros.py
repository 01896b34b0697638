"""Makes ROS absent, whether it is installed or not: `pytest -p tests.without_ros tests/loops`."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

import pytest

ROS = re.compile(
    r"(rclpy|rcl\w*|ros2\w*|rosidl\w*|rosgraph\w*|rpyutils|ament\w*|launch|launch_\w+|lifecycle_\w+|"
    r"diagnostic_\w+|tf2\w*|message_filters|\w+_msgs|\w+_srvs|\w+_interfaces)(\.|$)"
)
"""Names of packages that come with ROS 2: client library, launch, messages and services."""


class NoRos:
    """Finds no module of ROS."""

    @staticmethod
    def find_spec(
        name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Refuse what comes with ROS, leave all else to the other finders."""
        if ROS.match(name):
            raise ModuleNotFoundError(f"{name}: ROS is absent here", name=name)
        return None


def block() -> None:
    """Make ROS absent in this process, from before its first import on."""
    assert not [name for name in sys.modules if ROS.match(name)], "called too late"
    sys.meta_path.insert(0, NoRos)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    """Block where this is a plugin of the session."""
    block()
