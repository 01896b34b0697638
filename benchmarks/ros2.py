"""Controller node on a ROS 2 bus: blimp flights, latency and CPU at several rates, soak test.

    python benchmarks/ros2.py flights --seeds 10     # and the same flights in one process
    python benchmarks/ros2.py latency --seconds 60   # 10 to 500 Hz; 50 Hz with simulator
    python benchmarks/ros2.py soak --seconds 600     # memory and diagnostics
    python benchmarks/ros2.py relay --seconds 60     # fault relay between simulator and receiver

Requires the extras [ros] and [logs]. Latencies, ages and step times are those in `~/tick`.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from snn_control import load
from snn_control.ros.bags.ticks import RecordedTicks, read_ticks
from snn_control.ros.base.vehicle import BusRun
from snn_control.ros.bus.domains import free_domain
from snn_control.ros.bus.fly import run_simulated
from snn_control.ros.bus.processes import Nodes, local_bus
from snn_control.training.evaluate import evaluate
from snn_control.training.statistics import half_width, paired_ratio

MODEL = "blimp-altitude"
WARM_UP_S = 2.0


def flights(args: argparse.Namespace) -> None:
    """Compare flights over the bus with the same flights in one process."""
    seeds = range(args.first_seed, args.first_seed + args.seeds)
    alone = evaluate(load(MODEL), MODEL, seeds=seeds, duration_s=args.duration)
    bus, identical, lost = [], True, 0
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            result = run_simulated(
                BusRun(MODEL, seed=seed, duration_s=args.duration, rate=args.rate), Path(folder)
            )
        bus.append(result.episode.metrics)
        identical &= result.summary["replay_identical"]
        lost += result.summary["lost_ticks"]
    print(f"{len(seeds)} seeds of {args.duration:g} s at {args.rate:g} times real time, {MODEL}")
    for metric in ("hold_rmse_m", "rmse_m", "overshoot_m", "steady_state_error_m"):
        mine, theirs = np.array([m[metric] for m in bus]), alone.values(metric)
        ratio, half = paired_ratio(mine, theirs)
        print(
            f"{metric:22} bus {100 * mine.mean():.2f} ± {100 * half_width(mine):.2f} cm, "
            f"in process {100 * theirs.mean():.2f} ± {100 * half_width(theirs):.2f} cm, "
            f"ratio {ratio:.3f} ± {half:.3f}"
        )
    print(f"bit-identical replay: {identical}; measurements lost on the bus: {lost}")


def latency(args: argparse.Namespace) -> None:
    """Measure latency and CPU at fixed rates, and at 50 Hz with the simulator."""
    print("rate Hz | ticks | latency p50 / p99 / max ms | age p99 ms | step p50 / p99 ms | "
          "overruns | step overruns | CPU %")  # fmt: skip
    for rate in args.rates:
        ticks, cpu = with_feeder(rate, args.seconds)
        print(f"{rate:>4} feeder | {row(ticks, 1.0 / rate)} | {cpu:.1f}", flush=True)
    ticks, cpu = with_simulator(0.02, args.seconds)
    print(f"  50 simulator | {row(ticks, 0.02)} | {cpu:.1f}")


def row(ticks: RecordedTicks, period_s: float) -> str:
    """Return the cells of one row, without the first two seconds."""
    since_s = (ticks.stamp_ns - ticks.stamp_ns[0]) * 1e-9
    keep = since_s >= WARM_UP_S
    times_s = {name: ticks.fields[name][keep] for name in ("latency_s", "age_s", "step_s")}
    late = np.maximum(times_s["latency_s"], times_s["age_s"]) > period_s
    late_steps = times_s["step_s"] > period_s
    p = {name: 1e3 * np.quantile(values, (0.5, 0.99, 1.0)) for name, values in times_s.items()}
    return (
        f"{keep.sum()} | {p['latency_s'][0]:.3f} / {p['latency_s'][1]:.3f} / "
        f"{p['latency_s'][2]:.2f} | {p['age_s'][1]:.2f} | {p['step_s'][0]:.3f} / "
        f"{p['step_s'][1]:.3f} | {late.sum()} ({100 * late.mean():.3f} %) | {late_steps.sum()}"
    )


def with_feeder(rate_hz: float, seconds: float) -> tuple[RecordedTicks, float]:
    """Publish measurements at a fixed rate; return the ticks of the controller and its CPU, %."""
    with Bench() as bench:
        publish = bench.feeder()
        time.sleep(1.0)
        start, cpu = time.monotonic(), cpu_s(bench.controller)
        for k in range(round(rate_hz * seconds)):
            time.sleep(max(0.0, start + k / rate_hz - time.monotonic()))
            publish(1.0 + 0.1 * np.sin(k / rate_hz))
        used = (cpu_s(bench.controller) - cpu) / (time.monotonic() - start)
        return bench.end(), 100 * used


def with_simulator(period_s: float, seconds: float) -> tuple[RecordedTicks, float]:
    """Run the blimp simulator at a control period; return ticks and CPU of the controller, %."""
    with Bench() as bench:
        simulator = {"preset": "clean", "period_s": period_s, "wait_for_controller": True,
                     "duration_s": seconds + 1.0, "exit_at_end": True}  # fmt: skip
        bench.nodes.start("blimp_simulator", simulator)
        time.sleep(4.0)
        start, cpu = time.monotonic(), cpu_s(bench.controller)
        bench.nodes.wait("blimp_simulator", 3 * seconds + 30)
        used = (cpu_s(bench.controller) - cpu) / (time.monotonic() - start)
        return bench.end(), 100 * used


def soak(args: argparse.Namespace) -> None:
    """Run for a long time: memory growth after warm-up, longest gap between diagnostics."""
    import rclpy
    from diagnostic_msgs.msg import DiagnosticArray

    with Bench(record=False) as bench:
        simulator = {"wait_for_controller": True, "duration_s": args.seconds + 30.0}
        bench.nodes.start("blimp_simulator", simulator)
        node = bench.peer()
        received_s: list[float] = []

        def on_diagnostics(message: Any) -> None:
            if message.status[0].name.startswith("altitude_controller"):
                received_s.append(time.monotonic())

        node.create_subscription(DiagnosticArray, "/diagnostics", on_diagnostics, 100)
        memory: list[tuple[float, float]] = []
        start = time.monotonic()
        while (elapsed := time.monotonic() - start) < args.seconds:
            rclpy.spin_once(node, timeout_sec=0.2)
            if not memory or elapsed - memory[-1][0] >= 5.0:
                memory.append((elapsed, resident_mb(bench.controller)))
        warm = [mb for at, mb in memory if at >= min(60.0, args.seconds / 4)]
        gaps = np.diff(received_s)
        print(
            f"{args.seconds:g} s: resident {warm[0]:.1f} MB after warm-up, {warm[-1]:.1f} MB at "
            f"the end, growth {warm[-1] - warm[0]:+.2f} MB; {len(received_s)} diagnostics, "
            f"longest gap {gaps.max():.2f} s, {(gaps > 1.5).sum()} missed"
        )


RELAYED = {
    "without a delayed fault": "faults: [{channel: battery, kind: wrong, offset: 1, start_s: 9e9}]",
    "with one": "faults: [{channel: battery, kind: delayed, start_s: 9e9}]",
}
"""Files of faults that do not begin."""


def relay(args: argparse.Namespace) -> None:
    """Measure latency and CPU of the fault relay beside the simulated blimp with its senses."""
    for name, faults in RELAYED.items():
        with tempfile.TemporaryDirectory() as folder:
            latency_s, cpu = through_relay(Path(folder), faults, args.seconds)
        p = 1e3 * np.quantile(latency_s, (0.5, 0.99, 1.0))
        print(
            f"{name}: {latency_s.size} ranges, latency p50 {p[0]:.2f} p99 {p[1]:.2f} "
            f"max {p[2]:.2f} ms, CPU {cpu:.1f} %",
            flush=True,
        )


def through_relay(folder: Path, faults: str, seconds: float) -> tuple[np.ndarray, float]:
    """Return the times from the simulator's to the relay's message, s, and the relay's CPU, %."""
    import rclpy
    from rclpy.context import Context
    from rclpy.executors import SingleThreadedExecutor
    from rclpy.qos import qos_profile_sensor_data
    from sensor_msgs.msg import Range

    domain, file = free_domain(), folder / "faults.yaml"
    file.write_text(faults, "utf-8")
    os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
    context = Context()
    rclpy.init(context=context, domain_id=domain)
    node = rclpy.create_node("bench", context=context)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    sent_ns: dict[str, dict[tuple[int, int], int]] = {"range": {}, "faulty/range": {}}
    for topic, times in sent_ns.items():

        def keep(message: Any, info: Any, times: dict[tuple[int, int], int] = times) -> None:
            stamp = message.header.stamp
            times[stamp.sec, stamp.nanosec] = info["source_timestamp"]

        node.create_subscription(Range, topic, _with_info(keep), qos_profile_sensor_data)
    with Nodes(folder, local_bus(domain)) as nodes:
        nodes.start("fault_relay", {"faults_file": str(file)})
        nodes.start("blimp_simulator", {"senses": True, "preset": "clean"})
        while len(sent_ns["faulty/range"]) < 10:
            executor.spin_once(timeout_sec=0.1)
        pid = nodes.running["fault_relay"].pid
        start, used_s = time.monotonic(), cpu_s(pid)
        while time.monotonic() - start < seconds:
            executor.spin_once(timeout_sec=0.1)
        cpu = 100 * (cpu_s(pid) - used_s) / (time.monotonic() - start)
    node.destroy_node()
    rclpy.try_shutdown(context=context)
    before, after = sent_ns["range"], sent_ns["faulty/range"]
    return 1e-9 * np.array([after[key] - before[key] for key in after if key in before]), cpu


