"""Commands as a user who may not write everywhere, where the tests run as root."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys

import pytest

NOBODY = "nobody"
CLOSED = "lies in a folder that other users cannot read"


def unprivileged(module: str) -> tuple[str, ...]:
    """Return words in front of a command that run it as a user who may not write everywhere.

    Args:
        module: imported by this user; the test skips where they cannot read it or this Python.
    """
    if os.geteuid() != 0:
        return ()
    before = words()
    # With an import: setpriv may start a Python whose folders the user cannot read.
    command = [*before, sys.executable, "-c", f"import {module}"]
    if subprocess.run(command, capture_output=True).returncode:
        pytest.skip(f"this Python, its packages or the checkout {CLOSED}")
    return before


def words() -> tuple[str, ...]:
    """Return words in front of a command that run it as `NOBODY`; the test skips without them."""
    if os.geteuid() != 0:
        return ()
    try:
        user = pwd.getpwnam(NOBODY)
    except KeyError:
        pytest.skip(f"root may write anywhere, and there is no user `{NOBODY}` to be instead")
    if not shutil.which("setpriv"):
        pytest.skip("root may write anywhere, and setpriv is not here to be another user")
    return ("setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups")


def runnable_python(before: tuple[str, ...], site: str, *modules: str) -> str:
    """Return a Python of this version that another user may start, from a process of theirs too.

    Args:
        before: words of that user.
        site: folder of packages.
        modules: imported from there; the test skips where no Python can.
    """
    if not before:
        return sys.executable
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    inner = f"[sys.executable, '-S', '-c', 'import {', '.join(modules)}']"
    program = f"import subprocess, sys; subprocess.run({inner}, check=True)"
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    for python in (sys.executable, f"/usr/bin/{name}", f"/usr/local/bin/{name}"):
        if shutil.which(python):
            done = subprocess.run(
                [*before, python, "-c", program],
                env=kept | {"PYTHONPATH": site}, cwd="/", capture_output=True,
            )  # fmt: skip
            if done.returncode == 0:
                return python
    return pytest.skip(f"every Python of this version, or its folder of packages, {CLOSED}")
