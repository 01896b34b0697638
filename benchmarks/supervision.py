"""Time of the supervision of the altitude loop in one tick with three sensors.

`python benchmarks/supervision.py`: times of estimate, gates, monitors, modes and gate without the
controller, p50 and p99, of 20 000 ticks; the same loop without estimate and retreats, and the step
of the network beside it.
"""

from __future__ import annotations

import time

import numpy as np

from snn_control.controllers import load
from snn_control.loops.blimp.config import AltitudeNodeConfig
from snn_control.loops.blimp.estimator import HeightEstimator
from snn_control.loops.blimp.loop import altitude_loop

TICKS = 20_000


def measurements(seed: int = 0) -> list[tuple[float, float, float]]:
    """Return range, barometric height and acceleration of a hover, with noise and steps."""
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal((TICKS, 3)) * (0.6, 5.0, 10.0)
    steps = np.round(noise) * (0.01, 0.01, 0.002) + (1.0, 4.0, 0.0)
    return [tuple(row) for row in steps.astype(np.float32).astype(float).tolist()]


def loop_us(**config: float) -> tuple[np.ndarray, np.ndarray]:
    """Return times of a whole tick and of the controller's step in it, us."""
    loop = altitude_loop(load("blimp-altitude"), AltitudeNodeConfig(**config))
    loop.adapter.on_setpoint(1.0, 1000.0)
    loop.arm(1000.0)
    whole, steps = [], []
    for k, (range_m, barometer_m, acceleration) in enumerate(measurements()):
        now_ns = 10**12 + k * 100_000_000
        now_s = now_ns * 1e-9
        started = time.perf_counter()
        loop.sense("accelerometer", acceleration, now_ns, now_ns, now_s)
        loop.sense("barometer", barometer_m, now_ns, now_ns, now_s)
        tick = loop.tick(loop.adapter.read(range_m), now_ns, now_ns, now_s)
        whole.append(time.perf_counter() - started)
        loop.keep_ready()
        assert tick is not None
        steps.append(tick.step_s)
    return 1e6 * np.array(whole), 1e6 * np.array(steps)


def estimator_us() -> np.ndarray:
    """Return times of estimate and gates alone, us."""
    estimator, took = HeightEstimator(), []
    estimator.on_range(1.0, 0.0, 0.0)
    for k, (range_m, barometer_m, acceleration) in enumerate(measurements(), 1):
        now_s = 0.1 * k
        started = time.perf_counter()
        estimator.on_acceleration(acceleration, now_s, now_s)
        estimator.on_barometer(barometer_m, now_s, now_s)
        estimator.on_range(range_m, now_s, now_s)
        estimator.sent(3.1, now_s)
        took.append(time.perf_counter() - started)
    return 1e6 * np.array(took)


def main() -> None:
    """Print the times."""
    print("| part | p50, us | p99, us |")
    print("|---|---|---|")
    whole, steps = loop_us()
    bare, bare_steps = loop_us(range_gate_m=0.0, envelope_m=0.0)
    for name, values in (
        ("estimate and gates of three sensors", estimator_us()),
        ("whole supervision: tick less the controller's step", whole - steps),
        ("the same without estimate and retreats", bare - bare_steps),
        ("step of the network", steps),
    ):
        p50, p99 = np.quantile(values, (0.5, 0.99))
        print(f"| {name} | {p50:.1f} | {p99:.1f} |")


if __name__ == "__main__":
    main()
