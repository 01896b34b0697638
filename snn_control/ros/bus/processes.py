"""Nodes as processes on an isolated bus."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from snn_control.errors import RunError
from snn_control.ros.launching import module_of

FIRST_DOMAIN, LAST_DOMAIN = 1, 101
"""Domains whose ports lie below those that Linux gives to clients."""
LEADS_ELSEWHERE = (
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
"""Variables that join a bus to other machines, or override that it does not."""
LOOK_S = 0.05
PATIENCE_S = 3.0
"""Time a node has to end by itself."""


def free_domain() -> int:
    """Return a ROS domain that nobody on this machine uses.

    A participant of domain d binds UDP port 7410 + 250 d (RTPS 2.3, 9.6.1.1); one who has no such
    port cannot be found, and a domain without is free.

    Raises:
        RunError: all domains are in use.
    """
    span = LAST_DOMAIN - FIRST_DOMAIN + 1
    first = os.getpid() % span
    for k in range(span):
        domain = FIRST_DOMAIN + (first + k) % span
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(("", 7410 + 250 * domain))
            except OSError:
                continue
            return domain
    raise RunError("all ROS domains are in use; end some nodes, or name one in ROS_DOMAIN_ID")


def local_bus(domain: int) -> dict[str, str]:
    """Return the environment of processes that meet in a domain on this machine alone."""
    kept = {name: value for name, value in os.environ.items() if name not in LEADS_ELSEWHERE}
    return {
        **kept,
        "ROS_DOMAIN_ID": str(domain),
        "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
    }


class Nodes:
    """Processes of nodes, which all end with the block that opened them.

    Args:
        folder: takes the parameters and the output of each node.
        environment: of the processes.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder, self._environment = folder, dict(environment)
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Nodes:
        self._folder.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop(*self.running)

    def start(self, node: str, parameters: Mapping[str, Any], namespace: str = "") -> None:
        """Start a node that configures and activates itself.

        Args:
            node: name of one of our nodes, or the dotted module of one of another package. The last
                part of the module is the name of the node and, after `NAMESPACE-`, of its process.
            parameters: of the node.
            namespace: of the node.

        Raises:
            UnknownNameError: none of our nodes has this name.
        """
        name = module_of(node).rpartition(".")[2]
        name = f"{namespace}-{name}" if namespace else name
        path = self._folder / f"{name}.yaml"
        content = {"/**": {"ros__parameters": {"autostart": True, **parameters}}}
        path.write_text(yaml.safe_dump(content, sort_keys=False), "utf-8")
        self.start_with(path, node, namespace)

    def start_with(
        self,
        parameters: Path,
        node: str,
        namespace: str = "",
        remaps: Mapping[str, str] | None = None,
    ) -> None:
        """Start a node, as `start` does, with a file of parameters; its stem names the process."""
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
                preexec_fn=_die_with_parent,
            )

    def wait(self, name: str, timeout_s: float) -> None:
        """Wait until a node has ended by itself.

        Raises:
            RunError: a node died, or it did not end in time; including the tail of its log.
        """
        end_s = time.monotonic() + timeout_s
        while (code := self.running[name].poll()) is None:
            self._all_but(name)
            if time.monotonic() > end_s:
                raise RunError(f"{name} did not end within {timeout_s:.0f} s: {self.log(name)}")
            time.sleep(LOOK_S)
        if code:
            raise RunError(f"{name} died with code {code}: {self.log(name)}")

    def watch(self, duration_s: float) -> None:
        """Wait while all nodes live.

        Raises:
            RunError: one died; including the tail of its log.
        """
        end_s = time.monotonic() + duration_s
        while time.monotonic() < end_s:
            self._all_but("")
            time.sleep(LOOK_S)

    def _all_but(self, name: str) -> None:
        for other, process in self.running.items():
            if other != name and process.poll() is not None:
                raise RunError(f"{other} died with code {process.returncode}: {self.log(other)}")

    def stop(self, *names: str) -> None:
        """Interrupt nodes, all at once, and wait for them; what does not end is killed."""
        chosen = [self.running.pop(name) for name in names if name in self.running]
        for process in chosen:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
        end_s = time.monotonic() + PATIENCE_S
        for process in chosen:
            try:
                process.wait(max(0.0, end_s - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def log(self, name: str, lines: int = 5) -> str:
        """Return the last lines that a node wrote."""
        text = (self._folder / f"{name}.log").read_text("utf-8", errors="replace")
        return " | ".join(text.strip().splitlines()[-lines:]) or "it said nothing"


def _die_with_parent() -> None:
    """Ask Linux to end the process with the one that started it, however that ends."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)
