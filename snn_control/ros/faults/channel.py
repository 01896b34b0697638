"""Channel on the bus: topic, values of its messages, range and quality of service.

The module imports no ROS, because launch files use it.
"""

from __future__ import annotations

import copy
import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from snn_control.supervision.faults import Channel

__all__ = ["FAULTY", "BusChannel"]

FloatArray = npt.NDArray[np.float64]

FAULTY = "faulty/"
"""Prefix of the topics with the faults."""


@dataclass(frozen=True)
class BusChannel:
    """Topic whose messages can have faults."""

    channel: Channel
    """Channel; its name is that of the topic, and with a rest value it is an actuator."""
    type: str
    """Type of the messages."""
    fields: tuple[str, ...]
    """Fields of a message that have the values: numbers or arrays of numbers; `a.0.b` is field `b`
    of the first entry of `a`."""
    unit: str
    """Unit of the values."""
    quality: Literal["sensor", "command", "latched"]
    """Quality of service."""
    trigger: bool = False
    """True if each message triggers a tick of the controller."""

    @property
    def topic(self) -> str:
        """Topic of the source."""
        return self.channel.name

    @property
    def output(self) -> str:
        """Topic with the faults."""
        return FAULTY + self.channel.name

    @property
    def actuator(self) -> bool:
        """True if the receiver is the vehicle, False if it is the controller."""
        return self.channel.rest is not None

    def message_type(self) -> Any:
        """Return the class of the messages."""
        package, _, name = self.type.split("/")
        return getattr(importlib.import_module(f"{package}.msg"), name)

    def read(self, message: Any) -> FloatArray:
        """Return the values of a message, shape (n,)."""
        parts = [np.ravel(getattr(owner, name)) for owner, name in self._places(message)]
        return np.concatenate([np.zeros(0), *parts]).astype(np.float64)

    def write(self, message: Any, values: FloatArray) -> Any:
        """Return a message with other values, and all else unchanged.

        Args:
            message: message, which is returned itself if it has the values already.
            values: values, as many as `read` returns.
        """
        if np.array_equal(self.read(message), values, equal_nan=True):
            return message
        written, start = copy.deepcopy(message), 0
        for owner, name in self._places(written):
            present = getattr(owner, name)
            stop = start + np.size(present)
            part = values[start:stop].tolist()
            setattr(owner, name, part if np.ndim(present) else part[0])
            start = stop
        return written

    def _places(self, message: Any) -> Iterator[tuple[Any, str]]:
        """Yield the owner and the name of each field that the message has."""
        for path in self.fields:
            owner, (*parts, name) = message, path.split(".")
            for part in parts:
                owner = _entry(owner, part)
                if owner is None:
                    break
            else:
                yield owner, name


def _entry(owner: Any, part: str) -> Any:
    """Return a field, or an entry of a list; None if the list is too short."""
    if not part.isdigit():
        return getattr(owner, part)
    return owner[int(part)] if int(part) < len(owner) else None
