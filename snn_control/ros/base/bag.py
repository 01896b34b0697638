"""Reading of the ticks of a controller node from a bag; needs rosbags, not rclpy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.controllers import Controller
from snn_control.errors import RunError, require

__all__ = ["RecordedTicks", "read_ticks", "replay"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class RecordedTicks:
    """All messages `~/tick` of one node, in order."""

    fields: dict[str, FloatArray]
    """Columns by name, each (n_ticks,): those of `interface.tick_fields` and the observation."""
    order_names: tuple[str, ...]
    """Names of the inputs beside the observation, passed to the controller by `take_orders`."""
    observation_names: tuple[str, ...]
    """Names of the columns of the observation."""
    spikes: npt.NDArray[np.uint8]
    """Spikes in the ticks with an output, (n_stepped, n_spiking); empty if any message was lost."""

    @property
    def observations(self) -> FloatArray:
        """Observations, (n_ticks, n_observations)."""
        return self._stack(self.observation_names)

    @property
    def orders(self) -> FloatArray:
        """Inputs of the controller beside the observation, (n_ticks, n_orders)."""
        return self._stack(self.order_names)

    @property
    def outputs(self) -> FloatArray:
        """Outputs of the controller, (n_ticks, n_actions); NaN if it was not called."""
        return self._stack([name for name in self.fields if name.startswith("output")])

    @property
    def commands(self) -> FloatArray:
        """Sent commands, (n_ticks, n_actions); NaN if none was sent."""
        return self._stack([name for name in self.fields if name.startswith("command")])

    @property
    def stepped(self) -> npt.NDArray[np.bool_]:
        """Ticks in which the controller was called, (n_ticks,)."""
        return np.array(np.isfinite(self.outputs).all(axis=1))

    def _stack(self, names: Iterable[str]) -> FloatArray:
        columns = [self.fields[name] for name in names]
        return np.stack(columns, axis=1) if columns else np.zeros((len(self.stamp_ns), 0))

    @property
    def stamp_ns(self) -> npt.NDArray[np.int64]:
        """Stamps of the measurements, ns, (n_ticks,)."""
        seconds, rest = self.fields["stamp_s"], self.fields["stamp_ns"]
        return seconds.astype(np.int64) * 1_000_000_000 + rest.astype(np.int64)


def read_ticks(bag: Path, topic: str = "") -> RecordedTicks:
    """Read the ticks of a bag.

    Args:
        bag: folder of the bag.
        topic: full name of the `tick` topic; optional if the bag has only one.

    Raises:
        RunError: the bag cannot be read, has no such topic, or has several and none is named.
    """
    require("rosbags", "logs")
    from rosbags.highlevel import AnyReader
    from rosbags.typesys import Stores, get_typestore

    try:
        reader = AnyReader([Path(bag)], default_typestore=get_typestore(Stores.ROS2_JAZZY))
        reader.open()
    except Exception as exc:
        raise RunError(f"{bag}: not a readable bag ({exc})") from exc
    try:
        tick_topics = sorted(t for t in reader.topics if t.endswith("/tick"))
        if not topic and len(tick_topics) != 1:
            raise RunError(
                f"{bag}: expected one topic that ends in /tick, it has {tick_topics}; name one"
            )
        topic = topic or tick_topics[0]
        if topic not in reader.topics:
            raise RunError(f"{bag}: no topic {topic!r}; it has {sorted(reader.topics)}")
        spikes_topic = topic.removesuffix("tick") + "spikes"
        rows, spikes, label = [], [], ""
        connections = [c for c in reader.connections if c.topic in (topic, spikes_topic)]
        for connection, _, raw in reader.messages(connections=connections):
            message: Any = reader.deserialize(raw, connection.msgtype)
            if connection.topic == topic:
                rows.append(message.data)
                label = message.layout.dim[0].label
            else:
                spikes.append(message.data)
    finally:
        reader.close()
    if not rows:
        raise RunError(f"{bag}: topic {topic!r} is empty")
    names = label.split(",")
    columns = np.array(rows, np.float64).T
    fields = dict(zip(names, columns, strict=True))
    first = next(k for k, name in enumerate(names) if name.startswith("output"))
    orders = tuple(names[names.index("fault") + 1 : first])
    observed = tuple(names[names.index("latency_s") + 1 :])
    ticks = RecordedTicks(fields, orders, observed, np.zeros((0, 0), np.uint8))
    if spikes and len(spikes) == int(ticks.stepped.sum()):
        return replace(ticks, spikes=np.array(spikes, np.uint8))
    return ticks


def replay(ticks: RecordedTicks, controller: Controller, seed: int = 0) -> FloatArray:
    """Replay the inputs of the node on an offline controller; return outputs like `ticks.outputs`.

    It is reset at the ticks where the node reset its own. Outputs are NaN at ticks without a call.
    """
    outputs = np.full(ticks.outputs.shape, np.nan)
    resets, observations, orders = ticks.fields["resets"], ticks.observations, ticks.orders
    last = np.nan
    for k in np.flatnonzero(ticks.stepped):
        if resets[k] != last:
            controller.reset(seed)
            last = resets[k]
        controller.take_orders(orders[k])
        outputs[k] = controller.step(observations[k])
    return outputs
