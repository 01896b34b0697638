"""Nodes as processes on an isolated bus."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from snn_control.errors import DataWarning, RunError, StartError
from snn_control.ros.exit_codes import (
    BUSY_S,
    CLOSE_S,
    LEAVE_S,
    NO_EFFECT,
    NO_MIDDLEWARE,
    UNUSABLE,
    WRITE_FAILED,
)
from snn_control.ros.launching import module_of
from snn_control.yaml_text import dump_yaml

DISCOVERY_VARIABLES = (
    "CYCLONEDDS_URI",
    "FASTDDS_DEFAULT_PROFILES_FILE",
    "FASTRTPS_DEFAULT_PROFILES_FILE",
    "RMW_FASTRTPS_USE_QOS_FROM_XML",
    "ROS_DISCOVERY_SERVER",
    "ROS_LOCALHOST_ONLY",
    "ROS_STATIC_PEERS",
    "ROS_SUPER_CLIENT",
    "ZENOH_ROUTER_CONFIG_URI",
    "ZENOH_SESSION_CONFIG_URI",
)
"""Environment variables that connect a bus to other machines."""
POLL_S = 0.05
"""Period of checks for ended processes, s."""
END_TIMEOUT_S = LEAVE_S + BUSY_S + CLOSE_S + 0.5
"""Time for a node to end after an interrupt, s, more than its own bounds; then it is killed."""


def local_bus(domain: int) -> dict[str, str]:
    """Return the environment of processes that share a domain on this machine only."""
    kept = {name: value for name, value in os.environ.items() if name not in DISCOVERY_VARIABLES}
    return {
        **kept,
        "ROS_DOMAIN_ID": str(domain),
        "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
    }


class Nodes:
    """Context manager of the processes of nodes, which ends all of them at its exit.

    Args:
        folder: folder for the parameters and the log of each node.
        environment: environment variables of the processes.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder, self._environment = folder, dict(environment)
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Nodes:
        self._folder.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop(*self.running)

    def start(
        self,
        node: str,
        parameters: Mapping[str, Any],
        namespace: str = "",
        remaps: Mapping[str, str] | None = None,
    ) -> None:
        """Start a node with automatic configuration and activation.

        Args:
            node: name of one of our nodes, or the dotted module of one of another package. The last
                part of the module is the name of the node and, after `NAMESPACE-`, of its process.
            parameters: parameters of the node.
            namespace: namespace of the node.
            remaps: topics on the bus by their names in the node.

        Raises:
            UnknownNameError: none of our nodes has this name.
        """
        name = module_of(node).rpartition(".")[2]
        name = f"{namespace}-{name}" if namespace else name
        path = self._folder / f"{name}.yaml"
        content = {"/**": {"ros__parameters": {"autostart": True, **parameters}}}
        path.write_text(dump_yaml(content), "utf-8")
        self.start_with(path, node, namespace, remaps)

    def start_with(
        self,
        parameters: Path,
        node: str,
        namespace: str = "",
        remaps: Mapping[str, str] | None = None,
    ) -> None:
        """Start a node, as in `start`, with a parameter file; its stem names the process."""
        name = parameters.stem
        command = [sys.executable, "-m", module_of(node)]
        command += ["--ros-args", "--params-file", str(parameters)]
        if namespace:
            command += ["-r", f"__ns:=/{namespace}"]
        for name_of_node, name_on_bus in (remaps or {}).items():
            command += ["-r", f"{name_of_node}:={name_on_bus}"]
        with (self._folder / f"{name}.log").open("wb") as log:
            self.running[name] = subprocess.Popen(
                command,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                preexec_fn=partial(_die_with, os.getpid()),
            )

    def wait(self, name: str, timeout_s: float) -> None:
        """Wait until a node has ended.

        Raises:
            StartError: a node cannot use its arguments or its environment.
            RunError: a node died, or the node did not end in time; including the tail of the log.
        """
        end_s = time.monotonic() + timeout_s
        while (code := (codes := self._poll())[name]) is None:
            self._require_running(codes)
            if time.monotonic() > end_s:
                raise RunError(f"{name} did not end within {timeout_s:.0f} s: {self.log(name)}")
            time.sleep(POLL_S)
        if code:
            raise self._death(name, code)

    def watch(self, duration_s: float, recorder: str = "") -> None:
        """Wait for a duration while all nodes run.

        Args:
            duration_s: duration, s.
            recorder: name of a recorder; if its bag cannot be written, the others continue.

        Raises:
            StartError: a node cannot use its arguments or its environment.
            RunError: a node died; including the tail of its log.

        Warns:
            DataWarning: the bag cannot be written.
        """
        end_s, failed = time.monotonic() + duration_s, False
        while time.monotonic() < end_s:
            codes = self._poll()
            if codes.get(recorder) == WRITE_FAILED:
                if not failed:
                    failure = self._death(recorder, WRITE_FAILED)
                    warnings.warn(f"{failure}; the others continue", DataWarning, stacklevel=2)
                failed = True
                del codes[recorder]
            self._require_running(codes)
            time.sleep(POLL_S)

    def _poll(self) -> dict[str, int | None]:
        """Return the exit code of each node, None while it runs."""
        return {name: process.poll() for name, process in self.running.items()}

    def _require_running(self, codes: Mapping[str, int | None]) -> None:
        for name, code in codes.items():
            if code is not None:
                raise self._death(name, code)

    def _death(self, name: str, code: int) -> RunError:
        if code in (UNUSABLE, NO_MIDDLEWARE):
            return StartError(f"{name}: {self.log(name, 1)}")
        if code == NO_EFFECT:
            return RunError(f"{name}: {self._errors(name)}")
        return RunError(f"{name} died with code {code}: {self.log(name)}")

    def stop(self, *names: str) -> None:
        """Interrupt nodes at once and wait for their end; kill those that exceed the timeout."""
        chosen = [self.running.pop(name) for name in names if name in self.running]
        for process in chosen:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
        end_s = time.monotonic() + END_TIMEOUT_S
        for process in chosen:
            try:
                process.wait(max(0.0, end_s - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def finish(self, *names: str) -> None:
        """Stop nodes and check their exit codes.

        Raises:
            RunError: a node failed at or before its end; including the tail of its log.
        """
        processes = {name: self.running[name] for name in names if name in self.running}
        self.stop(*names)
        for name, process in processes.items():
            if process.returncode not in (0, -signal.SIGINT):
                raise self._death(name, process.returncode)

    def log(self, name: str, lines: int = 5) -> str:
        """Return the last lines of the log of a node."""
        text = (self._folder / f"{name}.log").read_text("utf-8", errors="replace")
        return " | ".join(text.strip().splitlines()[-lines:]) or "no output"

    def _errors(self, name: str) -> str:
        """Return the messages of the errors in the log of a node."""
        text = (self._folder / f"{name}.log").read_text("utf-8", errors="replace")
        errors = (line.rpartition("]: ")[2] for line in text.splitlines() if "[ERROR]" in line)
        return "; ".join(errors) or self.log(name)


def _die_with(parent: int) -> None:
    """Request SIGTERM from Linux when the parent process ends, also if that is killed."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)
        if os.getppid() != parent:  # it ended before the request
            os.kill(os.getpid(), signal.SIGTERM)
