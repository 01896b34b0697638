"""Configuration of all tests: a bytecode cache shared by the processes that tests start."""

from __future__ import annotations

import os
import sys

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Keep bytecode in the cache of pytest if Python writes none beside the sources.

    Without bytecode each process that a test starts compiles its imports for seconds.
    """
    cache = getattr(config, "cache", None)  # missing with `-p no:cacheprovider`
    if sys.dont_write_bytecode and not sys.pycache_prefix and cache is not None:
        sys.dont_write_bytecode = False
        sys.pycache_prefix = str(cache.mkdir("bytecode"))
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix
