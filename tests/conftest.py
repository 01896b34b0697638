"""Configuration of all tests: groups of workers, signals, bytecode cache and width of tables."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from importlib.util import find_spec

import numpy as np
import pytest
import torch  # noqa: F401 - before the first drawing: two LLVMs in one process may crash

from snn_control.evolution import Executor, make_executor


def pytest_configure(config: pytest.Config) -> None:
    """Set the signals, the bytecode cache and the width that the processes of the tests inherit."""
    os.environ.pop("COLUMNS", None)  # set in the workers of pytest-xdist
    _handle_signals()
    _keep_bytecode(config)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep each file in one worker of pytest-xdist, and all tests on a bus in the same one."""
    if not config.pluginmanager.hasplugin("xdist"):
        return
    for item in items:
        folders = item.path.relative_to(config.rootpath).parts[:2]
        group = "ros" if folders == ("tests", "ros") else str(item.path)
        item.add_marker(pytest.mark.xdist_group(group))


def _handle_signals() -> None:
    """Handle signals by default, which a shell ignores for a job in the background."""
    for number in (signal.SIGINT, signal.SIGQUIT):
        if signal.getsignal(number) == signal.SIG_IGN:
            own = signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
            signal.signal(number, own)


def _keep_bytecode(config: pytest.Config) -> None:
    """Keep bytecode in the cache of pytest if Python writes none beside the sources.

    Without bytecode each process that a test starts compiles its imports for seconds.
    """
    cache = getattr(config, "cache", None)  # missing with `-p no:cacheprovider`
    if sys.dont_write_bytecode and not sys.pycache_prefix and cache is not None:
        sys.dont_write_bytecode = False
        sys.pycache_prefix = str(cache.mkdir("bytecode"))
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix


def _nothing(genome: np.ndarray, seed: int) -> float:
    return 0.0


@pytest.fixture(scope="session")
def ray_cluster() -> Iterator[Executor]:
    """Local Ray cluster of two cores, which all executors of these tests share."""
    if find_spec("ray") is None:  # an import would come before the settings of the executor
        pytest.skip('needs Ray: pip install "snn_control[cluster]"')
    with make_executor("ray", _nothing, 2) as executor:
        yield executor


@pytest.fixture(autouse=True)
def cluster_of_ray_tests(request: pytest.FixtureRequest) -> None:
    """Start the cluster for tests with the parameter `ray`."""
    parameters = getattr(request.node, "callspec", None)
    values = parameters.params.values() if parameters else ()
    if any(isinstance(value, str) and value == "ray" for value in values):
        request.getfixturevalue("ray_cluster")
