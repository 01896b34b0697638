"""Control loops of the nodes on scripted events, and their ticks as a bag, without ROS.

The seeded events are valid and invalid measurements, gaps, setpoints, manual commands, a critical
battery and resets. Used by `fingerprint.py`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from snn_control.controllers import Controller, load
from snn_control.loops.blimp.adapter import BlimpAdapter
from snn_control.loops.blimp.config import AltitudeNodeConfig
from snn_control.loops.control_loop import ControlLoop
from snn_control.loops.corridor.adapter import CorridorAdapter
from snn_control.loops.corridor.config import CorridorConfig
from snn_control.loops.swimmer.adapter import SwimmerAdapter
from snn_control.loops.swimmer.config import SwimmerConfig
from snn_control.supervision.modes import Mode

CONFIG = AltitudeNodeConfig(slew_per_s=40.0, range_gate_m=0.0, hold_s=0.6, trim_s=0.7)
"""Configuration of the blimp: the scripted heights do not follow the commands."""


def blimp_ticks(name: str, seed: int, full: bool = False) -> Iterator[Any]:
    """Yield the row (`full`: tick) of each tick; in between, motor commands or None."""
    controller = load(name)
    fallback = load("pid", control_period_s=controller.control_period_s)
    blimp = BlimpAdapter(controller, CONFIG)
    loop = ControlLoop(controller, blimp, fallback)
    random = np.random.default_rng(seed)
    now_ns, height = 10**12, 1.0
    period_ns = round(controller.control_period_s * 1e9)
    for k in range(900):
        now_ns += period_ns
        now_s = now_ns * 1e-9
        height = max(height + random.normal(0.0, 0.02), 0.1)
        if k == 3:
            blimp.on_setpoint(1.2, now_s)
            loop.arm(now_s)
        if k in (100, 400):
            blimp.on_setpoint(2.0 if k == 100 else 0.1, now_s)
        if k in (250, 290):
            loop.override(k == 250, now_s)
        if 250 < k < 280:
            yield number(loop.on_manual(random.uniform(-3, 3, 1), now_s))
        if k == 500:
            loop.reset()
        if 600 <= k < 640:
            blimp.on_battery(3.0, now_s)
            loop.check(now_s)
        if k == 700:
            yield number(loop.disarm())
            blimp.on_battery(3.9, now_s)
            loop.check(now_s)
            loop.arm(now_s)
        if k % 97 == 50:
            for _ in range(int(random.integers(1, 40))):
                now_ns += 50_000_000
                yield number(loop.watch(now_ns * 1e-9))
        fault = random.random()
        range_m = math.nan if fault < 0.02 else math.inf if fault < 0.03 else height
        stamp_ns = now_ns - (10 * period_ns if 0.03 < fault < 0.04 else 0)
        tick = loop.tick(blimp.read(round(range_m, 2)), stamp_ns, now_ns, now_ns * 1e-9)
        assert tick is not None
        yield tick if full else row(tick, loop, number(tick.output), number(tick.command))


def number(command: np.ndarray | None) -> float | None:
    """Return the command of the single motor."""
    if command is None:
        return None
    [value] = command.tolist()
    return value


def swimmer_ticks(name: str, seed: int, full: bool = False) -> Iterator[Any]:
    """Yield the row (`full`: tick) of each swimmer tick; in between, each result of `watch`."""
    controller = load(name)
    swimmer = SwimmerAdapter(controller, SwimmerConfig(slew_per_s=20.0))
    loop = ControlLoop(controller, swimmer)
    n = len(controller.action_names)
    names = [f"joint_{k}" for k in range(n)]
    random = np.random.default_rng(seed)
    now_ns = 10**12
    for k in range(900):
        now_ns += 30_000_000
        now_s = now_ns * 1e-9
        if k == 3:
            loop.arm(now_s)
        if k in (200, 500):
            swimmer.on_cmd_vel(0.2 if k == 200 else 0.05, 0.3 if k == 200 else -0.4, now_s)
        if k == 300:
            loop.frozen = True
        if k == 600:
            loop.reset()
        if k % 131 == 60:
            for _ in range(int(random.integers(1, 60))):
                now_ns += 20_000_000
                yield loop.watch(now_ns * 1e-9)
        angles = np.sin(k / 15.0 - 2 * np.pi * np.arange(n) / n) + random.normal(0, 0.05, n)
        if random.random() < 0.02:
            angles[1] = math.nan
        order = random.permutation(n)
        reading = swimmer.read([names[j] for j in order], angles[order].tolist())
        tick = loop.tick(reading, now_ns, now_ns, now_ns * 1e-9)
        assert tick is not None
        yield tick if full else row(tick, loop, tick.output, tick.command)


def corridor_ticks(name: str, seed: int, full: bool = False) -> Iterator[Any]:
    """Yield the row (`full`: tick) of each corridor tick; in between, each result of `watch`."""
    controller = load(name)
    corridor = CorridorAdapter(controller, CorridorConfig(rays=14))
    loop = ControlLoop(controller, corridor, load("gap"))
    random = np.random.default_rng(seed)
    now_ns, x_m, yaw_rad = 10**12, 0.0, 0.0
    spacing_rad = 2.0 * math.pi / 72
    for k in range(600):
        now_ns += 100_000_000
        now_s = now_ns * 1e-9
        if k == 3:
            loop.arm(now_s)
        if k == 400:
            loop.reset()
        if k % 131 == 60:
            for _ in range(int(random.integers(1, 20))):
                now_ns += 50_000_000
                yield loop.watch(now_ns * 1e-9)
            now_s = now_ns * 1e-9
        x_m, yaw_rad = x_m + 0.05, yaw_rad + random.normal(0.0, 0.05)
        if k % 50 < 45:
            corridor.on_odom(x_m, 0.0, math.nan if k % 97 == 0 else yaw_rad, now_s)
        ranges = np.round(random.uniform(0.3, 7.0, 72), 2)
        ranges[corridor.request < 0.5] = math.nan
        size = 71 if random.random() < 0.02 else 72
        reading = corridor.read(ranges[:size].tolist(), 0.0, spacing_rad, 0.1, now_s)
        tick = loop.tick(reading, now_ns, now_ns, now_s)
        assert tick is not None
        yield tick if full else row(tick, loop, tick.output, tick.command)


def row(tick: Any, loop: Any, output: Any, command: Any) -> list[Any]:
    """Return the hashed fields of a tick, without the step time and the words of the reason."""
    return [
        tick.number, tick.stamp_ns, tick.dt_s, tick.missed, tick.resets, str(tick.mode),
        tick.failed, output, command, tick.observation, list(tick.orders),
        bool(loop.modes.reason), loop.adapter.bad_values, loop.gate.passed,
    ]  # fmt: skip


def ticks_of(name: str) -> Callable[..., Iterator[Any]]:
    """Return the function of the scripted loop of a model."""
    scripted = {"swimmer": swimmer_ticks, "corridor": corridor_ticks, "gap": corridor_ticks}
    return scripted.get(name.partition("-")[0].partition(":")[0], blimp_ticks)


def write_bag(ticks: list[Any], controller: Controller, path: Path) -> None:
    """Write the ticks of a loop to a bag (MCAP) in the format of a controller node."""
    from rosbags.rosbag2 import StoragePlugin, Writer
    from rosbags.typesys import Stores, get_typestore

    n, modes = len(controller.action_names), list(Mode)
    orders = controller.order_names if ticks[0].orders else ()
    numbered = [""] if n == 1 else [f"_{k}" for k in range(n)]
    head = ("tick", "stamp_s", "stamp_ns", "dt_s", "missed", "resets", "mode", "fault")
    label = ",".join(
        (
            *head, *orders, *(f"output{k}" for k in numbered), *(f"command{k}" for k in numbered),
            "age_s", "step_s", "latency_s", *controller.observation_names,
        )
    )  # fmt: skip
    store = get_typestore(Stores.ROS2_JAZZY)
    kind = "std_msgs/msg/Float64MultiArray"
    layout, dimension = (
        store.types[f"std_msgs/msg/MultiArray{part}"] for part in ("Layout", "Dimension")
    )
    with Writer(path, version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        topic = writer.add_connection("/node/tick", kind, typestore=store)
        for tick in ticks:
            command = np.full(n, np.nan) if tick.command is None else np.ravel(tick.command)
            data = [
                tick.number, tick.stamp_ns // 10**9, tick.stamp_ns % 10**9, tick.dt_s,
                tick.missed, tick.resets, modes.index(tick.mode), tick.failed, *tick.orders,
                *np.ravel(tick.output), *command, 0.0, 0.0, 0.0, *tick.observation,
            ]  # fmt: skip
            shape = layout(dim=[dimension(label, len(data), len(data))], data_offset=0)
            message = store.types[kind](layout=shape, data=np.array(data, np.float64))
            writer.write(topic, tick.stamp_ns, store.serialize_cdr(message, kind))
