"""Errors of clusters that cannot be used: another version of Ray, a full object store."""

import os
import subprocess
import sys
import textwrap

from tests.paths import ROOT
from tests.training.any_environment.test_ray_kills import NEEDS_RAY, Nodes

pytestmark = NEEDS_RAY
ON_LOOPBACK = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
"""Set before a script imports Ray; the executor sets it otherwise."""


def output_of(script: str, environment: dict[str, str]) -> str:
    """Return the output of a script in a new process."""
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        env=environment, cwd=ROOT, text=True, capture_output=True, timeout=120, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_a_cluster_of_another_version_is_refused() -> None:
    script = """
        import ray
        from snn_control.errors import ConfigError
        from snn_control.evolution import make_executor
        from tests.evolution.problems import noisy_sphere

        ray.__version__ = "2.0.0"
        try:
            make_executor("ray", noisy_sphere, address="ADDRESS")
        except ConfigError as error:
            print(error)
    """
    with Nodes() as nodes:
        message = output_of(
            script.replace("ADDRESS", nodes.address), nodes.environment | ON_LOOPBACK
        )
    assert "Ray: 2.0.0" in message
    assert "with the same versions of Ray and Python, or use the address `local`" in message


def test_a_full_object_store_names_the_individuals() -> None:
    """Test with a store of 80 MB that may not spill to the disk, and genomes of 205 MB."""
    script = """
        import numpy as np
        import ray
        from snn_control.errors import FitnessError
        from snn_control.evolution import make_executor
        from tests.evolution.problems import noisy_sphere

        ray.init(
            address="local", num_cpus=1, object_store_memory=80_000_000, include_dashboard=False,
            _node_ip_address="127.0.0.1", log_to_driver=False, logging_level="ERROR",
            _system_config={
                "local_fs_capacity_threshold": 0.001, "object_store_full_delay_ms": 10,
                "oom_grace_period_s": 1, "local_fs_monitor_interval_ms": 50,
            },
        )
        with make_executor("ray", noisy_sphere) as executor:
            seeds = np.arange(64, dtype=np.uint64)
            try:
                executor.evaluate(np.zeros((64, 400_000)), seeds)
            except FitnessError as error:
                print(error.first, error.stop, error)
            print(len(executor.evaluate(np.zeros((64, 4)), seeds)))
    """
    environment = {
        "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "0" * 64, "RAY_USAGE_STATS_ENABLED": "0",
        "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    message, after = output_of(script, os.environ | environment | ON_LOOPBACK).splitlines()
    first, stop, text = message.split(" ", 2)
    assert text.startswith(f"individuals {first} to {int(stop) - 1} could not be sent to the Ray")
    assert "full" in text
    assert after == "64"
