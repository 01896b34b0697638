"""Commands of an unprivileged user, for tests that run as root."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys

import pytest

NOBODY = "nobody"
UNREADABLE = "is in a folder that other users cannot read"


def unprivileged(module: str) -> tuple[str, ...]:
    """Return the prefix of a command that runs it as an unprivileged user; empty if not root.

    Args:
        module: module to import as this user; the test skips if it or this Python is unreadable.
    """
    if os.geteuid() != 0:
        return ()
    prefix = user_prefix()
    # The import is needed: setpriv may start a Python whose folders the user cannot read.
    command = [*prefix, sys.executable, "-c", f"import {module}"]
    if subprocess.run(command, capture_output=True).returncode:
        pytest.skip(f"this Python, its packages or the checkout {UNREADABLE}")
    return prefix


def user_prefix() -> tuple[str, ...]:
    """Return the prefix of a command that runs it as `NOBODY`; the test skips if impossible."""
    if os.geteuid() != 0:
        return ()
    try:
        user = pwd.getpwnam(NOBODY)
    except KeyError:
        pytest.skip(f"root can write anywhere, and there is no user `{NOBODY}`")
    if not shutil.which("setpriv"):
        pytest.skip("root can write anywhere, and setpriv is not installed")
    return ("setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups")


def runnable_python(prefix: tuple[str, ...], site: str, *modules: str) -> str:
    """Return a Python of this version that another user can start, also from a child process.

    Args:
        prefix: command prefix of that user.
        site: folder of packages.
        modules: modules to import from `site`; the test skips if no Python can import them.
    """
    if not prefix:
        return sys.executable
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    inner = f"[sys.executable, '-S', '-c', 'import {', '.join(modules)}']"
    program = f"import subprocess, sys; subprocess.run({inner}, check=True)"
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    for python in (sys.executable, f"/usr/bin/{name}", f"/usr/local/bin/{name}"):
        if shutil.which(python):
            done = subprocess.run(
                [*prefix, python, "-c", program],
                env=kept | {"PYTHONPATH": site}, cwd="/", capture_output=True,
            )  # fmt: skip
            if done.returncode == 0:
                return python
    return pytest.skip(f"every Python of this version, or its folder of packages, {UNREADABLE}")