def _with_info(keep: Any) -> Any:
    """Return a callback that rclpy calls with a message and its information."""
    return lambda message, info: keep(message, info)


class Bench:
    """Controller and optional recorder on an isolated ROS domain."""

    def __init__(self, record: bool = True) -> None:
        self._record = record
        self._folder = tempfile.TemporaryDirectory()
        self._domain = free_domain()
        self.nodes = Nodes(Path(self._folder.name), local_bus(self._domain))

    def __enter__(self) -> Bench:
        self.nodes.__enter__()
        if self._record:
            bag = str(Path(self._folder.name) / "bag")
            topics = ["altitude_controller/tick"]
            self.nodes.start("recorder", {"bag": bag, "topics": topics})
        self.nodes.start("altitude_controller", {"arm_on_activate": True, "model": MODEL})
        time.sleep(3.0)
        return self

    def __exit__(self, *_: object) -> None:
        self.nodes.__exit__()
        self._folder.cleanup()

    @property
    def controller(self) -> int:
        """Process id of the controller."""
        return self.nodes.running["altitude_controller"].pid

    def peer(self) -> Any:
        """Return a node on the same domain."""
        import rclpy

        os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
        if not rclpy.ok():
            rclpy.init(domain_id=self._domain)
        return rclpy.create_node("bench")

    def feeder(self) -> Any:
        """Return a function that publishes range measurements."""
        import rclpy
        from rclpy.context import Context
        from rclpy.qos import qos_profile_sensor_data
        from sensor_msgs.msg import Range

        os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
        context = Context()
        rclpy.init(context=context, domain_id=self._domain)
        node = rclpy.create_node("feeder", context=context)
        publisher = node.create_publisher(Range, "range", qos_profile_sensor_data)
        while not publisher.get_subscription_count():
            time.sleep(0.05)

        def publish(range_m: float) -> None:
            message = Range(range=float(range_m))
            message.header.stamp = node.get_clock().now().to_msg()
            publisher.publish(message)

        return publish

    def end(self) -> RecordedTicks:
        """Stop the nodes and return the recorded ticks."""
        self.nodes.stop(*self.nodes.running)
        return read_ticks(Path(self._folder.name) / "bag")


