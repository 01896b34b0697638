"""Pytest plugin that hides ROS, even if installed: `pytest -p tests.without_ros tests/loops`."""

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
"""Pattern of the packages of ROS 2: client library, launch, messages and services."""


class NoRos:
    """Import finder that raises an error for modules of ROS."""

    @staticmethod
    def find_spec(
        name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Raise an error for modules of ROS; leave other modules to the next finder."""
        if ROS.match(name):
            raise ModuleNotFoundError(f"{name}: ROS is absent here", name=name)
        return None


def block() -> None:
    """Hide ROS in this process; call before its first import."""
    assert not [name for name in sys.modules if ROS.match(name)], "called too late"
    sys.meta_path.insert(0, NoRos)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    """Hide ROS if this module is a plugin of the session."""
    block()
