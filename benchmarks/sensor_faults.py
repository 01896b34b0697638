"""Faults of the lidar in the altitude loop, in closed loop with the native plant.

    PYTHONPATH=. python benchmarks/sensor_faults.py [faults | healthy | cost]

faults   detection of each fault
healthy  refused ranges without a fault, also with noise of the lidar
cost     time of a tick with and without the model
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np

from snn_control.controllers import PID, load
from snn_control.loops.blimp.adapter import BlimpAdapter
from snn_control.loops.blimp.config import AltitudeNodeConfig
from snn_control.loops.control_loop import ControlLoop
from tests.loops.blimp.flight import (
    Delay,
    Drift,
    Fault,
    Flickering,
    Garbage,
    Noisy,
    Offset,
    Stuck,
    Zero,
    fly,
)

AT_S, AFTER_S = 60.0, 60.0
FAULTS: dict[str, Callable[[int], Fault]] = {
    "stuck": lambda _: Stuck(AT_S),
    "stuck, noise of 5 mm": lambda seed: Stuck(AT_S, 0.005, seed),
    "stuck, alternating by 1 cm": lambda _: Flickering(AT_S),
    "0.3 m too low": lambda _: Offset(AT_S, -0.3),
    "0.5 m too high": lambda _: Offset(AT_S, 0.5),
    "10 m too high": lambda _: Offset(AT_S, 10.0),
    "0": lambda _: Zero(AT_S),
    "garbage in range": lambda seed: Garbage(AT_S, seed),
    "delayed by 1 s": lambda _: Delay(AT_S, 1.0, stamped=True),
    "delayed by 1 s, stamped on arrival": lambda _: Delay(AT_S, 1.0, stamped=False),
    "drift of 2 cm/s": lambda _: Drift(AT_S, 0.02),
    "drift of 10 cm/s": lambda _: Drift(AT_S, 0.1),
}
SETPOINTS: dict[str, Callable[[float], float]] = {
    "hover": lambda _: 1.4,
    "climb": lambda time_s: 1.4 if time_s < AT_S + 2.0 else 2.0,
}


def faults(seeds: int) -> None:
    """Print the detection of each fault."""
    print(
        "| fault | preset | setpoint | left auto | after the fault, s, p50 / p95 | height less "
        "setpoint at that moment, m, p50 / p95 / max | maximum height, m |"
    )
    print("|---|---|---|---|---|---|---|")
    for name, make in FAULTS.items():
        for preset in ("default", "stress"):
            for setpoint, setpoint_m in SETPOINTS.items():
                print(f"| {name} | {preset} | {setpoint} | {_row(make, preset, setpoint_m, seeds)}")


def _row(
    make: Callable[[int], Fault], preset: str, setpoint_m: Callable[[float], float], seeds: int
) -> str:
    delays_s, errors_m, highest_m = [], [], 0.0
    for seed in range(7000, 7000 + seeds):
        episode = fly(preset, seed, AT_S + AFTER_S, make(seed), setpoint_m)
        highest_m = max(highest_m, episode.height_m[episode.time_s > AT_S].max())
        if left := episode.left_auto(AT_S):
            delays_s.append(left[0] - AT_S)
            errors_m.append(abs(episode.height_m - episode.setpoint_m)[episode.at(left[0])])
    count = f"{len(delays_s)} of {seeds}"
    if not delays_s:
        return f"{count} | - | - | {highest_m:.1f} |"
    delays = " / ".join(f"{value:.1f}" for value in np.quantile(delays_s, (0.5, 0.95)))
    errors = " / ".join(f"{value:.2f}" for value in np.quantile(errors_m, (0.5, 0.95, 1.0)))
    return f"{count} | {delays} | {errors} | {highest_m:.1f} |"


def healthy(hours: float) -> None:
    """Print refused ranges and the modes after them, per hour of healthy operation."""
    print("| blimp | hours | refused ranges, 1/h | hold, 1/h | land, 1/h | stop, 1/h |")
    print("|---|---|---|---|---|---|")
    cases: dict[str, tuple[str, dict[str, float], float]] = {
        "default": ("default", {}, 0.0),
        "default, three times the gusts": ("default", {"gust_sd_m_s2": 0.024}, 0.0),
        "stress": ("stress", {}, 0.0),
        "missed": ("missed", {}, 0.0),
        "clean": ("clean", {}, 0.0),
        "default, whole range of blimps": ("default", {"spread": 1.0}, 0.0),
        "default, random setpoints": ("default", {"random_reference": True}, 0.0),
        "default, lidar noise of 5 mm": ("default", {}, 0.005),
        "default, lidar noise of 15 mm": ("default", {}, 0.015),
        "default, lidar noise of 30 mm": ("default", {}, 0.03),
    }
    for name, (preset, changes, noise_m) in cases.items():
        counts = dict.fromkeys(("refused", "hold", "land", "stop"), 0)
        for seed in range(round(12 * hours)):
            noise = Noisy(noise_m, seed) if noise_m else None
            before = ""
            for _, mode, reason in fly(preset, 20_000 + seed, 300.0, noise, changes=changes).modes[
                1:
            ]:
                refused = reason.startswith("range")
                counts["refused"] += refused and not before.startswith("range")
                if mode in counts:
                    counts[mode] += 1
                before = reason
        rates = " | ".join(f"{count / hours:.2f}" for count in counts.values())
        print(f"| {name} | {hours:g} | {rates} |")


def cost() -> None:
    """Print the time of a tick with and without the model."""
    took_us: dict[float, list[float]] = {0.25: [], 0.0: []}
    for _ in range(5):
        for gate_m, times_us in took_us.items():
            controller = load("pid")
            config = AltitudeNodeConfig(range_gate_m=gate_m)
            loop = ControlLoop(controller, BlimpAdapter(controller, config), PID())
            loop.arm(0.0)
            for k in range(2000):
                now_ns = 10**9 + k * 100_000_000
                reading = loop.adapter.read(1.0 + 0.01 * (k % 2))
                started = time.perf_counter()
                loop.tick(reading, now_ns, now_ns, now_ns * 1e-9)
                times_us.append(1e6 * (time.perf_counter() - started))
    with_us, without_us = (np.quantile(times_us, (0.5, 0.99)) for times_us in took_us.values())
    print(f"tick of the loop with a PID: {without_us[0]:.0f} us p50, {without_us[1]:.0f} us p99")
    print(f"with the model: {with_us[0]:.0f} us p50, {with_us[1]:.0f} us p99")


def main() -> None:
    """Run the benchmark that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", nargs="?", default="faults", choices=("faults", "healthy", "cost"))
    parser.add_argument("--seeds", type=int, default=24, help="episodes per fault")
    parser.add_argument("--hours", type=float, default=6.0, help="healthy operation per blimp")
    options = parser.parse_args()
    if options.part == "faults":
        faults(options.seeds)
    elif options.part == "healthy":
        healthy(options.hours)
    else:
        cost()


if __name__ == "__main__":
    main()