def cpu_s(pid: int) -> float:
    """Return the CPU time used by a process, s."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mb(pid: int) -> float:
    """Return the resident memory of a process, MB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> None:
    """Parse the arguments and run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    verbs = parser.add_subparsers(required=True)
    verb = verbs.add_parser("flights", help=flights.__doc__)
    verb.add_argument("--seeds", type=int, default=10)
    verb.add_argument("--first-seed", type=int, default=20_000)
    verb.add_argument("--duration", type=float, default=300.0)
    verb.add_argument("--rate", type=float, default=8.0)
    verb.set_defaults(run=flights)
    verb = verbs.add_parser("latency", help=latency.__doc__)
    verb.add_argument("--seconds", type=float, default=60.0)
    verb.add_argument("--rates", type=float, nargs="+", default=[10.0, 50.0, 200.0, 500.0])
    verb.set_defaults(run=latency)
    verb = verbs.add_parser("soak", help=soak.__doc__)
    verb.add_argument("--seconds", type=float, default=600.0)
    verb.set_defaults(run=soak)
    verb = verbs.add_parser("relay", help=relay.__doc__)
    verb.add_argument("--seconds", type=float, default=60.0)
    verb.set_defaults(run=relay)
    args = parser.parse_args()
    args.run(args)


if __name__ == "__main__":
    main()
