"""Reading of the ticks of a controller node from a bag; needs rosbags, not rclpy."""

from __future__ import annotations

import math
import warnings
from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from snn_control.controllers import Controller
from snn_control.errors import DataWarning, RunError, require
from snn_control.ros.bags.bag_file import BagContent, read_bag, unpacked

__all__ = ["RecordedTicks", "read_ticks", "replay"]

FloatArray = npt.NDArray[np.float64]
T = TypeVar("T")
H = TypeVar("H", bound=Hashable)
_COUNTS = ("tick", "stamp_s", "stamp_ns", "missed", "resets", "mode", "fault")
"""Columns of whole numbers."""


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
    def measured(self) -> npt.NDArray[np.bool_]:
        """Ticks at a measurement, (n_ticks,); others are on the estimate in between."""
        usable = self.fields.get("usable")
        return np.ones(len(self.stamp_ns), bool) if usable is None else ~np.isnan(usable)

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
    """Read the ticks of a bag, also of an unfinished, cut or damaged one.

    Missing ticks are never silent: a warning has their number, from the counts of the bag and the
    numbers of the ticks. Damaged chunks of our recorder are left out by their checksums; chunks of
    recorders that write none may hold damaged values.

    Args:
        bag: folder or file of the bag; an unfinished bag is also read under its final name.
        topic: full name of the `tick` topic; optional if the bag has only one.

    Raises:
        RunError: the bag cannot be read, has no such topic, has several and none is named, or has
            no ticks.

    Warns:
        DataWarning: the bag is unfinished, cut or damaged, or messages are missing.
    """
    require("rosbags", "logs")
    content = read_bag(bag, ("/tick", "/spikes"))
    tick_topics = sorted(t for t in content.topics if t.endswith("/tick"))
    if not topic and len(tick_topics) != 1:
        raise RunError(
            f"{bag}: expected one topic that ends in /tick, it has {tick_topics}; "
            + (_joined(content) or "name one")
        )
    topic = topic or tick_topics[0]
    if topic not in content.topics:
        known = sorted(content.topics)
        faults = _joined(content)
        raise RunError(f"{bag}: no topic {topic!r}; it has {known}{faults and '; '}{faults}")
    try:
        rows, label = _rows(content, topic)
        if not rows:
            reason = _joined(content) or "no tick was recorded"
            raise RunError(f"{bag}: no tick of {topic!r} can be read; {reason}")
        ticks = _ticks(rows, label)
    except (ValueError, StopIteration) as exc:
        raise RunError(f"{bag}: {topic!r} has no ticks of a controller node") from exc
    spikes = _spikes(content, topic.removesuffix("tick") + "spikes")
    stated = {name: counts.get(topic, 0) for name, counts in content.counts.items()}
    problems = [*content.problems, *_gaps(ticks.fields["tick"])]
    problems += [f"{name}: {n} ticks" for name, n in stated.items() if n != len(rows)]
    n_stepped = int(ticks.stepped.sum())
    if spikes and len(spikes) == n_stepped:
        ticks = replace(ticks, spikes=np.array(spikes, np.uint8))
    elif spikes:
        problems.append(f"{len(spikes)} messages of spikes for {n_stepped} steps are left out")
    if problems:
        counts = f"{bag}: {len(rows)} ticks were read of a bag that is cut, damaged or incomplete"
        warnings.warn(f"{counts}: {'; '.join(problems)}", DataWarning, stacklevel=2)
    return ticks


def _joined(content: BagContent) -> str:
    return "; ".join(content.problems)


def _rows(content: BagContent, topic: str) -> tuple[list[FloatArray], str]:
    """Return the entries of each tick and their names; damaged messages are left out."""

    def row(message: Any) -> tuple[str, FloatArray]:
        return message.layout.dim[0].label, np.array(message.data, np.float64)

    _leave_out_copies(content, topic)
    decoded = _decoded(content, topic, row)
    label = _most_frequent(text for text, _ in decoded) or ",".join(_COUNTS)
    names = label.split(",")
    counts = [names.index(name) for name in _COUNTS]
    rows = [
        values
        for text, values in decoded
        if text == label and values.shape == (len(names),) and _are_counts(values[counts])
    ]
    _count_damaged(content, topic, len(rows))
    return rows, label


def _leave_out_copies(content: BagContent, topic: str) -> None:
    """Leave out messages of equal time and data, as a bag with a copy of its file has them."""
    ticks = [message for message in content.messages if message.topic == topic]
    kept = list(dict.fromkeys(ticks))
    if len(kept) < len(ticks):
        others = [message for message in content.messages if message.topic != topic]
        content.messages = [*others, *kept]
        content.problems.append(f"{len(ticks) - len(kept)} copies of ticks are left out")


def _are_counts(values: FloatArray) -> bool:
    return bool(np.all((values >= 0) & (values < 2**53)) and np.all(values == np.trunc(values)))


def _spikes(content: BagContent, topic: str) -> list[npt.NDArray[np.uint8]]:
    """Return the spikes of each message; damaged messages are left out."""
    decoded = _decoded(content, topic, lambda message: np.array(message.data, np.uint8))
    size = _most_frequent(values.size for values in decoded)
    rows = [values for values in decoded if values.size == size]
    _count_damaged(content, topic, len(rows))
    return rows


def _decoded(content: BagContent, topic: str, take: Callable[[Any], T]) -> list[T]:
    from rosbags.typesys import Stores, get_typestore

    store, taken = get_typestore(Stores.ROS2_JAZZY), []
    for message in content.messages:
        if message.topic == topic:
            with suppress(Exception):  # a damaged message may raise anything
                taken.append(take(store.deserialize_cdr(unpacked(message.data), message.type)))
    return taken


def _most_frequent(values: Iterable[H]) -> H | None:
    return next((value for value, _ in Counter(values).most_common(1)), None)


def _count_damaged(content: BagContent, topic: str, n_kept: int) -> None:
    n_bad = sum(message.topic == topic for message in content.messages) - n_kept
    if n_bad:
        content.problems.append(f"{n_bad} damaged messages of {topic} are left out")


def _ticks(rows: list[FloatArray], label: str) -> RecordedTicks:
    names = label.split(",")
    columns = np.array(rows, np.float64).T
    fields = dict(zip(names, columns, strict=True))
    first = next(k for k, name in enumerate(names) if name.startswith("output"))
    orders = tuple(names[names.index("fault") + 1 : first])
    observed = tuple(names[names.index("latency_s") + 1 :])
    return RecordedTicks(fields, orders, observed, np.zeros((0, 0), np.uint8))


def _gaps(numbers: FloatArray) -> list[str]:
    """Return a sentence on missing numbers of ticks; a node that starts again begins with 1.

    Its first ticks may be missing: a repeated number and one below the first also begin a start.
    Else the order within a start is free: the recorder's clock may have been set back.
    """
    starts: list[set[float]] = []
    for number in numbers.tolist():
        repeated = not starts or number == 1 or number in starts[-1]
        if repeated or (len(starts) == 1 and number < numbers[0]):
            starts.append(set())
        starts[-1].add(number)
    n_missing, first = 0, math.inf
    for k, part in enumerate(starts):
        present = np.array(sorted(part))
        begin = present[0] if k == 0 else 1.0  # the recorder may have started after the node
        gaps = np.diff(present, prepend=begin - 1) - 1
        n_missing += int(gaps.sum())
        first = min(first, *present[gaps > 0], math.inf)
    if not n_missing:
        return []
    return [f"{n_missing} ticks are missing, the first before tick {int(first)}"]


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
