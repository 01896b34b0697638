"""Memory and start of the controller nodes beside a bare lifecycle node and beside numba.

    python benchmarks/node_start.py --repeats 5

The start lasts from the creation of the process until its lifecycle service reports `active`; the
memory is the resident set of the active, disarmed node. Requires the extra [ros]; Linux.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import rclpy
from lifecycle_msgs.msg import State
from lifecycle_msgs.srv import GetState
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor

from snn_control.ros.bus.domains import free_domain
from snn_control.ros.bus.processes import local_bus

SETTLE_S = 2.0
TIMEOUT_S = 120.0
BARE = """
import rclpy
from rclpy.lifecycle import LifecycleNode
rclpy.init()
node = LifecycleNode("bare")
node.trigger_configure()
node.trigger_activate()
rclpy.spin(node)
"""
NUMBA = """
import numba
@numba.njit
def double(x):
    return 2.0 * x
double(1.0)
"""
AUTOSTART = ("--ros-args", "-p", "autostart:=true")
PROCESSES = {
    "bare": ("-c", BARE),
    "bare, numba with one kernel": ("-c", NUMBA + BARE),
    "pid_controller": ("-m", "snn_control.ros.pid_controller", *AUTOSTART),
    "altitude_controller": ("-m", "snn_control.ros.altitude_controller", *AUTOSTART),
    "altitude_controller, engine c": (
        "-m", "snn_control.ros.altitude_controller", *AUTOSTART, "-p", "engine:=c",
    ),
}  # fmt: skip


def measure(name: str) -> tuple[float, float]:
    """Return the time until a node is active, s, and its resident memory, MB."""
    domain = free_domain()
    context = Context()
    rclpy.init(context=context, domain_id=domain)
    node = rclpy.create_node("observer", context=context)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "log").open("w+") as log:
        started_s = time.monotonic()
        command = [sys.executable, *PROCESSES[name]]
        process = subprocess.Popen(command, env=local_bus(domain), stdout=log, stderr=log)
        client = node.create_client(GetState, f"{name.partition(',')[0]}/get_state")
        try:
            while not client.service_is_ready() or not _active(client, executor):
                executor.spin_once(0.01)
                if process.poll() is not None or time.monotonic() - started_s > TIMEOUT_S:
                    log.seek(0)
                    raise SystemExit(f"{name} did not start:\n{log.read()}")
            active_s = time.monotonic() - started_s
            time.sleep(SETTLE_S)
            return active_s, _resident_mb(process.pid)
        finally:
            process.terminate()
            process.wait()
            executor.shutdown()
            node.destroy_node()
            rclpy.try_shutdown(context=context)


def _active(client: rclpy.client.Client, executor: SingleThreadedExecutor) -> bool:
    answer = client.call_async(GetState.Request())
    executor.spin_until_future_complete(answer, 1.0)
    return answer.done() and answer.result().current_state.id == State.PRIMARY_STATE_ACTIVE


def _resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> None:
    """Measure all processes in turn."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
    measured = {
        name: [measure(name) for _ in range(args.repeats)] for name in PROCESSES
    }  # the first start of a model compiles its kernels unless they are cached
    print("| process | active after, s: median (max) | resident, MB: median (max) |")
    print("|---|---|---|")
    for name, pairs in measured.items():
        starts, sizes = zip(*pairs, strict=True)
        print(
            f"| {name} | {statistics.median(starts):.2f} ({max(starts):.2f}) "
            f"| {statistics.median(sizes):.0f} ({max(sizes):.0f}) |"
        )


if __name__ == "__main__":
    main()
