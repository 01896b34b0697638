"""Reasons of tests that skip for want of an optional package or an off-screen renderer."""

import pytest

from snn_control.export.tools import missing_packages

NEEDS_RENDERER = (
    "needs an off-screen renderer: apt install libegl1 libgl1-mesa-dri, and leave MUJOCO_GL unset"
)
NEEDS_REPORT = 'needs the extra [report]: pip install "snn_control[report]"'
NEEDS_FILM = f"{NEEDS_RENDERER}; {NEEDS_REPORT}"
NEEDS_RL = 'needs the extra [rl]: pip install "snn_control[rl]"'
NEEDS_DIGITS = 'needs the extra [digits]: pip install "snn_control[digits]"'
NEEDS_SERIAL = 'needs the extra [serial]: pip install "snn_control[serial]"'
NEEDS_COMPILER = "no C compiler: install one, for example gcc"
NEEDS_TEST = 'needs the extra [test]: pip install "snn_control[test]"'


def needs_tools(*names: str) -> pytest.MarkDecorator:
    """Return the mark of a test that needs programs of `snn_control.export.tools.PACKAGES`."""
    packages = missing_packages(names)
    return pytest.mark.skipif(bool(packages), reason=f"needs {' '.join(packages)}: apt install")
