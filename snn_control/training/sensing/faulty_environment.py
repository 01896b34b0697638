"""Gymnasium wrapper that injects faults into observations and actions."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt

from snn_control.errors import ConfigError, DataWarning, InterfaceMismatchError
from snn_control.supervision.faults import Channel, Fault, FaultKind, FaultyStreams, Message
from snn_control.training.interface import Interface

__all__ = ["FaultyEnvironment", "Wire", "Wiring", "require_effect", "wires"]

FloatArray = npt.NDArray[np.float64]
UNBOUNDED = 1e6
"""Limit of the range of an entry whose space is not bounded."""


@dataclass(frozen=True)
class Wire:
    """Entries of an observation, or of an action, that one channel carries."""

    channel: Channel
    """Channel; with a rest value for an actuator."""
    entries: tuple[str, ...]
    """Names of the entries."""
    to_channel: Callable[[FloatArray], FloatArray] = lambda values: values
    """Conversion of the entries to the unit of the channel."""
    from_channel: Callable[[FloatArray], FloatArray] = lambda values: values
    """Inverse of `to_channel`; called with values that a fault has changed."""

    @property
    def actuator(self) -> bool:
        """True for entries of the action."""
        return self.channel.rest is not None


@dataclass(frozen=True)
class Wiring:
    """Wires of an environment."""

    wires: tuple[Wire, ...]
    """Wire of each channel."""
    derive: Callable[[FloatArray], None] | None = None
    """Function that recomputes entries that follow from others, in place."""


class FaultyEnvironment(gymnasium.Wrapper):
    """Environment whose sensors and actuators have faults.

    An observation holds the last value that each channel has delivered; `info["age_s"]` is the age
    of that value by channel, infinite before the first one. An actuator holds its last delivered
    command. Entries without a channel are unchanged.

    Args:
        env: environment with one-dimensional Box spaces.
        faults: faults by channel, at times of the episode.
        channels: wires of the channels; default: one for each entry, see `wires`.
        derive: function that recomputes entries that follow from others, in place.

    Raises:
        InterfaceMismatchError: the spaces are not one-dimensional boxes.
        ConfigError: a wire names an unknown entry.
        UnknownNameError: a fault of an unknown channel.
        ParameterError: faults of a channel overlap. `step` raises it at the end of an episode if a
            fault has changed nothing.
    """

    def __init__(
        self,
        env: gymnasium.Env,
        faults: Iterable[Fault],
        channels: Sequence[Wire] | None = None,
        derive: Callable[[FloatArray], None] | None = None,
    ) -> None:
        super().__init__(env)
        for space in (env.observation_space, env.action_space):
            if not (isinstance(space, gymnasium.spaces.Box) and len(space.shape) == 1):
                raise InterfaceMismatchError(
                    f"faults need one-dimensional boxes, got {space}; see "
                    "gymnasium.wrappers.FlattenObservation"
                )
        self.interface = Interface.of(env)
        self.channels = tuple(wires(env) if channels is None else channels)
        self._faults, self._derive = tuple(faults), derive
        self._wires = {wire.channel.name: wire for wire in self.channels}
        self._indices = {wire.channel.name: self._where(wire) for wire in self.channels}
        self._sensors = [w.channel.name for w in self.channels if not w.actuator]
        self._actuators = [w.channel.name for w in self.channels if w.actuator]
        self._direct = np.ones(env.action_space.shape or 0, bool)
        for name in self._actuators:
            self._direct[self._indices[name]] = False
        self.streams = self._new_streams()
        """Streams of the episode."""

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Start an episode, and its faults at their times in it."""
        observation, info = self.env.reset(seed=seed, options=options)
        self.streams, self._ticks = self._new_streams(), 0
        self._observed = np.asarray(observation, np.float64).copy()
        self._stamps_s = dict.fromkeys(self._sensors, -math.inf)
        self._command = np.zeros(self.env.action_space.shape or 0)
        for wire in self.channels:
            if wire.actuator:
                self._command[self._indices[wire.channel.name]] = wire.channel.rest
        return self._deliver(observation, info)

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Advance the environment by one control period.

        Raises:
            ParameterError: the episode ends, and a fault that has begun has changed no message.
        """
        requested = np.asarray(action, np.float64)
        now_s = self._now_s
        self._command[self._direct] = requested[self._direct]
        for name in self._actuators:
            where = self._indices[name]
            for _, values in self._carry(name, requested[where], now_s):
                self._command[where] = values
        command = self._command.astype(self.env.action_space.dtype)
        observation, reward, terminated, truncated, info = self.env.step(command)
        self._ticks += 1
        delivered, info = self._deliver(observation, info)
        if terminated or truncated:
            self.streams.require_effect(self._now_s)
        return delivered, reward, terminated, truncated, info

    def _deliver(self, observation: Any, info: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        measured = np.asarray(observation, np.float64)
        period_s = self.interface.control_period_s or 1.0
        self._now_s = now_s = float(info.get("time_s", self._ticks * period_s))
        carried = np.zeros(len(measured), bool)
        for name in self._sensors:
            where = self._indices[name]
            carried[where] = True
            for stamp_s, values in self._carry(name, measured[where], now_s):
                self._observed[where] = values
                self._stamps_s[name] = stamp_s
        self._observed[~carried] = measured[~carried]
        if self._derive is not None:
            self._derive(self._observed)
        ages = {name: now_s - stamp_s for name, stamp_s in self._stamps_s.items()}
        space = self.env.observation_space
        return self._observed.astype(space.dtype), {**info, "age_s": ages}

    def _carry(
        self, name: str, entries: FloatArray, now_s: float
    ) -> Iterator[tuple[float, FloatArray]]:
        """Yield stamp and entries of each message that a channel delivers when one is sent."""
        wire = self._wires[name]
        sent = Message(now_s, wire.to_channel(entries), entries)
        for message in self.streams.put(name, sent, now_s):
            same = np.array_equal(message.values, wire.to_channel(message.source), equal_nan=True)
            yield message.stamp_s, message.source if same else wire.from_channel(message.values)

    def require_effect(self) -> None:
        """Require that each fault that has begun in the episode has changed a message.

        Raises:
            ParameterError: names the first fault without effect.

        Warns:
            DataWarning: a fault has not begun.
        """
        self.streams.require_effect(self._now_s)
        for fault in self._faults:
            if fault.kind is not FaultKind.OK and fault.start_s > self._now_s:
                warnings.warn(
                    f"fault {fault.kind} of {fault.channel} has not begun: it starts at "
                    f"{fault.start_s:g} s, the episode ended at {self._now_s:g} s",
                    DataWarning,
                    stacklevel=2,
                )

    def _where(self, wire: Wire) -> npt.NDArray[np.int64]:
        interface = self.interface
        names = interface.action_names if wire.actuator else interface.observation_names
        unknown = [entry for entry in wire.entries if entry not in names]
        if unknown:
            kind = "action" if wire.actuator else "observation"
            raise ConfigError(
                f"channel {wire.channel.name}: the {kind} has no entry {unknown[0]!r}; it has "
                f"{', '.join(names)}"
            )
        return np.array([names.index(entry) for entry in wire.entries], np.int64)

    def _new_streams(self) -> FaultyStreams:
        return FaultyStreams([wire.channel for wire in self.channels], self._faults)


def require_effect(env: Any) -> None:
    """Require the effect of the faults of an environment, if it or one inside it has any.

    Raises:
        ParameterError: see `FaultyEnvironment.require_effect`.
    """
    while isinstance(env, gymnasium.Wrapper):
        if isinstance(env, FaultyEnvironment):
            env.require_effect()
            return
        env = env.env


def wires(env: gymnasium.Env) -> tuple[Wire, ...]:
    """Return a wire for each entry of the observation and of the action, with its name.

    The range of a channel is that of the space, or `UNBOUNDED` in both directions where it has no
    bounds. Actuators rest at 0, or at the bound next to it.
    """
    interface, made = Interface.of(env), []
    for names, space, actuator in (
        (interface.observation_names, env.observation_space, False),
        (interface.action_names, env.action_space, True),
    ):
        low = np.clip(space.low.astype(np.float64), -UNBOUNDED, UNBOUNDED)  # type: ignore[attr-defined]
        high = np.clip(space.high.astype(np.float64), -UNBOUNDED, UNBOUNDED)  # type: ignore[attr-defined]
        for name, least, most in zip(names, low.tolist(), high.tolist(), strict=True):
            rest = min(max(0.0, least), most) if actuator else None
            made.append(Wire(Channel(name, least, most, rest), (name,)))
    return tuple(made)
