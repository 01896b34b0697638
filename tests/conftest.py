"""What all tests share: bytecode of the modules that the many processes of the tests import."""

from __future__ import annotations

import os
import sys

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Where Python is to leave no bytecode beside the sources, keep it in the cache of pytest.

    Without bytecode each process that a test starts spends seconds on compiling its imports.
    """
    cache = getattr(config, "cache", None)  # not there with `-p no:cacheprovider`
    if sys.dont_write_bytecode and not sys.pycache_prefix and cache is not None:
        sys.dont_write_bytecode = False
        sys.pycache_prefix = str(cache.mkdir("bytecode"))
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix
